"""The factors of priority that a revision fixes, row by row, and those that models and situations bring.

Only what ranks has a use for numpy, and every function imports this: so it is imported where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.catalogue import Action, Learning, Revision, Treatment
from shared.domain.policy.rows import EVERY, Rows, rows_at
from shared.domain.policy.situation import Variables
from shared.domain.predictors import Predictors
from shared.domain.propensity import NO_EVIDENCE, Counts, model_id, propensity, version

if TYPE_CHECKING:
    from shared.domain.classifier import Model, Numbers, Vector

PROPENSITY_DIGITS = 8
"""Decimals that a propensity is rounded to, so that records stay short and hold what was reckoned with."""

MAX_VALUE = 1e9
"""Pounds. No acceptance is worth more, and with exponents up to 10 a priority stays a finite number."""

MAX_CONTEXT_WEIGHT = 10.0


class Propensities(NamedTuple):
    """P of the rows that may be, for one person and moment.

    Attributes:
        p: P of each, by ascending row, not rounded yet.
        models: the version of the models that said so.
        bins: the cells that the person is in, for what becomes of it to be learnt by.
        means: what each P was drawn around; None where nothing is drawn.
        evidence: how many responses each is worth, likewise.
        scores: the bin that the score of each fell into before calibration; empty where there is none.
        shadows: the same of a challenger.
        instead: what the models said of each, where others said some of it in their place; None where nobody did.
    """

    p: Vector
    models: str
    bins: str = ""
    means: Vector | None = None
    evidence: Vector | None = None
    scores: bytes = b""
    shadows: bytes = b""
    instead: Vector | None = None


class Told(NamedTuple):
    """P of some rows as estimators from outside said it.

    Attributes:
        by: their names.
        p: P by row, from 0 to 1.
    """

    by: tuple[str, ...]
    p: Mapping[int, float]

    def over(self, p: Vector, rows: Numbers) -> Vector:
        """P of rows with that of the models in place of what nobody said."""
        found = p.copy()
        for place, row in enumerate(rows.tolist()):
            found[place] = self.p.get(row, p[place])
        return found


class Factors:
    """P, V and L of every row.

    Attributes:
        models: the id of each row's.
        predictors: what P looks at.
        anyway: of each row the share that accepts without being asked, where that counts; else None.
        explores: whether P is drawn, by the decision's id.
    """

    def __init__(self, revision: Revision, rows: Sequence[tuple[Action, Treatment]]) -> None:
        """Take the constants of every row."""
        self._rows = rows
        self._catalogue = revision.catalogue
        self.models = tuple([model_id(treatment.id, treatment.channel) for _, treatment in rows])
        self.prices = tuple([revision.price(treatment) for _, treatment in rows])
        self.levers = tuple([float(action.lever) for action, _ in rows])
        self.values = tuple(
            [
                None if action.value.__class__ is str else worth(float(action.value), price)
                for (action, _), price in zip(rows, self.prices, strict=True)
            ]
        )
        uplift = revision.catalogue.effect == "uplift"
        self.anyway = tuple([action.anyway for action, _ in rows]) if uplift else None
        self.mandatory = rows_at([row for row, (action, _) in enumerate(rows) if action.mandatory])
        self.predictors = Predictors(revision.catalogue.predictors, revision.catalogue.learning)
        self.explores = revision.catalogue.exploration == "thompson"
        self._said: tuple[tuple[Mapping[str, Counts], _Say], ...] = ()

    def propensities(
        self,
        counts: Mapping[str, Counts],
        situation: Variables,
        decision: str,
        rows: Numbers,
        told: Told | None = None,
        among: Rows = EVERY,
    ) -> Propensities:
        """P by the models' evidence; what does not depend on the person is worked out once for as long as the same
        mapping is given.

        Args:
            counts: the models' evidence by model id.
            situation: the person and the moment.
            decision: the decision's id, by which propensities are drawn where the catalogue explores.
            rows: the numbers of those that may be.
            told: what others say of some, in the models' place.
            among: rows of which these are some, see `Classifier`.
        """
        for known, say in self._said:
            if known is counts:
                return say(situation, decision, rows, told, among)
        return self.prepare(counts)(situation, decision, rows, told, among)

    def prepare(self, counts: Mapping[str, Counts]) -> _Say:
        """Work out what does not depend on the person. What was worked out by the counts before stays as well, for
        those who go on asking by them meanwhile.
        """
        say = self._scoring(counts) if self.predictors or self.explores else self._the_same_for_all(counts)
        self._said = (counts, say), *self._said[:1]
        return say

    def _the_same_for_all(self, counts: Mapping[str, Counts]) -> _Say:
        import numpy as np  # noqa: PLC0415 - see above

        every, version_ = np.array(self.starting(counts), np.float64), version(counts)

        def say(_situation: Variables, _decision: str, rows: Numbers, told: Told | None, _among: Rows) -> Propensities:
            p = every[rows]
            return Propensities(p, version_) if told is None else Propensities(told.over(p, rows), version_, instead=p)

        return say

    def _scoring(self, counts: Mapping[str, Counts]) -> _Say:
        from shared.domain.classifier import Classifier, model_of, rounded  # noqa: PLC0415 - numpy, see above

        models = [model_of(action, treatment) for action, treatment in self._rows]
        classifier, version_ = Classifier(models, self.predictors, counts), version(counts)
        drawn = self._drawing(classifier.evidence) if self.explores else None
        shadow = self._shadow(models, counts)

        def say(situation: Variables, decision: str, rows: Numbers, told: Told | None, among: Rows) -> Propensities:
            bins = self.predictors(situation)
            p = classifier(bins, rows, among)
            named = self.predictors.named(bins)
            scores = shadows = b""
            if classifier.calibration is not None:
                p, scores = classifier.calibration(p, rows)
                shadows = shadow(bins, rows, among)
            instead = None
            if told is not None:
                instead, p = p, told.over(p, rows)
            if drawn is None:
                return Propensities(p, version_, named, scores=scores, shadows=shadows, instead=instead)
            means = rounded(p, PROPENSITY_DIGITS)
            return Propensities(
                drawn(means, decision, rows),
                version_,
                named,
                means,
                classifier.evidence.take(rows),
                scores,
                shadows,
                instead,
            )

        return say

    def _shadow(self, models: Sequence[Model], counts: Mapping[str, Counts]) -> _Shadow:
        """What says the bin of the challenger's score of some rows."""
        from shared.domain.calibration import bins_of  # noqa: PLC0415 - numpy
        from shared.domain.classifier import Classifier  # noqa: PLC0415

        challenger, every = self._catalogue.learning.challenger, self._catalogue.predictors
        if challenger is None:
            return lambda *_: b""
        kept = [number for number, predictor in enumerate(every) if predictor.reads not in challenger.without]
        reads = {every[number].reads for number in kept}
        groups = (tuple([each for each in group if each in reads]) for group in self._catalogue.learning.alike)
        learning = Learning(
            parents=challenger.parents,
            alike=tuple([group for group in groups if len(group) > 1]),
            alike_from=self._catalogue.learning.alike_from,
        )
        classifier = Classifier(models, Predictors([every[number] for number in kept], learning), counts)

        def shadow(bins: Sequence[int], rows: Numbers, among: Rows) -> bytes:
            return bins_of(classifier([bins[number] for number in kept], rows, among))

        return shadow

    def _drawing(self, evidence: Vector) -> Callable[[Vector, str, Numbers], Vector]:
        from shared.domain.classifier import rounded  # noqa: PLC0415
        from shared.domain.exploration import draw, streams  # noqa: PLC0415 - numpy

        starts = streams([treatment.id for _, treatment in self._rows])

        def drawn(means: Vector, decision: str, rows: Numbers) -> Vector:
            return rounded(draw(decision, starts.take(rows), means, evidence.take(rows)), PROPENSITY_DIGITS)

        return drawn

    def starting(self, counts: Mapping[str, Counts]) -> tuple[float, ...]:
        """P of every row by some evidence."""
        return tuple(
            _rounded(propensity(treatment.starting, counts.get(model, NO_EVIDENCE)))
            for (_, treatment), model in zip(self._rows, self.models, strict=True)
        )


_Shadow = Callable[[Sequence[int], "Numbers", Rows], bytes]
"""Says the bins of a challenger's scores."""

_Say = Callable[[Variables, str, "Numbers", Told | None, Rows], Propensities]
"""Says P in a situation, by the counts of one moment and by what others say of some rows."""


def worth(value: float, price: float) -> float:
    """V: pounds of an acceptance less the price of the contact, from 0 to `MAX_VALUE`. A value that is no finite number
    cannot be reckoned with and is worth nothing.
    """
    return min(max(0.0, value - price), MAX_VALUE) if math.isfinite(value) else 0.0


def _rounded(p: float) -> float:
    least: float = 10**-PROPENSITY_DIGITS
    return min(max(round(p, PROPENSITY_DIGITS), least), 1 - least)
