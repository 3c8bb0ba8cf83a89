"""Estimators of others, declared: what a linear model or an ensemble of trees learnt, as numbers and never as code.

A file of these says all that such an estimator does when it predicts, so that whoever reads it need not trust it. What
is none of these stays where it runs, and is asked over HTTP: an endpoint.

An estimator is shown an *instance*: the attributes that the catalogue's predictors read, by what they read, and
`issue`, `group`, `action`, `treatment` and `channel`. It is shown nobody's id, and nothing protected.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add, mul
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shared.domain.errors import InvalidError
from shared.domain.ready import ready

Seen = str | int | float | bool
Instance = Mapping[str, Seen]

PLACES = ("issue", "group", "action", "treatment", "channel")
"""What an instance says of the treatment."""

MOST_BYTES = 8 * 1024 * 1024
"""Of a file that declares one."""

_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Finite = Annotated[float, Meta(ge=-1e300, le=1e300)]
_Features = Annotated[tuple["Feature", ...], Meta(min_length=1, max_length=2000)]
_Places = Annotated[tuple[int, ...], Meta(min_length=1, max_length=100_000)]
_Numbers = Annotated[tuple[_Finite, ...], Meta(min_length=1, max_length=100_000)]


_MOST = 1e300
"""A number beyond this, or none, is missing."""


class Feature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that an estimator looks at.

    Attributes:
        reads: what of the instance, such as profile.balance or channel.
        equals: where it is given, 1 for this value and 0 for every other; else the value itself, yes as 1 and no as 0.
        missing: what stands for a value that is missing, or no number.
        mean, scale: the number is (value - mean) / scale.
    """

    reads: _Name
    equals: Seen | None = None
    missing: _Finite = 0.0
    mean: _Finite = 0.0
    scale: Annotated[float, Meta(gt=0.0, le=1e300)] = 1.0

    def of(self, instance: Instance) -> float:
        """The number."""
        value = instance.get(self.reads)
        if self.equals is not None:
            found = self.missing if value is None else float(value == self.equals)
        else:
            found = value + 0.0 if isinstance(value, int | float) and abs(value) <= _MOST else self.missing
        return (found - self.mean) / self.scale


class _Estimator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every challenger from outside says.

    Attributes:
        name: what reports call it.
        trained_until: the last day, UTC, of whose outcomes it knows anything. What was decided on that day or before
            says nothing of it, and is passed over.
    """

    name: _Name
    trained_until: date


class Linear(_Estimator, frozen=True, kw_only=True, tag="linear"):
    """A logistic regression: log odds are `intercept` and the sum of `coefficients` times features."""

    features: _Features
    coefficients: _Numbers
    intercept: _Finite

    def __post_init__(self) -> None:
        """Raise ValueError unless there is a coefficient for each feature."""
        if len(self.coefficients) != len(self.features):
            raise ValueError("there are not as many coefficients as features")


class Tree(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tree, node by node, as scikit-learn's `tree_` has it: a number up to `threshold` goes on at `left`, a larger
    one at `right`, and a leaf, whose `feature` is below 0, says `value`.
    """

    feature: _Places
    threshold: _Numbers
    left: _Places
    right: _Places
    value: _Numbers

    def __post_init__(self) -> None:
        """Raise ValueError unless every path ends: a node's followers come after it."""
        size = len(self.feature)
        if any(len(column) != size for column in (self.threshold, self.left, self.right, self.value)):
            raise ValueError("the columns of a tree are not of one length")
        for node, (feature, *after) in enumerate(zip(self.feature, self.left, self.right, strict=True)):
            if feature >= 0 and not all(node < following < size for following in after):
                raise ValueError(f"node {node} of a tree leads to none after it")

    def of(self, numbers: Sequence[float]) -> float:
        """What the leaf says that these numbers lead to."""
        node = 0
        while (feature := self.feature[node]) >= 0:
            node = (self.left if numbers[feature] <= self.threshold[node] else self.right)[node]
        return self.value[node]


class Trees(_Estimator, frozen=True, kw_only=True, tag="trees"):
    """An ensemble of trees.

    Attributes:
        adds_up_to: `log_odds`, of which `base` and what each tree says are the sum, as in boosting; or `mean`, where P
            is the mean of what they say, as in a forest.
    """

    features: _Features
    trees: Annotated[tuple[Tree, ...], Meta(min_length=1, max_length=5000)]
    adds_up_to: Literal["log_odds", "mean"]
    base: _Finite = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError where a tree looks at a feature that there is not."""
        if any(feature >= len(self.features) for tree in self.trees for feature in tree.feature):
            raise ValueError("a tree looks at a feature that there is not")


class Endpoint(_Estimator, frozen=True, kw_only=True, tag="endpoint"):
    """An estimator that is asked over HTTP, in the form of a Vertex AI endpoint: `{"instances": […]}` is answered by
    `{"predictions": […]}`, each P, or P of no and of yes, or `classes` with their `scores`.

    Attributes:
        url: where it answers, for Vertex AI `https://…-aiplatform.googleapis.com/v1/…/endpoints/…:predict`.
        token: `google` sends the platform's own token, to hosts of Google's only.
        positive: the name of the class that accepts, where it tells of classes.
        timeout_seconds: within which each request has to be answered.
        at_once: instances in one request.
    """

    url: Annotated[str, Meta(pattern=r"^https://[a-z0-9.-]+(:\d+)?/[!-~]*$", max_length=2000)]
    token: Literal["none", "google"] = "none"  # noqa: S105 - no secret
    positive: _Name = "1"
    timeout_seconds: Annotated[float, Meta(gt=0.0, le=60.0)] = 2.0
    at_once: Annotated[int, Meta(ge=1, le=1000)] = 100

    def __post_init__(self) -> None:
        """Raise ValueError where the port is none."""
        _, _, port = self.url.split("/")[2].partition(":")
        if port and not 0 < int(port) < 2**16:
            raise ValueError("the port of url is none")


Estimator = Linear | Trees
FromOutside = Linear | Trees | Endpoint
"""Whatever may be held against the models."""


_DECODER: msgspec.json.Decoder[FromOutside] = msgspec.json.Decoder(ready(FromOutside))


def read(body: bytes) -> FromOutside:
    """What a file declares.

    Raises:
        InvalidError: it declares none, with what is wrong and where.
    """
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError as error:
        raise InvalidError(str(error)) from error
    except RecursionError as error:
        raise InvalidError("is nested too deeply") from error


def canonical(estimator: FromOutside) -> bytes:
    """What declares one, the same bytes for the same."""
    return msgspec.json.encode(estimator, order="sorted")


def digest_of(estimator: FromOutside) -> str:
    """A name of all that it is."""
    return hashlib.sha256(canonical(estimator)).hexdigest()


def reads_of(estimator: FromOutside) -> frozenset[str]:
    """What of an instance an estimator is known to look at."""
    return frozenset() if isinstance(estimator, Endpoint) else frozenset(each.reads for each in estimator.features)


def predict(estimator: Estimator, instance: Instance) -> float | None:
    """P that an estimator says; None where that is no probability."""
    numbers = [feature.of(instance) for feature in estimator.features]
    if isinstance(estimator, Linear):
        return sigmoid(estimator.intercept + _sum(map(mul, estimator.coefficients, numbers)))
    said = [tree.of(numbers) for tree in estimator.trees]
    return (
        sigmoid(estimator.base + _sum(said))
        if estimator.adds_up_to == "log_odds"
        else probability(_sum(said) / len(said))
    )


def _sum(numbers: Iterable[float]) -> float:
    """Added up one after the other, as numpy's columns are: from Python 3.12 on, sum makes up for what is rounded."""
    return reduce(add, numbers, 0.0)


def probability(said: Any) -> float | None:
    """A number from 0 to 1 as P; None of whatever is none."""
    is_one = isinstance(said, int | float) and not isinstance(said, bool) and 0.0 <= said <= 1.0
    return float(said) if is_one else None


def sigmoid(odds: float) -> float | None:
    """P of log odds; None of what is no number."""
    if odds != odds:  # noqa: PLR0124 - NaN
        return None
    return 1.0 / (1.0 + math.exp(-min(max(odds, -700.0), 700.0)))
