"""Quarantine in Firestore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from google.cloud import firestore

from shared.adapters.firestore.client import Database, encode, fields_of
from shared.adapters.parking import fitting
from shared.domain.errors import AlreadyExistsError
from shared.ports import Parked, Place

QUARANTINE = "quarantine"


class Quarantine:
    """The port `Quarantine`."""

    def __init__(self, database: Database) -> None:
        """Keep in `database`."""
        self._database = database

    def park(self, parked: Parked) -> None:
        """Keep it; the same id again is left as it is."""
        batch = self._database.client.batch()
        batch.create(self._database.reference(QUARANTINE, parked.id), _encode(fitting(parked)))
        try:
            self._database.commit(batch, blind=True)
        except AlreadyExistsError:
            return

    def list(self, limit: int = 100) -> Sequence[Parked]:
        """What is parked, newest first."""
        newest = self._database.client.collection(QUARANTINE).order_by("at", direction=firestore.Query.DESCENDING)
        return [_decode(fields_of(snapshot)) for snapshot in self._database.query(newest.limit(limit))]

    def page(self, limit: int, after: Place | None = None) -> Sequence[Parked]:
        """What is parked, oldest first; only what comes `after` a place."""
        oldest = self._database.client.collection(QUARANTINE).order_by("at").order_by("__name__")
        if after is not None:
            reference = self._database.reference(QUARANTINE, after.id)
            oldest = oldest.start_after({"at": after.at, "__name__": reference})
        return [_decode(fields_of(snapshot)) for snapshot in self._database.query(oldest.limit(limit))]

    def get(self, parked_id: str) -> Parked | None:
        """One of them."""
        snapshot = self._database.get(self._database.reference(QUARANTINE, parked_id))
        return _decode(fields_of(snapshot)) if snapshot.exists else None

    def remove(self, parked_id: str) -> None:
        """Forget it, once redriven."""
        batch = self._database.client.batch()
        batch.delete(self._database.reference(QUARANTINE, parked_id))
        self._database.commit(batch, blind=True)


def _encode(parked: Parked) -> dict[str, Any]:
    """Fields: `at` native, to sort by, and attributes as JSON, since senders choose their names."""
    return {**encode(parked), "at": parked.at, "attributes": msgspec.json.encode(parked.attributes).decode()}


def _decode(fields: dict[str, Any]) -> Parked:
    fields["at"] = fields["at"].rfc3339()
    fields["attributes"] = msgspec.json.decode(fields["attributes"])
    return msgspec.convert(fields, Parked)
