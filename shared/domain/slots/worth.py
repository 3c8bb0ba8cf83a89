"""What a choice is worth, as one whole number in which each aim outweighs all later ones together."""

from __future__ import annotations

from math import frexp, inf, nextafter
from typing import NamedTuple

MANTISSA = 53
"""Bits of a float's significand: p ≥ 2^e is a whole number of 2^(e - 52)."""


class Worth(NamedTuple):
    """The aims of a choice that have a meaning to people, the weightiest first.

    Attributes:
        mandatory: mandatory treatments chosen.
        mandatory_priority: the sum of their priorities.
        issues_met: issues of which at least one is wanted and chosen.
        priority: the sum of the other priorities.
        filled: slots filled.
    """

    mandatory: int
    mandatory_priority: float
    issues_met: int
    priority: float
    filled: int


class Scale:
    """Weights of candidates: the worth of a choice is the sum of their weights and of a bonus for each issue met.

    A weight has a field of bits for each aim, wide enough that no sum of `most` weights carries into the next. A float
    is a whole number over a power of two, so priorities over that of the smallest are whole numbers and nothing is
    rounded. The lowest field of candidate k is 2^(candidates - 1 - k): the greater of two sums is that of the choice
    with the best-ranked candidate which the other lacks. Below it, `spare` bits are free.

    Attributes:
        grain: every weight is a multiple of it.
        bonus: what the first treatment of a wanted issue adds.
        force: what outweighs every choice, to force a candidate in.
    """

    def __init__(
        self, smallest: float, greatest: float, *, candidates: int, most: int, issues: int, spare: int
    ) -> None:
        """Lay out the fields.

        Args:
            smallest: no priority but 0 is smaller.
            greatest: no priority is greater.
            candidates: to weigh, at most.
            most: candidates in a choice, at most.
            issues: issues that can be met, at most.
            spare: bits to leave free below.
        """
        self._unit = 1 << max(0, MANTISSA - frexp(smallest)[1])
        counts = most.bit_length() + 1
        sums = self._whole(greatest).bit_length() + counts
        self._filled = spare + candidates
        self._priority = self._filled + counts
        self._met = self._priority + sums
        self._mandatory_priority = self._met + issues.bit_length() + 1
        self._mandatory = self._mandatory_priority + sums
        self._one = 1 << self._filled
        self.grain = 1 << spare
        self.bonus = 1 << self._met
        self.force = 1 << (self._mandatory + counts)

    def weight(self, k: int, priority: float, *, mandatory: bool) -> int:
        """The weight of the k-th candidate in rank order, from 0."""
        whole = self._whole(priority)
        last = self._one + (self._one >> (k + 1))
        if mandatory:
            return (1 << self._mandatory) + (whole << self._mandatory_priority) + last
        return (whole << self._priority) + last

    def priority_within(self, weight: int) -> float:
        """A priority such that no candidate, not mandatory, of at most this priority is heavier than `weight`;
        minus infinity where there is none.
        """
        # the fields below that of the priority are worth less than one unit of it
        units = (weight >> self._priority) - 1
        if units < 0:
            return -inf
        return nextafter(self._float(units), -inf)

    def worth(self, total: int) -> Worth:
        """The aims that a total stands for; a sum of priorities is rounded to a float here and nowhere else."""

        def field(low: int, high: int) -> int:
            return (total >> low) & ((1 << (high - low)) - 1)

        return Worth(
            mandatory=total >> self._mandatory,
            mandatory_priority=self._float(field(self._mandatory_priority, self._mandatory)),
            issues_met=field(self._met, self._mandatory_priority),
            priority=self._float(field(self._priority, self._met)),
            filled=field(self._filled, self._priority),
        )

    def _whole(self, priority: float) -> int:
        numerator, denominator = priority.as_integer_ratio()
        return numerator * (self._unit // denominator)

    def _float(self, whole: int) -> float:
        """The priority nearest to so many units; infinity where no float is that great."""
        try:
            return whole / self._unit
        except OverflowError:
            return inf
