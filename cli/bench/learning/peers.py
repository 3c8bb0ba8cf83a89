"""Models of other libraries, each with what its documentation would have one write for such data."""

from __future__ import annotations

import importlib.util
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from cli.bench.learning.contacts import NUMBERS, WORDS, Contact

NEEDED = {"scikit-learn": "sklearn", "river": "river", "vowpalwabbit": "vowpalwabbit"}
"""The packages, and the modules they are imported by."""

REFIT = 2000
"""After how many contacts what cannot learn from one at a time is fitted again, to all before."""


class Peer(Protocol):
    """A model."""

    def predict_all(self, some: Sequence[Contact]) -> list[float]:
        """P of each."""

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Learn from many."""

    def progressive(self, some: Sequence[Contact]) -> list[float]:
        """P of each before learning from it, one after the other."""


def missing() -> list[str]:
    """The packages that are not installed."""
    return [package for package, module in NEEDED.items() if importlib.util.find_spec(module) is None]


class ScikitLearn:
    """An estimator behind one-hot words and, for the linear one, standardised numbers."""

    def __init__(self, kind: str) -> None:
        """Take `logistic regression` or `boosting`."""
        self._kind = kind
        self._fitted: Any = None

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Fit to them."""
        from sklearn.compose import ColumnTransformer
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

        numbers, words = list(range(len(NUMBERS))), list(range(len(NUMBERS), len(NUMBERS) + len(WORDS)))
        if self._kind == "boosting":
            ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
            columns = ColumnTransformer([("numbers", "passthrough", numbers), ("words", ordinal, words)])
            estimator: Any = HistGradientBoostingClassifier(categorical_features=words, random_state=0)
        else:
            one_hot = OneHotEncoder(handle_unknown="ignore")
            columns = ColumnTransformer([("numbers", StandardScaler(), numbers), ("words", one_hot, words)])
            estimator = LogisticRegression(max_iter=1000)
        pipeline = make_pipeline(columns, estimator)
        self._fitted = pipeline.fit(_table(some), [contact.accepted for contact in some])

    def predict_all(self, some: Sequence[Contact]) -> list[float]:
        """P of each."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of words that were not there when it was fitted
            return [float(p) for p in self._fitted.predict_proba(_table(some))[:, 1]]

    def progressive(self, some: Sequence[Contact]) -> list[float]:
        """P of each; what is new is learnt every so often, from all before."""
        found = [0.5] * min(REFIT, len(some))
        for start in range(REFIT, len(some), REFIT):
            self.learn_all(some[:start])
            found += self.predict_all(some[start : start + REFIT])
        return found


class OneByOne(ABC):
    """A model that learns from one at a time."""

    @abstractmethod
    def learn(self, contact: Contact) -> None:
        """Learn from one."""

    @abstractmethod
    def predict(self, contact: Contact) -> float:
        """P of one."""

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Learn from each in turn."""
        for contact in some:
            self.learn(contact)

    def predict_all(self, some: Sequence[Contact]) -> list[float]:
        """P of each."""
        return [self.predict(contact) for contact in some]

    def progressive(self, some: Sequence[Contact]) -> list[float]:
        """P of each before learning from it."""
        found = []
        for contact in some:
            found.append(self.predict(contact))
            self.learn(contact)
        return found


class River(OneByOne):
    """Its logistic regression behind its own scaler and one-hot encoder."""

    def __init__(self) -> None:
        """Make it."""
        from river import linear_model

        self._made: Any = self.transformer() | linear_model.LogisticRegression()

    @staticmethod
    def transformer() -> Any:
        """What makes features of a contact."""
        from river import compose, preprocessing

        numbers = compose.Select(*NUMBERS) | preprocessing.StandardScaler()
        words = compose.Select(*WORDS) | preprocessing.OneHotEncoder()
        return numbers + words

    def learn(self, contact: Contact) -> None:
        """Learn from one."""
        self._made.learn_one(contact.known, contact.accepted)

    def predict(self, contact: Contact) -> float:
        """P of one."""
        return float(self._made.predict_proba_one(contact.known).get(True, 0.5))


class RiverFromFeatures:
    """Its logistic regression alone, from what its scaler and encoder made of contacts before, without what is 0."""

    def __init__(self) -> None:
        """Make it."""
        from river import linear_model

        self._made: Any = linear_model.LogisticRegression()

    @staticmethod
    def features(some: Sequence[Contact]) -> list[dict[str, float]]:
        """What it learns from, of each."""
        transformer: Any = River.transformer()
        found = []
        for contact in some:
            transformer.learn_one(contact.known)
            made = transformer.transform_one(contact.known)
            found.append({name: value for name, value in made.items() if value})
        return found

    def learn_all(self, some: Sequence[tuple[dict[str, float], bool]]) -> None:
        """Learn from each in turn."""
        for features, accepted in some:
            self._made.learn_one(features, accepted)


class VowpalWabbit(OneByOne):
    """Logistic loss, one pass, numbers and words as features."""

    def __init__(self) -> None:
        """Make it."""
        import vowpalwabbit

        self._made: Any = vowpalwabbit.Workspace("--loss_function logistic --link logistic --quiet")

    def learn(self, contact: Contact) -> None:
        """Learn from one."""
        self._made.learn(f"{1 if contact.accepted else -1} {_line(contact)}")

    def predict(self, contact: Contact) -> float:
        """P of one."""
        return float(self._made.predict(_line(contact)))


def made() -> dict[str, Peer]:
    """New ones of all, by the names that results bear."""
    return {
        "scikit-learn logistic regression": ScikitLearn("logistic regression"),
        "scikit-learn boosting": ScikitLearn("boosting"),
        "river logistic regression": River(),
        "vowpalwabbit": VowpalWabbit(),
    }


def _table(some: Sequence[Contact]) -> Any:
    return np.array([[contact.known[name] for name in (*NUMBERS, *WORDS)] for contact in some], dtype=object)


def _line(contact: Contact) -> str:
    words = " ".join(f"{name}={contact.known[name]}" for name in WORDS)
    numbers = " ".join(f"{name}:{contact.known[name]:g}" for name in NUMBERS)
    return f"| {words} {numbers}".replace("admin.", "admin")
