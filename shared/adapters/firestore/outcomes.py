"""Outcomes in Firestore."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from google.cloud import firestore

from shared.adapters.firestore.client import Database, encode
from shared.adapters.firestore.contacts import CONTACTS
from shared.adapters.firestore.histories import change, observation
from shared.adapters.firestore.models import MODELS, shard_of
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.propensity import NO_EVIDENCE, Counts
from shared.ports import Meter, Outcome

OUTCOMES = "outcomes"


class Outcomes:
    """The port `Outcomes`. Everything but the outcome's creation commutes, so outcomes may come in any order."""

    def __init__(self, database: Database, meter: Meter) -> None:
        """Write to `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def record(self, outcome: Outcome, delivery: Delivery, contact: Contact | None, learnt: Counts) -> None:
        """Create the outcome, note it in the history and add what is learnt, in one commit that reads nothing."""
        batch = self._database.client.batch()
        batch.create(self._database.reference(OUTCOMES, outcome.id), encode(outcome))
        history = self._database.reference(CONTACTS, delivery.person_id)
        batch.set(history, change(delivery, observation(contact, outcome.outcome, outcome.at)), merge=True)
        if learnt != NO_EVIDENCE:
            model = self._database.reference(MODELS, shard_of(delivery.model, zlib.crc32(outcome.id.encode())))
            batch.set(model, {"model": delivery.model, **_increments(encode(learnt))}, merge=True)
        self._database.commit(batch, blind=True)
        self._meter.add(writes=len(batch))


def _increments(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Counts as what adds them, without those that add nothing."""
    return {
        name: _increments(count) if isinstance(count, dict) else firestore.Increment(count)
        for name, count in counts.items()
        if count
    }
