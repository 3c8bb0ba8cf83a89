"""Quarantine in memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.adapters.memory.store import Store
from shared.adapters.parking import fitting, paged
from shared.domain.ready import ready
from shared.ports import Parked, Place


class Quarantine:
    """The port `Quarantine`."""

    def __init__(self, store: Store) -> None:
        """Keep in `store`."""
        self._store = store

    def park(self, parked: Parked) -> None:
        """Keep it; the same id again takes the place of what was kept."""
        with self._store.lock:
            self._store.quarantine[parked.id] = msgspec.json.encode(fitting(parked))

    def list(self, limit: int = 100) -> Sequence[Parked]:
        """What is parked, newest first."""
        return sorted(self._everything(), key=lambda parked: parked.at, reverse=True)[:limit]

    def page(self, limit: int, after: Place | None = None) -> Sequence[Parked]:
        """What is parked, oldest first; only what comes `after` a place."""
        return paged(self._everything(), limit, after)

    def get(self, parked_id: str) -> Parked | None:
        """One of them."""
        with self._store.lock:
            data = self._store.quarantine.get(parked_id)
        return None if data is None else msgspec.json.decode(data, type=ready(Parked))

    def remove(self, parked: Parked) -> None:
        """Forget it, once redriven, unless it was parked again since: what is put back may come back at once."""
        with self._store.lock:
            data = self._store.quarantine.get(parked.id)
            if data is not None and msgspec.json.decode(data, type=ready(Parked)).at == parked.at:
                del self._store.quarantine[parked.id]

    def _everything(self) -> Sequence[Parked]:
        with self._store.lock:
            return [msgspec.json.decode(data, type=ready(Parked)) for data in self._store.quarantine.values()]
