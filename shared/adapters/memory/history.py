"""The interaction history in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import msgspec

from shared.domain.decision import DecisionRecord
from shared.messages import HistoryRow


class DecisionHistory:
    """The port `DecisionHistory`, over the rows that `deliver` took from the bus."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, HistoryRow] = {}
        self._decisions: dict[str, str] = {}

    def deliver(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        """Take a row from the topic `history`; the same row again is left as it is."""
        del topic, attributes
        row = msgspec.json.decode(data, type=HistoryRow)
        with self._lock:
            self._rows.setdefault(row.row_id, row)
            if row.kind == "decision" and row.decision_id is not None and row.record is not None:
                self._decisions.setdefault(row.decision_id, row.record)
        return True

    def decision(self, decision_id: str) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in the history."""
        with self._lock:
            record = self._decisions.get(decision_id)
        return None if record is None else msgspec.json.decode(record, type=DecisionRecord)

    def rows(self) -> list[HistoryRow]:
        """All rows, in the order they came."""
        with self._lock:
            return list(self._rows.values())
