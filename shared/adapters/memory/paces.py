"""The pace of channels in memory."""

from __future__ import annotations

import msgspec

from shared.adapters.known_paces import Timing
from shared.adapters.memory.store import Document, Store
from shared.adapters.pacing import Pacing, Tell
from shared.domain.errors import StaleError
from shared.domain.pace import Pace
from shared.domain.ready import ready
from shared.ports import Meter, Versioned


class Paces(Pacing):
    """The port `Paces`."""

    def __init__(self, store: Store, meter: Meter, timing: Timing, tell: Tell) -> None:
        """Keep to what `store` says, counting on `meter`; `tell` hears what operators want to know."""
        super().__init__(SharedPaces(store, meter), timing, tell)


class SharedPaces:
    """What is shared of paces."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def load(self, channel: str, *, counted: bool = True) -> Versioned[Pace]:
        """A pace; an empty one, of version None, where there is none yet."""
        if counted:
            self._meter.add(reads=1)
        with self._store.lock:
            document = self._store.paces.get(channel)
        if document is None:
            return Versioned(Pace(), None)
        return Versioned(msgspec.json.decode(document.data, type=ready(Pace)), document.version)

    def store(self, channel: str, pace: Versioned[Pace]) -> str:
        """Write a pace in a commit that is guarded by the version read."""
        with self._store.lock:
            document = self._store.paces.get(channel)
            if (document.version if document else None) != pace.version:
                raise StaleError(f"the pace of {channel} changed since it was read")
            version = self._store.next_version()
            self._store.paces[channel] = Document(msgspec.json.encode(pace.value), version)
        self._meter.add(writes=1)
        return version
