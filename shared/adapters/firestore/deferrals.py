"""Deferrals in Firestore: a document each, which has the time at which it is due until it has fired."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, Snapshot, fields_of
from shared.adapters.sealing import Sealer
from shared.domain.deferral import Deferral
from shared.domain.errors import ErasedError
from shared.ports import Meter

DEFERRALS = "deferrals"
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
        snapshots = self._database.query(query)
        self._meter.add(reads=max(1, len(snapshots)))
        found = []
        for snapshot in snapshots:
            with suppress(ErasedError):  # its erasure deletes it a moment later
                found.append(decode_deferral(self._sealer, snapshot))
        return found

    def fired(self, deferrals: Sequence[Deferral], at: datetime) -> None:
        """Mark some, at most 500, so that they are due no more."""
        batch = self._database.client.batch()
        for deferral in deferrals:
            reference = self._database.reference(DEFERRALS, deferral.decision_id)
            batch.update(reference, {"due_at": firestore.DELETE_FIELD, "fired_at": at})
        self._database.commit(batch)
        self._meter.add(writes=len(batch))


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
    return msgspec.json.decode(sealer.open(fields["person_id"], _PURPOSE, fields["sealed"]), type=Deferral)
