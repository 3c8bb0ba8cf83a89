"""Sets of rows, of which a revision has one for each treatment with its action: one long integer for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

Rows = int
"""A set of rows: bit n stands for row n."""

EVERY: Final[Rows] = -1
"""All rows, of however many."""

_FEW: Final = 12
"""Positions up to which copies take less."""

_MANY: Final = 500
"""Positions from which on a set is written down in digits, which takes less for each and more for all."""

_ONE: Final = ord("1")


def rows_at(positions: Sequence[int]) -> Rows:
    """The set of the rows at these positions, in whatever order; of more than a few it is made at once, since each `|`
    copies a whole set.
    """
    if len(positions) <= _FEW:
        rows = 0
        for position in positions:
            rows |= 1 << position
        return rows
    if len(positions) > _MANY:
        digits = bytearray(b"0") * (max(positions) + 1)
        for position in positions:
            digits[~position] = _ONE
        return int(digits, 2)
    flags = bytearray((max(positions, default=0) >> 3) + 1)
    for position in positions:
        flags[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(flags, "little")


def each_of(rows: Rows) -> Iterator[int]:
    """The rows of a set, ascending."""
    while rows:
        lowest = rows & -rows
        yield lowest.bit_length() - 1
        rows ^= lowest
