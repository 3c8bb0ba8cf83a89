"""Contact points in memory."""

from __future__ import annotations

from collections.abc import Mapping

from shared.adapters.memory.store import Store
from shared.ports import Meter


class ContactPoints:
    """The port `ContactPoints`. Nothing is encrypted, since nothing leaves the process."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def address(self, person_id: str, channel: str) -> str | None:
        """Where to reach a person on a channel, None where unknown."""
        self._meter.add(reads=1)
        with self._store.lock:
            return self._store.contact_points.get((person_id, channel))

    def put(self, addresses: Mapping[str, Mapping[str, str]]) -> None:
        """Store persons' addresses: person id to channel to address."""
        with self._store.lock:
            for person_id, channels in addresses.items():
                for channel, address in channels.items():
                    self._store.contact_points[person_id, channel] = address
        self._meter.add(writes=sum(1 for channels in addresses.values() if channels))
