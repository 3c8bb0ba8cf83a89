"""Instances that take in the signals of a source, in Firestore: a document of `companions` for each source."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from google.cloud import firestore

from shared.adapters.companions import Counting
from shared.adapters.firestore.client import Database, fields_of
from shared.adapters.refreshing import Clock, Monotonic

COMPANIONS = "companions"


class Companions(Counting):
    """The port `Companions`."""

    def __init__(
        self, database: Database, holder: str, *, clock: Clock = time.time, monotonic: Monotonic = time.monotonic
    ) -> None:
        """Be there in `database` as `holder`, which no other process is."""
        super().__init__(_Sightings(database), holder, clock, monotonic)


class _Sightings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, source: str) -> Mapping[str, int]:
        snapshot = self._database.get(self._database.reference(COMPANIONS, source))
        seen: Mapping[str, int] = fields_of(snapshot).get("seen", {}) if snapshot.exists else {}
        return seen

    def note(self, source: str, holder: str, at: int, gone: Collection[str]) -> None:
        batch = self._database.client.batch()
        seen = {**dict.fromkeys(gone, firestore.DELETE_FIELD), holder: at}
        batch.set(self._database.reference(COMPANIONS, source), {"seen": seen}, merge=True)
        self._database.commit(batch, blind=True)
