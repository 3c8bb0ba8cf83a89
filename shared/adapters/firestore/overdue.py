"""What should have been done long ago, counted in Firestore: a thousand documents cost a read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, reading
from shared.adapters.firestore.contacts import DELIVERIES
from shared.adapters.firestore.deferrals import DEFERRALS
from shared.adapters.firestore.outcomes import OUTCOMES
from shared.adapters.firestore.personal_data import Erasures
from shared.ports import Late


class Overdue:
    """The port `Overdue`. Only what is not done has the fields that are asked for."""

    def __init__(self, database: Database) -> None:
        """Count in `database`."""
        self._database = database
        self._erasures = Erasures(database)

    def late(self, before: datetime) -> Late:
        """How much was due before then, and is still."""
        text = str(msgspec.to_builtins(before.replace(microsecond=0)))
        return Late(
            deferrals=self._count(DEFERRALS, "due_at", before),
            deliveries=self._count(DELIVERIES, "due_at", text),
            windows=self._count(DELIVERIES, "respond_by", text) + self._count(OUTCOMES, "respond_by", text),
            erasures=len(self._erasures.due(before)),
        )

    def _count(self, collection: str, field: str, before: datetime | str) -> int:
        query: Any = self._database.client.collection(collection).where(filter=FieldFilter(field, "<", before))
        with reading():
            [[counted]] = query.count().get()
        return int(counted.value)
