"""What an arm came to, from sums over its persons, and how two arms differ.

A person is one case, however many decisions there were for them, since persons are what is assigned. All that is kept
of an arm are sums, so that a database adds them up. Of each person two numbers count: what came of them in the time
that is measured, and in the time before it, which no arm can have changed where it had not begun. What the earlier
explains of the later is taken off (CUPED: Deng, Xu, Kohavi and Walker, 2013), by one slope for both arms: it leaves the
mean difference where it is and makes it sharper.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from shared.domain.measuring.sequences import FEWEST_CASES, FEWEST_EVENTS, Interval, half_width


class Sums(NamedTuple):
    """Sums over the persons of an arm.

    Attributes:
        persons: how many there are.
        reacted: how many of them count for more than nothing.
        total, squares: of what came of each, and of its square.
        before, before_squares: likewise of the time before.
        products: of both.
    """

    persons: int = 0
    reacted: int = 0
    total: float = 0.0
    squares: float = 0.0
    before: float = 0.0
    before_squares: float = 0.0
    products: float = 0.0

    @property
    def mean(self) -> float:
        """What came of a person, on average; 0 of nobody."""
        return self.total / self.persons if self.persons else 0.0

    def adjusted(self, slope: float) -> Sums:
        """The same with so much of what was before taken off; sums of the time before are gone."""
        return Sums(
            persons=self.persons,
            reacted=self.reacted,
            total=self.total - slope * self.before,
            squares=self.squares - 2.0 * slope * self.products + slope * slope * self.before_squares,
        )

    @property
    def variance(self) -> float:
        """Of what came of a person."""
        if self.persons < 2:
            return 0.0
        return max(0.0, self.squares - self.total * self.total / self.persons) / (self.persons - 1)


class Difference(NamedTuple):
    """How much more came of a person in one arm than in the other.

    Attributes:
        absolute: per person; None where nothing can be said.
        relative: the same as a share of what came of a person in the other arm; None where that is too uncertain.
        slope: what the time before explained, 0 where it was of no help.
        refused: why nothing is said, empty where something is.
    """

    absolute: Interval | None
    relative: Interval | None = None
    slope: float = 0.0
    refused: str = ""


def compare(one: Sums, other: Sums, alpha: float = 0.05) -> Difference:
    """One arm against another."""
    fewest = min(one.persons, other.persons)
    if fewest < FEWEST_CASES:
        return Difference(None, refused=f"{fewest} persons in the smaller arm, and at least {FEWEST_CASES} are needed")
    events = min(one.reacted, other.reacted)
    if events < FEWEST_EVENTS:
        return Difference(None, refused=f"{events} persons reacted in one arm, and at least {FEWEST_EVENTS} are needed")
    slope = _slope(one, other)
    grand = (one.before + other.before) / (one.persons + other.persons)
    mine, theirs = one.adjusted(slope), other.adjusted(slope)
    variance = mine.variance / mine.persons + theirs.variance / theirs.persons
    unit = variance * fewest
    reach = half_width(variance, unit, alpha)
    difference = mine.mean - theirs.mean
    absolute = Interval(difference, difference - reach, difference + reach)
    return Difference(absolute, _relative(mine, theirs, slope * grand, alpha), slope)


def _slope(one: Sums, other: Sums) -> float:
    """How much of what was before comes again, within arms."""
    spread = sum(s.before_squares - s.before * s.before / s.persons for s in (one, other))
    together = sum(s.products - s.before * s.total / s.persons for s in (one, other))
    return together / spread if spread > 0.0 else 0.0


def _relative(one: Sums, other: Sums, shift: float, alpha: float) -> Interval | None:
    """The lift by Fieller's theorem, for means to which a `shift` is added back: the values r for which the difference
    of one and r + 1 times the other is not told from 0. None where the other arm may be worth nothing.
    """
    a, b = one.mean + shift, other.mean + shift
    va, vb = one.variance / one.persons, other.variance / other.persons
    if b <= 0.0:
        return None
    units = min(one.persons, other.persons)
    ratio, squared = a / b, (half_width(va + vb, (va + vb) * units, alpha) ** 2) / (va + vb)
    g = squared * vb / (b * b)
    if g >= 1.0:
        return None
    reach = math.sqrt(squared * (va * (1.0 - g) + ratio * ratio * vb)) / b
    low, high = (ratio - reach) / (1.0 - g), (ratio + reach) / (1.0 - g)
    return Interval(ratio - 1.0, low - 1.0, high - 1.0)
