"""Response windows in Firestore: of what was sent they end in its delivery, of what was seen in what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, Snapshot, decode
from shared.adapters.firestore.contacts import DELIVERIES
from shared.adapters.firestore.outcomes import OUTCOMES
from shared.domain.delivery import Delivery
from shared.domain.errors import StaleError
from shared.domain.observed import Observed
from shared.ports import Meter, OpenWindow


class ResponseWindows:
    """The port `ResponseWindows`. Queries by `respond_by` need no index of their own: only open windows have
    that field. It is a whole second as text, which sorts as time does.
    """

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read and write `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def due(self, before: datetime, limit: int) -> Sequence[OpenWindow]:
        """Those that ended before, and are not closed."""
        sent = [decode(Delivery, each) for each in self._ended(DELIVERIES, before, limit)]
        found = [OpenWindow(each.delivery_id, each.respond_by, each, shown=False) for each in sent if each.respond_by]
        if len(found) == limit:
            return found
        seen = [decode(Observed, each) for each in self._ended(OUTCOMES, before, limit - len(found))]
        references = [self._database.reference(DELIVERIES, each.delivery_id) for each in seen]
        self._meter.add(reads=len(references))
        shown = {d.delivery_id: d for d in (decode(Delivery, each) for each in self._database.get_all(references))}
        found += [
            OpenWindow(each.delivery_id, each.respond_by, shown.get(each.delivery_id), shown=True)
            for each in seen
            if each.respond_by
        ]
        return found

    def _ended(self, collection: str, before: datetime, limit: int) -> list[Snapshot]:
        until = before.replace(microsecond=0) + timedelta(seconds=1 if before.microsecond else 0)
        text = msgspec.to_builtins(until)
        query: Any = self._database.client.collection(collection).where(filter=FieldFilter("respond_by", "<", text))
        snapshots = self._database.query(query.order_by("respond_by").limit(limit))
        self._meter.add(reads=max(1, len(snapshots)))
        return snapshots

    def close(self, windows: Sequence[OpenWindow]) -> None:
        """Let some be due no more."""
        if not windows:
            return
        batch = self._database.client.batch()
        for each in windows:
            reference = self._database.reference(OUTCOMES if each.shown else DELIVERIES, each.delivery_id)
            batch.update(reference, {"respond_by": firestore.DELETE_FIELD})
        try:
            self._database.commit(batch, blind=True)
        except StaleError:  # one of them was erased meanwhile
            if len(windows) > 1:
                for each in windows:
                    self.close([each])
            return
        self._meter.add(writes=len(batch))
