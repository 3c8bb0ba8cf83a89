"""Deferrals in Firestore: a document each, which has the time at which it is due until it has fired. So has a delivery
that is deferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, Snapshot, decode, fields_of, reading, version_of
from shared.adapters.sealing import Sealer
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.errors import PermanentError, StaleError
from shared.domain.ready import ready
from shared.ports import Meter, Versioned

DEFERRALS = "deferrals"
DELIVERIES = "deliveries"
_PURPOSE = "deferral"


class Deferrals:
    """The port `Deferrals`. A query by `due_at` needs no index of its own: what has fired has no such field."""

    def __init__(self, database: Database, meter: Meter, sealer: Sealer) -> None:
        """Read and write `database`, counting on `meter`; deferrals are sealed by `sealer`."""
        self._database = database
        self._meter = meter
        self._sealer = sealer

    def due(self, now: datetime, limit: int) -> Sequence[Deferral]:
        """Those whose time has come and that have not fired, the longest due first."""
        collection = self._database.client.collection(DEFERRALS)
        query = collection.where(filter=FieldFilter("due_at", "<=", now)).order_by("due_at").limit(limit)
        found: list[Deferral] = []
        while True:
            snapshots = self._database.query(query)
            self._meter.add(reads=max(1, len(snapshots)))
            for snapshot in snapshots:
                # one of who was erased goes with the erasure; one that does not open holds up no other, and is overdue
                with suppress(PermanentError):
                    found.append(decode_deferral(self._sealer, snapshot))
            if found or len(snapshots) < limit:
                return found
            query = query.start_after(snapshots[-1])

    def fired(self, deferrals: Sequence[Deferral], at: datetime) -> None:
        """Mark some, at most 500, so that they are due no more."""
        batch = self._database.client.batch()
        for deferral in deferrals:
            reference = self._database.reference(DEFERRALS, deferral.decision_id)
            batch.update(reference, {"due_at": firestore.DELETE_FIELD, "fired_at": at})
        self._database.commit(batch)
        self._meter.add(writes=len(batch))


class DeferredDeliveries:
    """The port `DeferredDeliveries`. A query by `due_at` needs no index of its own: only a deferred one has that field.
    It is a whole second as text, which sorts as time does.
    """

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read and write `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def due(self, before: datetime, limit: int) -> Sequence[Versioned[Delivery]]:
        """Those whose time comes before, the earliest first."""
        collection = self._database.client.collection(DELIVERIES)
        until = _text(before.replace(microsecond=0) + timedelta(seconds=1 if before.microsecond else 0))
        query = collection.where(filter=FieldFilter("due_at", "<", until)).order_by("due_at").limit(limit)
        snapshots = self._database.query(query)
        self._meter.add(reads=max(1, len(snapshots)))
        return [Versioned(decode(Delivery, each), version_of(each.update_time)) for each in snapshots]

    def waiting(self) -> int:
        """How many there are."""
        some = self._database.client.collection(DELIVERIES).where(filter=FieldFilter("due_at", ">", ""))
        with reading():
            counting: Any = some.count()
            [[counted]] = counting.get()
        number = int(counted.value)
        self._meter.add(reads=1 + number // 1000)
        return number

    def fire(self, deliveries: Sequence[Versioned[Delivery]], again_at: datetime) -> Sequence[Delivery]:
        """Let some be due again only at `again_at`; those that have not changed since they were read."""
        if not deliveries:
            return []
        batch = self._database.client.batch()
        for each in deliveries:
            reference = self._database.reference(DELIVERIES, each.value.delivery_id)
            option = self._database.guard(each.version) if each.version else None
            batch.update(reference, {"due_at": _text(again_at.replace(microsecond=0))}, option=option)
        try:
            self._database.commit(batch)
        except StaleError:
            if len(deliveries) == 1:
                return []
            return [fired for each in deliveries for fired in self.fire([each], again_at)]
        self._meter.add(writes=len(batch))
        return [each.value for each in deliveries]


class AbandonedDeliveries:
    """The port `AbandonedDeliveries`. A query by `lease_until` needs no index of its own: only one that is being sent
    has that field. As text it sorts as time does, to within a second.
    """

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def abandoned(self, before: datetime, limit: int, after: datetime | None = None) -> Sequence[Delivery]:
        """Those that nobody holds since a time before, the longest first; only since `after` another."""
        query = self._database.client.collection(DELIVERIES).where(
            filter=FieldFilter("lease_until", "<", _text(before))
        )
        if after is not None:
            query = query.where(filter=FieldFilter("lease_until", ">", _text(after)))
        snapshots = self._database.query(query.order_by("lease_until").limit(limit))
        self._meter.add(reads=max(1, len(snapshots)))
        return [decode(Delivery, each) for each in snapshots]


def _text(at: datetime) -> str:
    """A time as the field of a document has it."""
    text: str = msgspec.to_builtins(at)
    return text


def encode_deferral(sealer: Sealer, deferral: Deferral) -> dict[str, Any]:
    """A deferral as fields: whose it is and when it is due, and all of it sealed under the person's key.

    Raises:
        ErasedError: the person was erased.
    """
    return {
        "person_id": deferral.person_id,
        "due_at": deferral.deferred.until,
        "sealed": sealer.seal(deferral.person_id, _PURPOSE, msgspec.json.encode(deferral)),
    }


def decode_deferral(sealer: Sealer, snapshot: Snapshot) -> Deferral:
    """A deferral from its document.

    Raises:
        ErasedError: the person was erased.
        PermanentError: it does not open with this person's key.
    """
    fields = fields_of(snapshot)
    return msgspec.json.decode(sealer.open(fields["person_id"], _PURPOSE, fields["sealed"]), type=ready(Deferral))
