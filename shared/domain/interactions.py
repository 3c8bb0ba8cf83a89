"""Interactions: what two predictors say together that neither says alone.

Where the catalogue declares parents, outcomes are counted by the cells of each parent and each other predictor
together. Of those who were in the same bin of a parent, a bin of another predictor contributes

    ln(pos together + s · share of the positives) - ln(pos in the parent's bin + s), less the same of the negatives,

the share being the bin's among all of the group, with s = 10. That is the averaged one-dependence estimator (Webb,
Boughton and Wang, 2005) with logarithms averaged over the parents instead of probabilities. What is added to the sum of
contributions is the difference that this makes, averaged over the parents whose bin 200 outcomes were seen in.

The models of a group on a channel share interactions: each has its own contributions, and who is in which bin together
is as good as the same for all. So a decision looks up one number a group for each pair, and not one a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from shared.domain.counted import Counted, Numbers, Vector, aucs, by_cell, contributions, heard
from shared.domain.predictors import Predictors
from shared.domain.propensity import ByCell, Counts

SMOOTHING = 10.0
"""How many outcomes of a parent's bin are thought to be spread as everywhere."""

SUPPORTED_FROM = 200.0
"""Outcomes in the bin of a parent from which on it is listened to."""


class Interactions:
    """The interactions of all groups by the counts of one moment."""

    def __init__(
        self,
        predictors: Predictors,
        groups: Counted,
        known: Sequence[Counts],
        of: Numbers,
        spread: Vector,
        pooling: Sequence[Vector],
    ) -> None:
        """Work out what each pair of bins adds.

        Args:
            predictors: those of the revision.
            groups: the evidence of each group.
            known: the counts of each model.
            of: the group of each model.
            spread: what each model's sum of contributions is divided by.
            pooling: which bins of each predictor are one.
        """
        self._of = of
        self._shrink = 1.0 / spread
        self._starts: Numbers = np.cumsum([0, *map(len, predictors.cells)])[:-1]
        self._parents = predictors.parents
        self._size = len(groups.means)
        alone = _alone(predictors, groups, pooling)
        cells = [name for names in predictors.cells for name in names]
        self._tables = tuple(
            tuple(
                _table(predictors, groups, alone, number, _summed(cell, cells, known, of, self._size))
                for cell in predictors.cells[number]
            )
            for number in self._parents
        )

    def __bool__(self) -> bool:
        return any(table is not None for tables in self._tables for table in tables)

    def added(self, bins: Sequence[int]) -> Vector:
        """What the bins of a person say together, by group."""
        cells = self._starts + np.asarray(bins, np.intp)
        total, parents = np.zeros(self._size), np.zeros(self._size)
        for tables, number in zip(self._tables, self._parents, strict=True):
            table = tables[bins[number]]
            if table is not None:
                differences, supported = table
                total += differences.take(cells, axis=0).sum(axis=0)
                parents += supported
        return np.asarray(total / np.maximum(parents, 1.0))

    def factors(self, added: Vector, rows: Numbers) -> Vector:
        """What it multiplies the odds of some rows by."""
        return np.asarray(np.exp(added[self._of[rows]] * self._shrink[rows]))

    def factors_of(self, added: Vector, rows: Numbers, persons: Numbers) -> Vector:
        """The same for pairs of a row and one of several persons, whose lines `added` has."""
        return np.asarray(np.exp(added[persons, self._of[rows]] * self._shrink[rows]))


_Table = tuple[Vector, Vector]
"""What each cell adds beside the parent's bin, cells by groups, and where the bin is supported."""


class _Alone(NamedTuple):
    """What each cell contributes by itself, and of which predictors it is listened to, groups by cells; and which bins
    of each predictor are one.
    """

    plain: Vector
    active: Vector
    pooling: Sequence[Vector]


def _alone(predictors: Predictors, groups: Counted, pooling: Sequence[Vector]) -> _Alone:
    plain, active = np.zeros_like(groups.yes), np.zeros_like(groups.yes)
    alone = aucs(groups, [len(names) for names in predictors.cells])
    start = 0
    for names, pool, is_active in zip(predictors.cells, pooling, heard(alone, alone, predictors.alike), strict=True):
        part = slice(start, start + len(names))
        yes, no, means = groups.yes[:, part], groups.no[:, part], groups.means[:, None]
        share = groups.declared[:, None] / len(names)
        plain[:, part] = contributions(yes @ pool, no @ pool, means, share * pool.sum(axis=0), None)
        active[:, part] = is_active[:, None]
        start += len(names)
    return _Alone(plain, active, pooling)


def _summed(
    cell: str, cells: Sequence[str], known: Sequence[Counts], of: Numbers, size: int
) -> tuple[Vector, Vector] | None:
    """Outcomes by cell of those who were in a parent's cell, groups by cells; None where nobody was."""
    nobody: Mapping[str, ByCell] = {}
    found = []
    for by_pair in ([k.positives_by_pair for k in known], [k.negatives_by_pair for k in known]):
        some = [(group, pairs[cell]) for group, pairs in zip(of, by_pair, strict=True) if cell in (pairs or nobody)]
        sums = np.zeros((size, len(cells)))
        if some:
            np.add.at(sums, np.array([group for group, _ in some]), by_cell(cells, [counts for _, counts in some]))
        found.append(sums)
    yes, no = found
    return (yes, no) if yes.any() or no.any() else None


def _table(
    predictors: Predictors,
    groups: Counted,
    alone: _Alone,
    parent: int,
    summed: tuple[Vector, Vector] | None,
) -> _Table | None:
    """The table of a parent's bin, None where no group has seen enough in it."""
    if summed is None:
        return None
    plain, active, pooling = alone
    differences = np.zeros_like(plain)
    supported = np.zeros(len(plain), bool)
    start = 0
    for number, names in enumerate(predictors.cells):
        part = slice(start, start + len(names))
        start += len(names)
        yes, no = summed[0][:, part], summed[1][:, part]
        enough = (yes + no).sum(axis=1) >= SUPPORTED_FROM
        if number == parent:
            supported = enough
            continue
        pool = pooling[number]
        conditional = _logs(yes, groups.yes[:, part], groups.means * groups.declared, pool) - _logs(
            no, groups.no[:, part], (1.0 - groups.means) * groups.declared, pool
        )
        listened = enough[:, None] & (active[:, part] > 0.0)
        np.copyto(differences[:, part], conditional - plain[:, part], where=listened)
    if not supported.any():
        return None
    differences *= supported[:, None]
    return np.ascontiguousarray(differences.T), supported.astype(np.float64)


def _logs(together: Vector, everywhere: Vector, declared: Vector, pool: Vector) -> Vector:
    """The logarithm of each bin's share of those in the parent's bin, smoothed by its share everywhere."""
    expected = everywhere @ pool + declared[:, None] * (pool.sum(axis=0) / len(pool))
    share = expected / (everywhere.sum(axis=1) + declared)[:, None]
    return np.asarray(np.log(together @ pool + SMOOTHING * share) - np.log(together.sum(axis=1) + SMOOTHING)[:, None])
