"""Response windows in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.domain.delivery import Delivery
from shared.domain.observed import Observed
from shared.domain.ready import ready
from shared.ports import Meter, OpenWindow


class ResponseWindows:
    """The port `ResponseWindows`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def due(self, before: datetime, limit: int) -> Sequence[OpenWindow]:
        """Those that ended before, and are not closed."""
        with self._store.lock:
            deliveries = {
                k: msgspec.json.decode(d.data, type=ready(Delivery)) for k, d in self._store.deliveries.items()
            }
            seen = [msgspec.json.decode(d.data, type=ready(Observed)) for d in self._store.outcomes.values()]
        sent = [
            OpenWindow(key, each.respond_by, each, shown=False)
            for key, each in deliveries.items()
            if each.respond_by is not None and each.respond_by < before
        ]
        shown = [
            OpenWindow(each.delivery_id, each.respond_by, deliveries.get(each.delivery_id), shown=True)
            for each in seen
            if each.respond_by is not None and each.respond_by < before
        ]
        first = [*_in_order(sent), *_in_order(shown)][:limit]
        from_deliveries = sum(not each.shown for each in first)
        reads = max(1, from_deliveries)
        if from_deliveries < limit:
            reads += max(1, len(first) - from_deliveries) + len(first) - from_deliveries
        self._meter.add(reads=reads)
        return first

    def close(self, windows: Sequence[OpenWindow]) -> None:
        """Let some be due no more."""
        closed = 0
        with self._store.lock:
            for each in windows:
                documents: dict[str, Document[Delivery]] | dict[str, Document[Observed]]
                documents = self._store.outcomes if each.shown else self._store.deliveries
                kind = Observed if each.shown else Delivery
                document = documents.get(each.delivery_id)
                if document is not None:
                    value = msgspec.structs.replace(
                        msgspec.json.decode(document.data, type=ready(kind)), respond_by=None
                    )
                    documents[each.delivery_id] = Document(msgspec.json.encode(value), self._store.next_version())
                    closed += 1
        self._meter.add(writes=closed)


def _in_order(windows: Sequence[OpenWindow]) -> list[OpenWindow]:
    return sorted(windows, key=lambda each: (each.respond_by, each.delivery_id))
