"""Deferrals in memory, to whoever fires them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.adapters.memory.store import Store
from shared.domain.deferral import Deferral
from shared.domain.errors import StaleError
from shared.ports import Meter


class Deferrals:
    """The port `Deferrals`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def due(self, now: datetime, limit: int) -> Sequence[Deferral]:
        """Those whose time has come and that have not fired, the longest due first."""
        with self._store.lock:
            due = sorted((until, key) for key, until in self._store.due.items() if until <= now)[:limit]
            found = [msgspec.json.decode(self._store.deferrals[key], type=Deferral) for _, key in due]
        self._meter.add(reads=max(1, len(found)))
        return found

    def fired(self, deferrals: Sequence[Deferral], at: datetime) -> None:  # noqa: ARG002 - what has fired is due no more
        """Mark some, so that they are due no more."""
        with self._store.lock:
            if any(deferral.decision_id not in self._store.deferrals for deferral in deferrals):
                raise StaleError("a deferral is gone")
            for deferral in deferrals:
                self._store.due.pop(deferral.decision_id, None)
        self._meter.add(writes=len(deferrals))
