"""The classifier: what every model of a revision makes of a person, all at once.

A model is a Bayesian classifier on binned predictors. With m the posterior mean of the model (`propensity`), e its
declared weight of evidence, and of predictor i with n bins the bin that the person is in, with its pos and neg:

    contribution  c = ln(pos + r·e/n) - ln(neg + (1 - r)·e/n) - ln m + ln(1 - m)
    odds of P     m / (1 - m) · exp(sum of c over the active predictors / sqrt(1 + number of active predictors))

The contribution is the log odds per bin of adaptive decision models as the field publishes them, where 1/n is added to
both counts of a bin. Here what is added is the bin's share of the declared evidence, parted by r, which is what was
expected of the bin: the contribution that the action's other treatments on the channel give it, who expect what the
group's other actions give it, who expect none: r = m. So a bin nobody was in contributes what it does for the siblings,
and each outcome counts once in what a row believes. A predictor is active, as there, if it alone tells positives from
negatives with an AUC of 0.52 at least, in this model or in all of the group together; of those that the catalogue
declares to be alike, or that are found to be (`shared.domain.grouping`), the one that tells best in the group alone.
There the score is divided by 1 + the number of active predictors and calibrated afterwards; by the root of that number
odds are spread about as far as outcomes are (docs/adr/0022).

What two predictors say together, `shared.domain.interactions` adds to the sum, where the catalogue declares parents.

Logarithms and exponentials are taken when the classifier is made. What is left for a decision is one multiplication a
predictor and row, in the order of the predictors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import getitem
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.domain.calibration import Calibration
from shared.domain.catalogue import Action, Starting, Treatment
from shared.domain.columns import positions_of
from shared.domain.counted import (
    ACTIVE_FROM,
    Counted,
    Numbers,
    Vector,
    aucs,
    contributions,
    counted,
    heard,
    lines,
    together,
    without,
)
from shared.domain.grouping import heeding
from shared.domain.interactions import Interactions
from shared.domain.policy.rows import EVERY, Rows
from shared.domain.pooling import pooled
from shared.domain.predictors import Predictors
from shared.domain.propensity import NO_EVIDENCE, Counts, model_id

__all__ = ["ACTIVE_FROM", "Classifier", "Model", "Numbers", "Vector", "model_of", "rounded"]


NEARLY_ALL = 0.75
"""The part of all rows from which on it saves nothing to read only that."""


class Model(NamedTuple):
    """The model of a row, what it starts from, and whose evidence it borrows: that of its action and that of its group
    on the channel; nobody's where they are not given.
    """

    id: str
    starting: Starting
    action: str = ""
    group: str = ""


def model_of(action: Action, treatment: Treatment) -> Model:
    """The model of a row of a revision."""
    at = treatment.channel
    return Model(model_id(treatment.id, at), treatment.starting, f"{action.id}@{at}", f"{action.group}@{at}")


class Classifier:
    """The models of a revision by the counts of one moment.

    Attributes:
        means: the posterior mean of each row, of nobody in particular.
        evidence: how many responses each row's belief is worth, the declared ones included.
        factors: by predictor and bin what the odds of each row are multiplied by, None where they are not; none at all
            where no model listens to any predictor.
        interactions: what predictors say together; None where nothing does.
        calibration: what corrects P; None where nothing does.
        odds: of P of nobody in particular.
        plain: which rows' models listen to no predictor; None where there are none.
    """

    def __init__(self, models: Sequence[Model], predictors: Predictors, counts: Mapping[str, Counts]) -> None:
        """Work out what each bin does to the odds of each row."""
        known = [counts.get(model.id, NO_EVIDENCE) for model in models]
        predictors = heeding(predictors, counts)
        starting = [model.starting for model in models]
        rows = counted(starting, known, predictors)
        self.means, self.evidence = rows.means, rows.evidence
        self.odds = self.means / (1.0 - self.means)
        of_group = _numbered([model.group or model.id for model in models])
        groups = together(rows, starting, of_group)
        of_action = _numbered([model.action or model.id for model in models])
        actions = lines(together(rows, starting, of_action), of_action)
        above = without(lines(groups, of_group), actions, starting), without(actions, rows, starting)
        pooling = _pooling(predictors, groups)
        logs, active = _contributions(predictors, rows, above, groups, of_group, pooling)
        self.plain = active == 0 if not active.all() else None
        spread = np.sqrt(1.0 + active)
        self._lines, self._line_of = _lines(predictors, self.odds, logs, spread)
        self._every = np.arange(len(models))
        self._narrowed: dict[Rows, _Narrowed] = {EVERY: _Narrowed(self._lines, self._every)}
        self._room = len(models)
        self.factors = self._factors() if active.any() else ()
        together_ = Interactions(predictors, groups, known, of_group, spread, pooling) if predictors.parents else None
        self.interactions = together_ or None
        self.calibration = Calibration(known, of_group) if predictors.calibrated else None

    def _factors(self) -> tuple[tuple[Vector | None, ...], ...]:
        return tuple(tuple([self._lines[line] if line else None for line in of]) for of in self._line_of)

    def __call__(self, bins: Sequence[int], rows: Numbers | None = None, among: Rows = EVERY) -> Vector:
        """P for a person in these bins, not calibrated yet.

        Args:
            bins: by predictor.
            rows: the numbers of those that are asked about; every one where it is not said.
            among: rows of which these are some, such as those of the placements that were asked for: what does not
                depend on the person is kept at hand for all of them.
        """
        if rows is None:
            rows = self._every
        if not self.factors:
            return self.means[rows]
        known, places = self._narrowed.get(among) or self._narrow(among)
        lines = [0, *filter(None, map(getitem, self._line_of, bins))]
        odds: Vector = np.multiply.reduce(known.take(lines, axis=0), axis=0)[places[rows]]
        if self.interactions is not None:
            odds *= self.interactions.factors(self.interactions.added(bins), rows)
        p = np.divide(odds, 1.0 + odds, odds)
        if self.plain is not None:
            np.copyto(p, self.means[rows], where=self.plain[rows])  # to the last bit
        return p

    def _narrow(self, among: Rows) -> _Narrowed:
        """The lines of some rows alone: a person costs what is asked about, however large the catalogue is. Those that
        are kept have no more columns together than there are rows; what comes after that, until models have learnt
        again, and what is nearly all, is read from all.
        """
        size, every = among.bit_count(), len(self._every)
        if size > min(self._room, NEARLY_ALL * every):
            return self._narrowed[EVERY]  # not kept, so that whoever asks for anything fills nothing
        self._room -= size
        some = positions_of(among, every)
        places = np.zeros_like(self._every)
        places[some] = np.arange(len(some))
        found = self._narrowed[among] = _Narrowed(np.ascontiguousarray(self._lines[:, some]), places)
        return found


class _Narrowed(NamedTuple):
    """What some rows' odds may be multiplied by, as `Classifier` has its lines, and the place of each row in them."""

    lines: Vector
    places: Numbers


def rounded(p: Vector, digits: int) -> Vector:
    """P to some decimals, and neither 0 nor 1."""
    least = 10.0**-digits
    found = np.round(p, digits)
    np.maximum(found, least, out=found)
    return np.minimum(found, 1.0 - least, out=found)


def _numbered(names: Sequence[str]) -> Numbers:
    """The number of each name, in the order that they come in."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.intp)


def _pooling(predictors: Predictors, groups: Counted) -> list[Vector]:
    """Which bins of each predictor are one."""
    found, start = [], 0
    for names, is_ordered in zip(predictors.cells, predictors.ordered, strict=True):
        part = slice(start, start + len(names))
        start += len(names)
        found.append(pooled(groups.yes[:, part], groups.no[:, part], is_ordered=is_ordered))
    return found


def _contributions(
    predictors: Predictors,
    rows: Counted,
    above: Sequence[Counted],
    groups: Counted,
    of_group: Numbers,
    pooling: Sequence[Vector],
) -> tuple[Vector, Vector]:
    """The contribution of every cell, rows by cells, 0 of predictors that are not active; and how many are."""
    found = np.zeros_like(rows.yes)
    active = _active(predictors, rows, groups, of_group)
    start = 0
    for names, pool, is_active in zip(predictors.cells, pooling, active, strict=True):
        part = slice(start, start + len(names))
        start += len(names)
        share = rows.declared[:, None] * (pool.sum(axis=0) / len(names))
        expected = None
        for level in above:
            yes, no = level.yes[:, part], level.no[:, part]
            if yes.any() or no.any():
                expected = contributions(yes @ pool, no @ pool, level.means[:, None], share, expected)
        logs = contributions(rows.yes[:, part] @ pool, rows.no[:, part] @ pool, rows.means[:, None], share, expected)
        np.copyto(found[:, part], logs, where=is_active[:, None])
    return found, active.sum(axis=0, dtype=np.float64)


def _active(predictors: Predictors, rows: Counted, groups: Counted, of_group: Numbers) -> NDArray[np.bool_]:
    """Which predictors each row's model listens to, predictors by rows."""
    sizes = [len(names) for names in predictors.cells]
    of_groups = aucs(groups, sizes)[:, of_group]
    return heard(np.maximum(aucs(rows, sizes), of_groups), of_groups, predictors.alike)


def _lines(
    predictors: Predictors, odds: Vector, logs: Vector, spread: Vector
) -> tuple[Vector, tuple[tuple[int, ...], ...]]:
    """The odds of every row and, line by line, all that they may be multiplied by; and by predictor and bin which line
    that is, 0 where it is none.
    """
    moved = (logs != 0.0).any(axis=0)
    number = np.where(moved, moved.cumsum(), 0).tolist()
    found, start = [], 0
    for names in predictors.cells:
        found.append(tuple(number[start : start + len(names)]))
        start += len(names)
    return np.concatenate((odds[None, :], np.exp(logs[:, moved] / spread[:, None]).T)), tuple(found)
