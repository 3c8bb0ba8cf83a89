"""The history in memory, held against itself as `shared/adapters/reckoning` has it held by SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.memory.history import DecisionHistory
from shared.domain.delivery import FINAL
from shared.ports import Clock, Unended


class Reckoning:
    """The port `Reckoning`, over the rows of a history."""

    def __init__(self, history: DecisionHistory, clock: Clock) -> None:
        """Add up what a history holds until `clock` says now."""
        self._history = history
        self._clock = clock

    def unended(self, since: datetime, until: datetime, limit: int) -> Sequence[Unended]:
        """Contacts reserved in a time of whose deliveries no end is told, the longest ago first."""
        told = self._history.told(since, max(until, self._clock()))
        ended = {row.delivery_id for row in told if row.kind == "outcome" and row.outcome in FINAL}
        found = [
            (row.occurred_at, row.delivery_id, row.person_id)
            for row in told
            if row.kind == "decision" and row.outcome == "reserved" and row.occurred_at < until
        ]
        return [
            Unended(delivery, person, at)
            for at, delivery, person in sorted(found, key=lambda each: (each[0], each[1] or ""))
            if delivery is not None and person is not None and delivery not in ended
        ][:limit]
