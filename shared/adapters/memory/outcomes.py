"""Outcomes, and the counts that they teach, in memory."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from shared.adapters.memory.store import Store
from shared.adapters.refreshing import MODELS_REFRESH_SECONDS, Monotonic, Refreshing
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyExistsError
from shared.domain.propensity import NO_EVIDENCE, Counts
from shared.ports import Meter, Outcome


class Outcomes:
    """The port `Outcomes`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Write to `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def record(self, outcome: Outcome, delivery: Delivery, contact: Contact | None, learnt: Counts) -> None:
        """Create the outcome, note it in the history and add what is learnt, in one commit."""
        with self._store.lock:
            if outcome.id in self._store.outcomes:
                raise AlreadyExistsError(f"outcome {outcome.id} was recorded before")
            self._store.outcomes[outcome.id] = msgspec.json.encode(outcome)
            self._note(outcome, delivery, contact)
            if learnt != NO_EVIDENCE:
                self._store.models[delivery.model] = self._store.models.get(delivery.model, NO_EVIDENCE) + learnt
        self._meter.add(writes=2 if learnt == NO_EVIDENCE else 3)

    def _note(self, outcome: Outcome, delivery: Delivery, contact: Contact | None) -> None:
        history = self._store.history(delivery.person_id)
        key = delivery.delivery_id
        entries = history.contacts if contact is not None or key in history.contacts else history.late
        data = entries.get(key)
        known = msgspec.json.decode(data, type=Contact) if data is not None else None
        base = known or contact or Contact.late(delivery)
        outcomes = dict(base.outcomes)
        for name, at in [*(contact.outcomes.items() if contact else ()), (outcome.outcome, outcome.at)]:
            outcomes[name] = min(at, outcomes.get(name, at))
        entries[key] = msgspec.json.encode(msgspec.structs.replace(base, outcomes=outcomes))


class Models:
    """The port `Models`."""

    def __init__(
        self,
        store: Store,
        *,
        refresh_seconds: float = MODELS_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Read `store` afresh every `refresh_seconds`."""
        self._store = store
        self._counts = Refreshing(self._load, refresh_seconds=refresh_seconds, monotonic=monotonic)

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id; cached, refreshed behind the answer."""
        return self._counts.get()

    def _load(self) -> Mapping[str, Counts]:
        with self._store.lock:
            return dict(self._store.models)
