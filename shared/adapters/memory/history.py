"""The interaction history in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from shared.adapters.days import span
from shared.domain.decision import DecisionRecord
from shared.messages import HistoryRow
from shared.messages.rows import precedence
from shared.ports import Clock


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DecisionHistory:
    """The port `DecisionHistory`, over the rows that `deliver` took from the bus."""

    def __init__(self, clock: Clock = _utc_now) -> None:
        """Hold no row yet; `clock` says which days are the last."""
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[str, list[HistoryRow]] = {}

    def deliver(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        """Take a row from the topic `history`; those of decisions are kept."""
        del topic, attributes
        row = msgspec.json.decode(data, type=HistoryRow)
        if row.kind == "decision" and row.decision_id is not None and row.record is not None:
            with self._lock:
                told = self._told.setdefault(row.decision_id, [])
                if row not in told:
                    told.append(row)
        return True

    def decision(self, decision_id: str, day: date | None = None) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in the days looked through."""
        since, until = span(day, self._clock())
        with self._lock:
            told = [row for row in self._told.get(decision_id, []) if since <= row.occurred_at < until]
        if not told:
            return None
        return msgspec.json.decode(min(told, key=precedence).record or "", type=DecisionRecord)
