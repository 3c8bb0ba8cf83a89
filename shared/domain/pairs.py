"""Pairs of predictors, counted: how often those whom treatments are given are in both of two bins.

From these counts, which say nothing of what came of it and which add up over days, follows which predictors say much
the same. Of two whose bins are in an order, as those of numbers are, it is the larger of what tables and ranks say:
numbers that rise together share no bins where they are cut finely.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np

from shared.domain.counted import Vector
from shared.domain.grouping import PARTS
from shared.domain.limits import ASSOCIATED_FROM
from shared.domain.predictors import MISSING, Predictors

LEAST = 0.5
"""The association from which on one is kept."""

_MOST_BINS = 64
_SQUARE = _MOST_BINS * _MOST_BINS


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of pairs.

    Attributes:
        decisions: how many were counted.
        by_pair: of two predictors, by their digests one after the other, how many were in the bins m and n, by
            64 m + n.
    """

    decisions: int = 0
    by_pair: Mapping[str, Mapping[int, int]] = {}


def counted(seen: Iterable[tuple[Predictors, Sequence[int]]]) -> Pairs:
    """Counts of the bins that persons were in, each with the predictors that these are of."""
    alike: dict[tuple[str, ...], list[Sequence[int]]] = {}
    for predictors, bins in seen:
        alike.setdefault(predictors.digests, []).append(bins)
    return together(
        Pairs(decisions=len(bins), by_pair=dict(_counted(digests, np.array(bins, np.intp))))
        for digests, bins in alike.items()
    )


def together(some: Iterable[Pairs]) -> Pairs:
    """The sum of counts, in whichever order."""
    total, found = 0, dict[str, Counter[int]]()
    for each in some:
        total += each.decisions
        for pair, counts in each.by_pair.items():
            found.setdefault(pair, Counter()).update(counts)
    return Pairs(decisions=total, by_pair=found)


def associations(pairs: Pairs, predictors: Predictors) -> dict[str, int]:
    """How closely predictors are associated, in parts of `PARTS`: of each pair of `LEAST` and more that
    enough decisions were counted of.
    """
    found = {}
    for one, other in combinations(range(len(predictors)), 2):
        pair = "".join(sorted([predictors.digests[one], predictors.digests[other]]))
        first, second = (one, other) if pair.startswith(predictors.digests[one]) else (other, one)
        table = np.zeros((_MOST_BINS, _MOST_BINS))
        for place, count in pairs.by_pair.get(pair, {}).items():
            table[divmod(place, _MOST_BINS)] = count
        if table.sum() < ASSOCIATED_FROM:
            continue
        said = likeness(table, in_order=predictors.ordered[first] and predictors.ordered[second])
        if said >= LEAST:
            found[pair] = round(said * PARTS)
    return found


def crossed(one: Sequence[int], other: Sequence[int]) -> Vector:
    """How often two things were so and so."""
    table = np.zeros((max(one) + 1, max(other) + 1))
    np.add.at(table, (np.asarray(one), np.asarray(other)), 1.0)
    return table


def likeness(table: Vector, *, in_order: bool) -> float:
    """How far one thing says another, 0 to 1, from a table of how often both were so: Cramér's V, and of what is in
    order the correlation of ranks where that is more.
    """
    said = cramers_v(table)
    return max(said, abs(rank_correlation(table))) if in_order else said


def cramers_v(table: Vector) -> float:
    """Cramér's V, corrected for its bias (Bergsma, 2013)."""
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    n = table.sum()
    if min(table.shape) < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    r, c = table.shape
    phi = max(0.0, float(((table - expected) ** 2 / expected).sum() / n - (r - 1) * (c - 1) / (n - 1)))
    smaller = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1.0
    return math.sqrt(phi / smaller) if smaller > 0 else 0.0


def rank_correlation(table: Vector) -> float:
    """Spearman's correlation of two numbers by the bins that they are in, of those of which both are known; 0 where
    that is fewer than half.
    """
    known = table[MISSING + 1 :, MISSING + 1 :]
    n = known.sum()
    if 2.0 * n < table.sum():
        return 0.0
    one, other = (_centred(known.sum(axis=axis)) for axis in (1, 0))
    spread = float(one @ (one * known.sum(axis=1))) * float(other @ (other * known.sum(axis=0)))
    return float(one @ known @ other) / math.sqrt(spread) if spread > 0.0 else 0.0


def _centred(counts: Vector) -> Vector:
    """The rank of each bin, those in one sharing theirs, less the mean of all."""
    return np.asarray(np.cumsum(counts) - (counts + counts.sum()) / 2.0)


def _counted(digests: Sequence[str], bins: Vector) -> Iterator[tuple[str, dict[int, int]]]:
    for one, other in combinations(range(len(digests)), 2):
        first, second = sorted((one, other), key=digests.__getitem__)
        counts = np.bincount(bins[:, first] * _MOST_BINS + bins[:, second], minlength=_SQUARE)
        places = counts.nonzero()[0]
        yield digests[first] + digests[second], dict(zip(places.tolist(), counts[places].tolist(), strict=True))
