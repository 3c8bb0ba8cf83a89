"""Handovers in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.adapters.memory.store import Store
from shared.adapters.sealing import Sealer
from shared.domain.handover import Handover

_PURPOSE = "handover"


class Handovers:
    """The port `Handovers`."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        """Keep in `store`, sealed by `sealer`."""
        self._store = store
        self._sealer = sealer

    def put(self, handover: Handover, parts: Sequence[bytes]) -> None:
        """Put parts aside."""
        sealed = [self._sealer.seal(handover.person_id, _PURPOSE, part) for part in parts]
        with self._store.lock:
            self._store.handovers[handover.id] = handover, sealed

    def get(self, handover_id: str) -> Handover | None:
        """One of them, None where there is none."""
        with self._store.lock:
            found = self._store.handovers.get(handover_id)
        return found[0] if found else None

    def parts(self, handover: Handover) -> Iterator[bytes]:
        """What was put aside, part by part."""
        with self._store.lock:
            sealed = list(self._store.handovers[handover.id][1])
        for part in sealed:
            yield self._sealer.open(handover.person_id, _PURPOSE, part)
