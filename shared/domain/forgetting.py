"""Forgetting: an outcome counts half as much after every half-life, and learning it stays an addition.

Decay is forward: what an outcome weighs grows with its time from a landmark on, and never changes after that. Time is
parted into eras of eight half-lives, each with a landmark of its own at its beginning; weights are whole numbers, from
1,024 at the landmark on. So whoever learns adds whole numbers to the counts of an era, which commute, and whoever reads
scales each era's counts to the present day.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import msgspec

HALF_LIVES = 8
"""Half-lives in an era."""

UNIT = 1024
"""The weight of an outcome at the landmark: what is rounded off a weight is less than a two-thousandth of it."""

FORGOTTEN_AFTER = 20
"""Half-lives after which an era counts for nothing: its last outcomes less than a millionth."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Days are counted from here."""

_DAY = 86_400.0


class Era(msgspec.Struct, frozen=True, order=True):
    """A time with a landmark of its own.

    Attributes:
        landmark: its first day, in days since 1970.
        half_life_days: see `Learning`.
    """

    landmark: int
    half_life_days: int

    def __str__(self) -> str:
        return f"{self.landmark}-{self.half_life_days}"

    @property
    def forgotten_on(self) -> int:
        """The day from which on it counts for nothing, in days since 1970."""
        return self.landmark + (HALF_LIVES + FORGOTTEN_AFTER) * self.half_life_days

    def weight(self, at: datetime) -> int:
        """What an outcome at a time within it weighs."""
        return round(UNIT * math.exp2((at.timestamp() / _DAY - self.landmark) / self.half_life_days))

    def scale(self, today: int) -> float:
        """What its weights are multiplied by, so that an outcome at the end of a day counts 1; 0 once forgotten."""
        if today >= self.forgotten_on:
            return 0.0
        return math.exp2((self.landmark - today - 1) / self.half_life_days) / UNIT


def era(at: datetime, half_life_days: int) -> Era:
    """The era that a time is in."""
    length = HALF_LIVES * half_life_days
    return Era(int(at.timestamp() // _DAY) // length * length, half_life_days)


def day(seconds: float) -> int:
    """The day of a time in seconds since 1970, in days since then."""
    return int(seconds // _DAY)
