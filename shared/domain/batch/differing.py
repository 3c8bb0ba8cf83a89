"""How two revisions differ for the same persons: how many gain and lose, what more it is worth, and how sure that is of
persons like these.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np

from shared.domain.batch.numbers import Behind, Summary
from shared.domain.batch.packed import Flags
from shared.domain.exact import exact, fraction, real

_WIDTH = 1.959963984540054
"""Standard errors on either side of an interval of 95 %."""


class Moved(msgspec.Struct, kw_only=True):
    """By number, how many persons came to be behind it, and how many are no more; of an amount, who adds more to it and
    who less.

    Attributes:
        persons: how many were asked about.
        gained, lost: how many came, and how many went.
        more: by amount, what the differences of persons come to, exact.
        squares: likewise their squares.
    """

    persons: int = 0
    gained: dict[str, int] = {}
    lost: dict[str, int] = {}
    more: dict[str, int] = {}
    squares: dict[str, int] = {}

    def add(self, other: Moved) -> None:
        """Take others in."""
        self.persons += other.persons
        for mine, theirs in (
            (self.gained, other.gained),
            (self.lost, other.lost),
            (self.more, other.more),
            (self.squares, other.squares),
        ):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """An amount that differs, in pounds, or in contacts of a volume.

    Attributes:
        more, less: how many persons add more to it, and how many less.
        low, high: between which the difference lies for as many persons like these, with 95 % confidence.
    """

    name: str
    before: float
    after: float
    more: int
    less: int
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A number that differs.

    Attributes:
        gained, lost: how many persons came to be behind it, and how many are no more.
        low, high: between which of as many persons like these the difference lies, with 95 % confidence.
    """

    name: str
    before: int
    after: int
    gained: int
    lost: int
    low: float
    high: float


class Interval(NamedTuple):
    """Between which a difference lies."""

    low: float
    high: float


def moved(before: Behind, after: Behind, persons: int) -> Moved:
    """Compare two waves of the same persons."""
    found = Moved(persons=persons)
    for name in before.persons.keys() | after.persons.keys():
        was, now = before.persons.get(name), after.persons.get(name)
        if was is None or now is None:
            gained, lost = (0 if now is None else int(now.sum())), (0 if was is None else int(was.sum()))
        else:
            gained, lost = int((now & ~was).sum()), int((was & ~now).sum())
        if gained or lost:
            found.gained[name], found.lost[name] = gained, lost
    for name in before.amounts.keys() | after.amounts.keys():
        nothing = np.zeros(persons)
        more = after.amounts.get(name, nothing) - before.amounts.get(name, nothing)
        if more.any():
            found.gained[name], found.lost[name] = int((more > 0).sum()), int((more < 0).sum())
            found.more[name], found.squares[name] = exact(more), exact(more * more)
    return found


def apart(before: Behind, after: Behind, name: str) -> tuple[Flags, Flags] | None:
    """Who adds less to an amount, and who more; None where neither has it."""
    was, now = before.amounts.get(name), after.amounts.get(name)
    if was is None and now is None:
        return None
    more = (0.0 if now is None else now) - (0.0 if was is None else was)
    return np.asarray(more < 0.0), np.asarray(more > 0.0)


def differences(before: dict[str, int], after: dict[str, int], found: Moved) -> list[Difference]:
    """Every number behind which other persons stand, those first of which most came or went."""
    made = []
    for name in (found.gained.keys() | found.lost.keys()) - found.more.keys():
        gained, lost = found.gained.get(name, 0), found.lost.get(name, 0)
        low, high = interval(gained, lost, found.persons)
        made.append(
            Difference(
                name=name,
                before=before.get(name, 0),
                after=after.get(name, 0),
                gained=gained,
                lost=lost,
                low=low,
                high=high,
            )
        )
    return sorted(made, key=lambda each: (-abs(each.gained - each.lost), -each.gained - each.lost, each.name))


def shifts(before: Summary, after: Summary, found: Moved) -> list[Shift]:
    """Every amount to which other persons add otherwise, the largest difference first."""
    made = []
    for name in found.more:
        more, squares = fraction(found.more[name]), fraction(found.squares[name])
        spread = _WIDTH * math.sqrt(_variance(more, squares, found.persons))
        made.append(
            Shift(
                name=name,
                before=before.amount(name),
                after=after.amount(name),
                more=found.gained[name],
                less=found.lost[name],
                low=real(found.more[name]) - spread,
                high=real(found.more[name]) + spread,
            )
        )
    return sorted(made, key=lambda each: (-abs(each.after - each.before), each.name))


def _variance(total: Fraction, squares: Fraction, persons: int) -> float:
    """Of the sum of so many differences."""
    if persons < 2:
        return 0.0
    return float(max(Fraction(0), (squares - total**2 / persons) / (persons - 1) * persons))


def interval(gained: int, lost: int, persons: int) -> Interval:
    """Between which the difference lies for as many persons drawn as these were: the interval of a difference between
    paired proportions by Agresti and Min (2005), who add half a person to each way in which a pair can come out.
    """
    more = persons + 2
    middle = (gained - lost) / more
    spread = math.sqrt(max(0.0, gained + lost + 1 - (gained - lost) ** 2 / more)) / more
    return Interval(round(persons * (middle - _WIDTH * spread), 1), round(persons * (middle + _WIDTH * spread), 1))
