"""Records: a day of the history sealed, verified against its seals, and its decisions made again.

Nothing here is in the way of a decision. A seal is made by whoever asks, as often as anybody likes: it takes in what no
seal has yet, and of two that are made at once one is kept and the other made again behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from shared.domain.errors import AlreadyExistsError, NotFoundError, TransientError
from shared.domain.replay import Difference, Replay, replay
from shared.domain.seal import Entry, Seal, Verification, entry, sealed, verify
from shared.messages.rows import canonical_row
from shared.ports import Catalogues, Days, Seals, Unopened

ATTEMPTS = 5
"""Seals tried for a number that others take first."""


class DayCounted(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows tell of decisions of a day."""

    day: date
    decisions: int


class DaySealed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sealing a day: the seal, None where nothing waited for one."""

    day: date
    seal: Seal | None


class DayReplayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of replaying a day, or the part of it whose ids begin with a prefix.

    Attributes:
        decisions: how many were made again.
        erased: how many were not, since their persons were erased: nobody can open their records, whose seals hold.
        differing: those that did not come to what their record says.
    """

    day: date
    decisions: int
    differing: tuple[Replay, ...]
    erased: int = 0


class Records:
    """The use cases over their ports."""

    def __init__(self, days: Days, seals: Seals, catalogues: Catalogues, seal_key: bytes) -> None:
        """Read `days`, keep `seals` signed with a key, replay by `catalogues`."""
        self._days = days
        self._seals = seals
        self._catalogues = catalogues
        self._key = seal_key

    def seal(self, day: date, now: datetime) -> DaySealed:
        """Seal what no seal of the day has yet.

        Raises:
            TransientError: the history or the store did not answer, or others took number after number.
        """
        rows = list(dict.fromkeys(self._entries(day)))
        for _ in range(ATTEMPTS):
            known = [each for earlier in self._seals.of_day(day) for each in earlier.entries]
            last = max(self._seals.all(), key=lambda seal: seal.number, default=None)
            made = sealed(last, day, known, rows, now, self._key)
            if made is None:
                return DaySealed(day=day, seal=None)
            try:
                self._seals.add(made)
            except AlreadyExistsError:
                continue
            return DaySealed(day=day, seal=made.seal)
        raise TransientError("others made seal after seal meanwhile")

    def verification(self, day: date) -> Verification:
        """Compare a day with its seals, and every seal with the one before it.

        Raises:
            TransientError: the history or the store did not answer.
        """
        return verify(day, self._seals.all(), self._seals.of_day(day), self._entries(day), self._key)

    def count(self, day: date) -> int:
        """How many rows tell of decisions of a day."""
        return self._days.count(day)

    def replay(self, day: date, prefix: str = "") -> DayReplayed:
        """Make the decisions of a day again, those whose ids begin with a prefix.

        Raises:
            TransientError: the history did not answer.
        """
        decisions, erased, differing = 0, 0, []
        for record in self._days.decisions(day, prefix):
            if isinstance(record, Unopened):
                erased += 1
                continue
            decisions += 1
            try:
                made = replay(self._catalogues.get(record.revision), record)
            except NotFoundError:
                gone = Difference(field="revision", recorded=record.revision, replayed=None)
                made = Replay(
                    decision_id=record.decision_id, revision=record.revision, agrees=False, differences=(gone,)
                )
            if not made.agrees:
                differing.append(made)
        return DayReplayed(day=day, decisions=decisions, differing=tuple(differing), erased=erased)

    def _entries(self, day: date) -> Iterator[Entry]:
        return (entry(row.row_id, canonical_row(row)) for row in self._days.rows(day))
