"""The figures of bins: AUC, lift and z-ratio, from counts of positives and negatives."""

from __future__ import annotations

import math
from collections.abc import Sequence

Bins = Sequence[tuple[float, float]]
"""Positives and negatives of each bin."""


def auc(bins: Bins) -> float:
    """The chance that a positive is in a bin of a higher rate than a negative, half of it where it is the same bin; 0.5
    where there are none to compare.
    """
    seen = sorted((bin_ for bin_ in bins if sum(bin_) > 0), key=lambda bin_: bin_[0] / sum(bin_))
    positives, negatives = sum(yes for yes, _ in seen), sum(no for _, no in seen)
    if not positives or not negatives:
        return 0.5
    won = below = 0.0
    for yes, no in seen:
        won += yes * (below + no / 2.0)
        below += no
    return won / (positives * negatives)


def lifts(bins: Bins) -> list[float]:
    """The rate of each bin as a multiple of that of all; 0 of an empty bin."""
    positives, every = sum(yes for yes, _ in bins), sum(map(sum, bins))
    rate = positives / every if every else 0.0
    return [(yes / (yes + no)) / rate if rate and yes + no else 0.0 for yes, no in bins]


def z_ratios(bins: Bins) -> list[float]:
    """How many standard errors each bin's share of positives lies above its share of negatives; 0 where neither
    varies.
    """
    positives, negatives = sum(yes for yes, _ in bins), sum(no for _, no in bins)
    found = []
    for yes, no in bins:
        one, other = yes / positives if positives else 0.0, no / negatives if negatives else 0.0
        spread = one * (1.0 - one) / positives if positives else 0.0
        spread += other * (1.0 - other) / negatives if negatives else 0.0
        found.append((one - other) / math.sqrt(spread) if spread > 0.0 else 0.0)
    return found
