"""Deferrals in Firestore: a document each, which has the time at which it is due until it has fired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, Snapshot, fields_of
from shared.domain.deferral import Deferral
from shared.ports import Meter

DEFERRALS = "deferrals"


class Deferrals:
    """The port `Deferrals`. A query by `due_at` needs no index of its own: what has fired has no such field."""

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read and write `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def due(self, now: datetime, limit: int) -> Sequence[Deferral]:
        """Those whose time has come and that have not fired, the longest due first."""
        collection = self._database.client.collection(DEFERRALS)
        query = collection.where(filter=FieldFilter("due_at", "<=", now)).order_by("due_at").limit(limit)
        found = [decode_deferral(snapshot) for snapshot in self._database.query(query)]
        self._meter.add(reads=max(1, len(found)))
        return found

    def fired(self, deferrals: Sequence[Deferral], at: datetime) -> None:
        """Mark some, at most 500, so that they are due no more."""
        batch = self._database.client.batch()
        for deferral in deferrals:
            reference = self._database.reference(DEFERRALS, deferral.decision_id)
            batch.update(reference, {"due_at": firestore.DELETE_FIELD, "fired_at": at})
        self._database.commit(batch)
        self._meter.add(writes=len(batch))


def encode_deferral(deferral: Deferral) -> dict[str, Any]:
    """A deferral as fields: what a signal carries may be nested as Firestore does not nest."""
    return {
        "person_id": deferral.person_id,
        "due_at": deferral.deferred.until,
        "deferral": msgspec.json.encode(deferral),
    }


def decode_deferral(snapshot: Snapshot) -> Deferral:
    """A deferral from its document."""
    return msgspec.json.decode(fields_of(snapshot)["deferral"], type=Deferral)
