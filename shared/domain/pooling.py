"""Adaptive binning: which bins of a predictor are one, by counts alone.

A catalogue may part a number finely, or list many words. Neighbours are pooled while in the groups of models, taken
together, one differs from the other by no more than chance; those that differ least first. Numbers are neighbours by
size and words by how often they are accepted; what is missing, and a bin that nobody was in, is pooled with none. Bins
are those of all models of a revision, and pooling changes none of them: pooled bins share their counts, so a person is
binned once, and what was counted finely can part again.
"""

from __future__ import annotations

import numpy as np

from shared.domain.counted import Vector
from shared.domain.predictors import MISSING

DIFFERS_FROM = 1.0
"""Chi-square a group from which on neighbours differ by more than chance: its mean where they do not differ."""


def pooled(yes: Vector, no: Vector, *, is_ordered: bool) -> Vector:
    """Which bins of a predictor are one, as a matrix of ones and zeros by which counts are multiplied.

    Args:
        yes: positives of each group, groups by bins.
        no: negatives, likewise.
        is_ordered: whether bins are neighbours by their numbers.
    """
    size = yes.shape[1]
    cases = (yes + no).sum(axis=0)
    some = [number for number in range(size) if cases[number] > 0.0 and number != MISSING]
    if not is_ordered:
        rates = yes.sum(axis=0) / np.maximum(cases, 1.0)
        some.sort(key=lambda number: (rates[number], number))
    runs = [[number] for number in some]
    y, n = (column[:, some] for column in (yes, no))
    enough = DIFFERS_FROM * len(yes)
    while len(runs) > 1:
        differences = _differences(y, n)
        at = int(differences.argmin())
        if differences[at] >= enough:
            break
        runs[at : at + 2] = [runs[at] + runs[at + 1]]
        y, n = (_joined(column, at) for column in (y, n))
    found = np.eye(size)
    for run in runs:
        found[np.ix_(run, run)] = 1.0
    return found


def _differences(y: Vector, n: Vector) -> Vector:
    """Chi-square of each two neighbours, summed over groups."""
    a, b, c, d = y[:, :-1], n[:, :-1], y[:, 1:], n[:, 1:]
    total = a + b + c + d
    below = (a + b) * (c + d) * (a + c) * (b + d)
    found = np.divide(total * (a * d - b * c) ** 2, below, out=np.zeros_like(total), where=below > 0.0)
    return np.asarray(found.sum(axis=0))


def _joined(column: Vector, at: int) -> Vector:
    joined = np.delete(column, at + 1, axis=1)
    joined[:, at] += column[:, at + 1]
    return joined
