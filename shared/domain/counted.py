"""Counts of many models as arrays, and those of their siblings together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.catalogue import Starting
from shared.domain.predictors import Predictors
from shared.domain.propensity import ByCell, Counts, propensity

ACTIVE_FROM = 0.52
"""AUC of a predictor by itself from which on a model listens to it."""

Vector: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.intp]


def heard(tells: Vector, best: Vector, alike: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """Which predictors models listen to: those that tell, and of each group that says much the same the best alone.

    Args:
        tells: the AUC of each by itself, predictors by models.
        best: likewise, what it is chosen by among those that are alike; the first of equals.
        alike: the numbers of predictors by group.
    """
    found = tells >= ACTIVE_FROM
    models = np.arange(tells.shape[1])
    for group in alike:
        some = list(group)
        chosen = np.where(found[some], best[some], -1.0).argmax(axis=0)
        alone = np.zeros((len(some), len(models)), bool)
        alone[chosen, models] = True
        found[some] &= alone
    return found


class Counted(NamedTuple):
    """Evidence, a line each: of models, or of several together.

    Attributes:
        positives, negatives: outcomes in all.
        yes, no: the same by cell, lines by cells.
        means: the posterior mean of each.
        declared: the declared weight of evidence that it begins with.
    """

    positives: Vector
    negatives: Vector
    yes: Vector
    no: Vector
    means: Vector
    declared: Vector

    @property
    def evidence(self) -> Vector:
        """How many responses each belief is worth, the declared ones included."""
        return np.asarray(self.declared + (self.positives + self.negatives))


def aucs(of: Counted, sizes: Sequence[int]) -> Vector:
    """How well the bins of each predictor tell positives from negatives by themselves, predictors by lines.

    Args:
        of: the evidence.
        sizes: how many bins each predictor has.
    """
    found, start = np.zeros((len(sizes), len(of.means))), 0
    for number, size in enumerate(sizes):
        yes, no = of.yes[:, start : start + size], of.no[:, start : start + size]
        found[number] = auc(yes, no, of.means[:, None], of.declared[:, None] / size)
        start += size
    return found


def counted(starting: Sequence[Starting], known: Sequence[Counts], predictors: Predictors) -> Counted:
    """The evidence of some models."""
    cells = [name for names in predictors.cells for name in names]
    return Counted(
        positives=np.array([float(k.positives) for k in known]),
        negatives=np.array([float(k.negatives) for k in known]),
        yes=by_cell(cells, [k.positives_by_cell for k in known]),
        no=by_cell(cells, [k.negatives_by_cell for k in known]),
        means=np.array([propensity(s, k) for s, k in zip(starting, known, strict=True)], np.float64),
        declared=np.array([s.evidence for s in starting], np.float64),
    )


def together(models: Counted, starting: Sequence[Starting], of: Numbers) -> Counted:
    """The evidence of groups of models, each of which begins with what its models begin with on the average."""
    size = int(of.max()) + 1 if len(of) else 0
    members = np.bincount(of, minlength=size)

    def summed(column: Vector) -> Vector:
        found = np.zeros((size, *column.shape[1:]))
        np.add.at(found, of, column)
        return found

    positives, negatives = summed(models.positives), summed(models.negatives)
    declared = summed(models.declared) / members
    expected = summed(np.array([s.propensity for s in starting])) / members
    means = (expected * declared + positives) / (declared + positives + negatives)
    return Counted(positives, negatives, summed(models.yes), summed(models.no), means, declared)


def without(whole: Counted, part: Counted, starting: Sequence[Starting]) -> Counted:
    """What is left of some evidence without a part of it; each line begins with what its model begins with."""
    declared = np.array([s.evidence for s in starting], np.float64)
    expected = np.array([s.propensity for s in starting], np.float64)
    positives, negatives = whole.positives - part.positives, whole.negatives - part.negatives
    means = (expected * declared + positives) / (declared + positives + negatives)
    return Counted(positives, negatives, whole.yes - part.yes, whole.no - part.no, means, declared)


def lines(groups: Counted, of: Numbers) -> Counted:
    """For each model, the line of its group."""
    return Counted(*[column[of] for column in groups])


def by_cell(cells: Sequence[str], known: Sequence[ByCell]) -> Vector:
    """Counts by cell as an array, lines by cells; cells of other predictors are left out."""
    found = np.zeros((len(known), len(cells)))
    for line, counts in enumerate(known):
        if counts:
            found[line] = list(map(counts.get, cells, repeat(0)))
    return found


def contributions(yes: Vector, no: Vector, means: Vector, share: Vector, expected: Vector | None) -> Vector:
    """The contribution of each bin of a predictor, lines by bins.

    Args:
        yes: positives by bin.
        no: negatives by bin.
        means: the posterior mean of each line, as a column.
        share: each bin's share of the declared evidence, likewise.
        expected: the contributions that are expected; none where it is None.
    """
    odds = np.log(means) - np.log1p(-means)
    rate = means if expected is None else 1.0 / (1.0 + np.exp(-(odds + expected)))
    found = np.log(yes + rate * share) - np.log(no + (1.0 - rate) * share) - odds
    return np.asarray(np.where(yes + no > 0.0, found, 0.0 if expected is None else expected))


def auc(yes: Vector, no: Vector, means: Vector, share: Vector) -> Vector:
    """The AUC of each line's bins: the chance that a positive is in a bin with a higher rate than a negative, half of
    it where it is the same bin; 0 where there are none to compare.
    """
    rate = (yes + means * share) / (yes + no + share)
    order = np.argsort(rate, axis=1, kind="stable")
    yes, no = np.take_along_axis(yes, order, axis=1), np.take_along_axis(no, order, axis=1)
    pairs = yes.sum(axis=1) * no.sum(axis=1)
    won = (yes * (np.cumsum(no, axis=1) - no / 2.0)).sum(axis=1)
    return np.asarray(np.divide(won, pairs, out=np.zeros_like(pairs), where=pairs > 0.0))
