"""Deferrals, and deliveries that are deferred or were abandoned, in memory, to whoever fires them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.errors import StaleError
from shared.domain.ready import ready
from shared.ports import Meter, Versioned


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
            found = [msgspec.json.decode(self._store.deferrals[key], type=ready(Deferral)) for _, key in due]
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


class DeferredDeliveries:
    """The port `DeferredDeliveries`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def due(self, before: datetime, limit: int) -> Sequence[Versioned[Delivery]]:
        """Those whose time comes before, the earliest first."""
        with self._store.lock:
            documents = list(self._store.deliveries.values())
        found = [Versioned(msgspec.json.decode(each.data, type=ready(Delivery)), each.version) for each in documents]
        due = sorted((each.value.due_at, each.value.delivery_id, each) for each in found if each.value.due_at)
        first = [each for due_at, _, each in due if due_at < before][:limit]
        self._meter.add(reads=max(1, len(first)))
        return first

    def waiting(self) -> int:
        """How many there are."""
        with self._store.lock:
            documents = list(self._store.deliveries.values())
        return sum(msgspec.json.decode(each.data, type=ready(Delivery)).due_at is not None for each in documents)

    def fire(self, deliveries: Sequence[Versioned[Delivery]], again_at: datetime) -> Sequence[Delivery]:
        """Let some be due again only at `again_at`; those that have not changed since they were read."""
        fired = []
        with self._store.lock:
            for each in deliveries:
                document = self._store.deliveries.get(each.value.delivery_id)
                if document is None or document.version != each.version:
                    continue
                later = msgspec.structs.replace(each.value, due_at=again_at.replace(microsecond=0))
                self._store.deliveries[later.delivery_id] = Document(
                    msgspec.json.encode(later), self._store.next_version()
                )
                fired.append(each.value)
        self._meter.add(writes=len(fired))
        return fired


class AbandonedDeliveries:
    """The port `AbandonedDeliveries`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def abandoned(self, before: datetime, limit: int, after: datetime | None = None) -> Sequence[Delivery]:
        """Those that nobody holds since a time before, the longest first; only since `after` another."""
        with self._store.lock:
            documents = list(self._store.deliveries.values())
        every = [msgspec.json.decode(each.data, type=ready(Delivery)) for each in documents]
        held = sorted((each.lease_until, each.delivery_id, each) for each in every if each.lease_until is not None)
        found = [each for until, _, each in held if until < before and (after is None or until > after)][:limit]
        self._meter.add(reads=max(1, len(found)))
        return found
