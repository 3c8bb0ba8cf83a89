"""What should have been done long ago, counted in memory."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.adapters.memory.personal_data import Erasures
from shared.adapters.memory.store import Store
from shared.domain.delivery import Delivery
from shared.domain.observed import Observed
from shared.domain.ready import ready
from shared.ports import Late


class Overdue:
    """The port `Overdue`."""

    def __init__(self, store: Store) -> None:
        """Count in `store`."""
        self._store = store

    def late(self, before: datetime) -> Late:
        """How much was due before then, and is still."""
        store = self._store
        with store.lock:
            deferrals = sum(due < before for due in store.due.values())
            deliveries = [msgspec.json.decode(each.data, type=ready(Delivery)) for each in store.deliveries.values()]
            outcomes = [msgspec.json.decode(each.data, type=ready(Observed)) for each in store.outcomes.values()]
        ends = [*(each.respond_by for each in deliveries), *(each.respond_by for each in outcomes)]
        return Late(
            deferrals=deferrals,
            deliveries=sum(each.due_at is not None and each.due_at < before for each in deliveries),
            windows=sum(end is not None and end < before for end in ends),
            erasures=len(Erasures(store).due(before)),
        )
