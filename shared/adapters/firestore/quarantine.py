"""Quarantine in Firestore."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from google.cloud import firestore

from shared.adapters.firestore.client import Database, encode, fields_of, version_of
from shared.adapters.parking import fitting
from shared.domain.errors import StaleError
from shared.domain.ready import ready
from shared.ports import Parked, Place

QUARANTINE = "quarantine"


class Quarantine:
    """The port `Quarantine`."""

    def __init__(self, database: Database) -> None:
        """Keep in `database`."""
        self._database = database

    def park(self, parked: Parked) -> None:
        """Keep it; the same id again takes the place of what was kept."""
        batch = self._database.client.batch()
        batch.set(self._database.reference(QUARANTINE, parked.id), _encode(fitting(parked)))
        self._database.commit(batch, blind=True)

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

    def remove(self, parked: Parked) -> None:
        """Forget it, once redriven, unless it was parked again since: what is put back may come back at once."""
        snapshot = self._database.get(self._database.reference(QUARANTINE, parked.id))
        if not snapshot.exists or _decode(fields_of(snapshot)).at != parked.at:
            return
        batch = self._database.client.batch()
        batch.delete(snapshot.reference, option=self._database.guard(version_of(snapshot.update_time)))
        with suppress(StaleError):  # parked again just now
            self._database.commit(batch)


def _encode(parked: Parked) -> dict[str, Any]:
    """Fields: `at` native, to sort by, and attributes as JSON, since senders choose their names."""
    return {**encode(parked), "at": parked.at, "attributes": msgspec.json.encode(parked.attributes).decode()}


def _decode(fields: dict[str, Any]) -> Parked:
    fields["at"] = fields["at"].rfc3339()
    fields["attributes"] = msgspec.json.decode(fields["attributes"])
    return msgspec.convert(fields, ready(Parked))
