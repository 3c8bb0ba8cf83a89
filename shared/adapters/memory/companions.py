"""Instances that take in the signals of a source, in memory."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from shared.adapters.companions import Counting
from shared.adapters.memory.store import Store
from shared.adapters.refreshing import Clock, Monotonic


class Companions(Counting):
    """The port `Companions`."""

    def __init__(
        self, store: Store, holder: str, *, clock: Clock = time.time, monotonic: Monotonic = time.monotonic
    ) -> None:
        """Be there in `store` as `holder`, which no other process is."""
        super().__init__(_Sightings(store), holder, clock, monotonic)


class _Sightings:
    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, source: str) -> Mapping[str, int]:
        with self._store.lock:
            return dict(self._store.companions.get(source, {}))

    def note(self, source: str, holder: str, at: int, gone: Collection[str]) -> None:
        with self._store.lock:
            seen = self._store.companions.setdefault(source, {})
            for each in gone:
                seen.pop(each, None)
            seen[holder] = at
