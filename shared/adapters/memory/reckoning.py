"""The history in memory, held against what was accepted as `shared/adapters/reckoning` has it held by SQL."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.adapters.memory.history import DecisionHistory
from shared.domain.delivery import FINAL
from shared.domain.ready import ready
from shared.messages import HistoryRow, SignalReceived
from shared.ports import Clock, Counted, Unended, Untold

UNDER_WAY = timedelta(hours=1)
"""How long after the first signal is noted decisions may come of signals before it."""


class Reckoning:
    """The port `Reckoning`, over the rows of a history and what `deliver` took from the bus."""

    def __init__(self, history: DecisionHistory, clock: Clock) -> None:
        """Add up what a history holds until `clock` says now."""
        self._history = history
        self._clock = clock
        self._lock = threading.Lock()
        self._accepted: dict[str, datetime] = {}

    def deliver(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        """Take a signal from the topic `signals-received`."""
        del topic, attributes
        received = msgspec.json.decode(data, type=ready(SignalReceived))
        with self._lock:
            self._accepted.setdefault(received.decision_id, received.occurred_at)
        return True

    def unended(self, since: datetime, until: datetime, limit: int) -> Sequence[Unended]:
        """Contacts reserved in a time of whose deliveries no end is told, the longest ago first."""
        told = self._told(since, until)
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

    def counted(self, since: datetime, until: datetime) -> Counted:
        """What became of the signals of a time."""
        told = self._told(since, until)
        decided = {row.decision_id for row in told if row.kind == "decision"}
        ended = {row.decision_id for row in told if row.kind == "signal"}
        came = self._came(since, until)
        with self._lock:
            noted = min(self._accepted.values(), default=since - UNDER_WAY) + UNDER_WAY
            started = {
                row.decision_id
                for row in told
                if row.kind == "decision" and row.asked is None and noted <= row.occurred_at < until and row.decision_id
            }
            unaccepted = len(started - self._accepted.keys())
        return Counted(
            decided=sum(each in decided for each in came),
            ended=sum(each in ended and each not in decided for each in came),
            untold=sum(each not in ended and each not in decided for each in came),
            unaccepted=unaccepted,
        )

    def untold(self, since: datetime, until: datetime, limit: int) -> Sequence[Untold]:
        """Those of its signals of which nothing is told, the longest ago first."""
        told = {row.decision_id for row in self._told(since, until) if row.kind in ("decision", "signal")}
        found = [(at, each) for each, at in self._came(since, until).items() if each not in told]
        return [Untold(each, at) for at, each in sorted(found)[:limit]]

    def reserved(self, since: datetime) -> Mapping[str, int]:
        """How many contacts were reserved since then, by treatment."""
        told = [row for row in self._told(since, since) if row.kind == "decision" and row.outcome == "reserved"]
        return Counter(row.treatment for row in told if row.treatment is not None)

    def _told(self, since: datetime, until: datetime) -> list[HistoryRow]:
        """The rows from then on, those that were told since the time ended included."""
        return self._history.told(since, max(until, self._clock()))

    def _came(self, since: datetime, until: datetime) -> dict[str, datetime]:
        with self._lock:
            return {each: at for each, at in self._accepted.items() if since <= at < until}
