"""What arbitration hands over: the candidates, best first (`domain.md` 5), as columns.

A treatment is its row in the revision, by action id and then treatment id; a set of rows is one bit a row, and a column
holds one number for each. So what thousands of candidates are costs the stages that only pass it on nothing, and a
record of them is short. Numbers are little-endian, as on every machine that this runs on.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from shared.domain.policy.factors import PROPENSITY_DIGITS
from shared.domain.policy.rows import Rows
from shared.domain.predictors import scored

PARTS: int = 10**PROPENSITY_DIGITS
"""A propensity of 1."""

EVIDENCE_STEPS: int = 14
"""Steps in which evidence doubles, as it is packed: what is told of it is good to 2.5 %."""

LEAST_EVIDENCE: float = 0.25
"""The least that is told, by a byte of 0; the most, by one of 255, is some 76,000."""


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates and their order. What else their priorities came from follows from this and the revision:
    `shared.domain.arbitration.scoring` works it out again.

    Attributes:
        candidate_rows: the candidates as a set: bit n of the bytes, the least first, is row n.
        propensity_parts: P of each by ascending row, in parts of `PARTS`, 4 bytes each.
        order: their rows, best first, 4 bytes each.
        priorities: what they are ranked by, in that order, as doubles; mandatory ones come first all the same.
        unlevered: the treatment that would be first if every lever were 1, None of no candidates: what levers cost.
        models: the version of the models that said P.
        bins: the cells of predictors that the person is in, see `shared.domain.predictors`.
        means: what each P was drawn around, by ascending row, as doubles of half precision, 2 bytes each, which are to
            be told and not reckoned with; empty where P is the models' mean itself.
        evidence: how many responses each of these is worth, likewise, a byte each, in steps of which `EVIDENCE_STEPS`
            double it; from before, in half precision.
        scores: the bin that the score of each fell into before it was calibrated, likewise, a byte each; empty where
            nothing is calibrated.
        shadows: the bin that the score of a challenger fell into, likewise; empty where there is none.
        said_by: the estimators from outside that said P of what is in their scope; nobody where the models said all.
        instead: what the models said then, packed as P is; else empty.
    """

    candidate_rows: bytes
    propensity_parts: bytes
    order: bytes
    priorities: bytes
    unlevered: str | None
    models: str = ""
    bins: str = ""
    means: bytes = b""
    evidence: bytes = b""
    scores: bytes = b""
    shadows: bytes = b""
    said_by: tuple[str, ...] = ()
    instead: bytes = b""

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together.

        Raises:
            ValueError: they differ in length.
        """
        known = len(self.order)
        lengths = len(self.propensity_parts), 2 * len(self.means) or known, len(self.priorities)
        if (
            known % 4
            or lengths != (known, known, 2 * known)
            or 4 * len(self.evidence) not in {0, known, 2 * known}
            or not {4 * len(self.scores), 4 * len(self.shadows)} <= {0, known}
            or (self.instead and len(self.instead) != known)
        ):
            raise ValueError("the columns of a ranking are not of one length")

    def __len__(self) -> int:
        return len(self.order) // 4

    def taught(self, row: int) -> str:
        """What an outcome of the treatment in a row teaches by: what its delivery carries."""
        if not self.scores:
            return self.bins
        place = (unpacked(self.candidate_rows) & ((1 << row) - 1)).bit_count()
        return scored(self.bins, self.scores[place], *self.shadows[place : place + 1])

    def rows(self) -> Sequence[int]:
        """The rows, best first."""
        return memoryview(self.order).cast("I")

    def place(self, row: int) -> int:
        """At which place a row ranks, from 0; it is among them."""
        sought = row.to_bytes(4, "little")
        at = self.order.index(sought)
        while at % 4:  # across two numbers
            at = self.order.index(sought, at + 1)
        return at // 4

    def weights(self) -> Sequence[float]:
        """The priorities, best first."""
        return memoryview(self.priorities).cast("d")


def packed(rows: Rows) -> bytes:
    """A set of rows as bytes."""
    return rows.to_bytes((rows.bit_length() + 7) // 8, "little")


def unpacked(rows: bytes) -> Rows:
    """The set of rows that bytes stand for."""
    return int.from_bytes(rows, "little")


def halves(means: Sequence[float]) -> bytes:
    """Means as they are packed."""
    return struct.pack(f"<{len(means)}e", *means)


def halves_of(packed_: bytes) -> tuple[float, ...]:
    """The numbers that are packed so; they are good to three digits."""
    return struct.unpack(f"<{len(packed_) // 2}e", packed_)


def evidence_of(packed_: bytes, count: int) -> tuple[float, ...]:
    """How many responses the means of so many candidates are worth."""
    if len(packed_) == count:
        return tuple([LEAST_EVIDENCE * 2.0 ** (step / EVIDENCE_STEPS) for step in packed_])
    return halves_of(packed_)


def propensities(parts: bytes) -> list[float]:
    """The propensities that packed parts stand for."""
    return [part / PARTS for part in memoryview(parts).cast("I")]
