"""Confidence sequences: intervals that hold at every moment at once, so that one may look as often as one likes and
stop when one has seen enough.

A mean's deviation, divided by its variance, is about a Gaussian random walk in the information gathered (the time-
uniform central limit theorem of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, 2024). Mixed over effects from a
normal distribution of variance t, its likelihood ratio is a martingale (Robbins, 1970), and by Ville's inequality that
passes 1/alpha at any moment with a probability of alpha at most. With v the variance of the mean so far, the half-width
at which it does is

    sqrt(v (v + t) / t · (ln((v + t) / v) - 2 ln alpha))

An interval for one moment alone would be 1.96 sqrt(v). This one is about half as wide again where the planned number of
cases has been seen, and wider before and after; it never was too short on the way. It rests on the central limit, so
that nothing is said before there are enough cases for that.
"""

from __future__ import annotations

import math
from typing import NamedTuple

PLANNED = 5_000
"""Cases of the smaller arm for which intervals are made as short as can be. It is fixed before anybody looks."""

FEWEST_CASES = 200
"""Cases of each arm from which on an interval is given."""

FEWEST_EVENTS = 20
"""Cases of each arm that are not zero, likewise: fewer do not show how far such cases spread."""


class Interval(NamedTuple):
    """An estimate with the bounds of its confidence sequence."""

    estimate: float
    low: float
    high: float


def half_width(variance: float, unit: float, alpha: float = 0.05, planned: int = PLANNED) -> float:
    """How far the sequence reaches on both sides of an estimate.

    Args:
        variance: of the estimate, now.
        unit: what its variance would be of one case each: the planned number of cases is told in it.
        alpha: how probable it is, at the most, that what is estimated is ever left out.
        planned: cases for which the interval is made as short as can be.
    """
    if variance <= 0.0 or unit <= 0.0:
        return math.inf
    mixed = unit / planned * _mixing(alpha)
    return math.sqrt(variance * (variance + mixed) / mixed * (math.log1p(mixed / variance) - 2.0 * math.log(alpha)))


def _mixing(alpha: float) -> float:
    """What the variance of the mixture is, in planned variances, where the interval is to be shortest: the solution x
    of ln(1 + x) - 2 ln alpha = x, found by going round.
    """
    x = 1.0
    for _ in range(100):
        x = math.log1p(x) - 2.0 * math.log(alpha)
    return x
