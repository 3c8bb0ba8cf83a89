"""The interaction history in memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from shared.adapters.days import day_of, span
from shared.adapters.sealed_history import ended_in, open_record
from shared.adapters.sealing import Sealer
from shared.domain.decision import DecisionRecord
from shared.domain.errors import ErasedError
from shared.domain.ready import ready
from shared.messages import HistoryRow
from shared.messages.rows import precedence
from shared.ports import Clock, Ended, Unopened


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DecisionHistory:
    """The ports `DecisionHistory`, `Days` and `PersonHistory`, over the rows that `deliver` took from the bus."""

    def __init__(self, sealer: Sealer, clock: Clock = _utc_now) -> None:
        """Hold no row yet; records are opened by `sealer`, and `clock` says which days are the last."""
        self._sealer = sealer
        self._clock = clock
        self._lock = threading.Lock()
        self._come: deque[bytes] = deque()
        self._told: dict[str, list[HistoryRow]] = {}

    def deliver(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        """Take a row from the topic `history`; it is read when somebody asks."""
        del topic, attributes
        self._come.append(data)
        return True

    def decision(self, decision_id: str, day: date | None = None) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in the days looked through."""
        since, until = span(day, self._clock())
        return self._record(self._between(since, until, decision_id))

    def ended(self, decision_id: str, day: date | None = None) -> Ended | None:
        """Why the signal that would have had a decision of this id started none, where that is known."""
        told = [row for row in self._between(*span(day, self._clock()), decision_id) if row.kind == "signal"]
        return ended_in(self._sealer, min(told, key=precedence)) if told else None

    def count(self, day: date) -> int:
        """How many rows tell of decisions of a day."""
        return sum(row.kind == "decision" for row in self._between(*day_of(day)))

    def decisions(self, day: date, prefix: str = "") -> Iterator[DecisionRecord | Unopened]:
        """The decisions of a day whose ids begin with a prefix."""
        told: dict[str, list[HistoryRow]] = {}
        for row in self._between(*day_of(day)):
            if row.decision_id is not None and row.decision_id.startswith(prefix):
                told.setdefault(row.decision_id, []).append(row)
        for known, rows in sorted(told.items()):
            try:
                record = self._record(rows)
            except ErasedError:
                yield Unopened(known)
            else:
                if record is not None:
                    yield record

    def rows(self, day: date) -> Iterator[HistoryRow]:
        """Every row of a day."""
        yield from sorted(self._between(*day_of(day)), key=lambda row: (row.occurred_at, row.row_id))

    def of_persons(self, person_ids: Sequence[str], since: datetime) -> Iterator[HistoryRow]:
        """Every row of persons that opens, opened."""
        between = self._between(since - timedelta(days=1), self._clock() + timedelta(days=1))
        for row in sorted(between, key=lambda row: (row.occurred_at, row.row_id)):
            if row.person_id in person_ids:
                try:
                    record = None if row.record is None else open_record(self._sealer, row.record)
                except ErasedError:
                    continue
                yield msgspec.structs.replace(row, record=record)

    def told(self, since: datetime, until: datetime) -> list[HistoryRow]:
        """The rows of a time, each as what happened, however often it was told."""
        by_id: dict[str, list[HistoryRow]] = {}
        for row in self._between(since, until):
            by_id.setdefault(row.row_id, []).append(row)
        return [min(rows, key=precedence) for rows in by_id.values()]

    def _between(self, since: datetime, until: datetime, decision_id: str | None = None) -> list[HistoryRow]:
        with self._lock:
            self._read()
            return [
                row
                for rows in self._told.values()
                for row in rows
                if since <= row.occurred_at < until and decision_id in (None, row.decision_id)
            ]

    def _read(self) -> None:
        """Read the rows that have come."""
        while self._come:
            row = msgspec.json.decode(self._come.popleft(), type=ready(HistoryRow))
            told = self._told.setdefault(row.row_id, [])
            if row not in told:
                told.append(row)

    def _record(self, told: list[HistoryRow]) -> DecisionRecord | None:
        """What happened, of what was told of one decision."""
        decided = [row for row in told if row.kind == "decision" and row.record is not None]
        if not decided:
            return None
        record = open_record(self._sealer, min(decided, key=precedence).record or "")
        return msgspec.json.decode(record, type=ready(DecisionRecord))
