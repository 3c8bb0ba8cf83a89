"""What a choice is worth, as one whole number in which each aim outweighs all later ones together."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


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
    is a whole number over a power of two, so priorities over their common denominator are whole numbers and nothing is
    rounded. The lowest field of candidates is 2^(n - 1 - rank): the greater of two sums is that of the choice with
    the best-ranked candidate which the other lacks. Below it is room to count exchanges (`exchange`).

    Attributes:
        weights: by candidate, in rank order.
        bonus: what the first treatment of a wanted issue adds.
        force: what outweighs every choice, to force a candidate in.
    """

    def __init__(
        self, priorities: Sequence[float], mandatory: Sequence[bool], most: int, issues: int, spare: int
    ) -> None:
        """Weigh candidates.

        Args:
            priorities: of each candidate, in rank order; finite, at least 0.
            mandatory: whether each is.
            most: candidates in a choice, at most.
            issues: issues that can be met, at most.
            spare: bits to leave free below.
        """
        n = len(priorities)
        ratios = [p.as_integer_ratio() for p in priorities]
        self._denominator = max((d for _, d in ratios), default=1)
        whole = [p * (self._denominator // d) for p, d in ratios]
        self._counts = most.bit_length() + 1
        self._sums = max(whole, default=0).bit_length() + self._counts
        self._filled = spare + n
        self._priority = self._filled + self._counts
        self._met = self._priority + self._sums
        self._mandatory_priority = self._met + issues.bit_length() + 1
        self._mandatory = self._mandatory_priority + self._sums
        first = 1 << self._filled
        must = 1 << self._mandatory
        self.weights = [
            (must + (p << self._mandatory_priority) if m else p << self._priority) + first + (first >> k)
            for k, (p, m) in enumerate(zip(whole, mandatory, strict=True), start=1)
        ]
        self.bonus = 1 << self._met
        self.force = 1 << (self._mandatory + self._counts)

    def worth(self, total: int) -> Worth:
        """The aims that a total stands for; a sum of priorities is rounded to a float here and nowhere else."""

        def field(low: int, high: int) -> int:
            return (total >> low) & ((1 << (high - low)) - 1)

        return Worth(
            mandatory=total >> self._mandatory,
            mandatory_priority=float(Fraction(field(self._mandatory_priority, self._mandatory), self._denominator)),
            issues_met=field(self._met, self._mandatory_priority),
            priority=float(Fraction(field(self._priority, self._met), self._denominator)),
            filled=field(self._filled, self._priority),
        )
