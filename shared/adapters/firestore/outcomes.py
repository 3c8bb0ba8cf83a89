"""Outcomes in Firestore: a document for each delivery of which anything was observed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from google.cloud import firestore

from shared.adapters.firestore.client import Database, decode, encode, encode_update, version_of
from shared.adapters.firestore.contacts import CONTACTS
from shared.adapters.firestore.histories import change, observation
from shared.adapters.firestore.models import MODELS, shard_of
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.domain.forgetting import EPOCH, Era
from shared.domain.lessons import Lessons, teach
from shared.domain.observed import Observed
from shared.ports import Meter, Recording, Versioned

OUTCOMES = "outcomes"


class Outcomes:
    """The port `Outcomes`."""

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read and write `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def observed(self, delivery_ids: Sequence[str]) -> dict[str, Versioned[Observed]]:
        """What was observed of some deliveries, in one batched read."""
        references = [self._database.reference(OUTCOMES, each) for each in dict.fromkeys(delivery_ids)]
        self._meter.add(reads=len(references))
        found = {}
        for snapshot in self._database.get_all(references):
            observed = decode(Observed, snapshot)
            found[observed.delivery_id] = Versioned(observed, version_of(snapshot.update_time))
        return found

    def record(self, recordings: Sequence[Recording]) -> None:
        """Keep what is observed, note it in the histories and add what is learnt, in one guarded commit."""
        batch = self._database.client.batch()
        learnt: dict[str, tuple[str, Era | None, Lessons]] = {}  # by shard
        for each in recordings:
            delivery, took = each.delivery, each.took
            reference = self._database.reference(OUTCOMES, delivery.delivery_id)
            if each.version is None:
                batch.create(reference, encode(took.after))
            else:
                batch.update(reference, encode_update(took.after), option=self._database.guard(each.version))
            if took.noted or took.undone or each.contact is not None:
                noted = change(delivery, observation(each.contact, took.noted, took.undone))
                batch.set(self._database.reference(CONTACTS, delivery.person_id), noted, merge=True)
            teach(partial(_lessons, learnt, delivery), took.increments, delivery.bins)
        for shard, (model, era, lessons) in learnt.items():
            fields = {"model": model, **_said(era)}
            if increments := _increments(encode(lessons.counts())):
                batch.set(self._database.reference(MODELS, shard), {**fields, **increments}, merge=True)
        try:
            self._database.commit(batch, blind=True)  # models are contended, and the guards hold at every try
        except AlreadyExistsError as error:
            raise StaleError("of a delivery something was observed meanwhile") from error
        self._meter.add(writes=len(batch))


def _lessons(learnt: dict[str, tuple[str, Era | None, Lessons]], delivery: Delivery, era: Era | None) -> Lessons:
    """Those of an era, of the shard that learns of a delivery."""
    shard = shard_of(delivery.model, zlib.crc32(delivery.delivery_id.encode()), era)
    return learnt.setdefault(shard, (delivery.model, era, Lessons()))[-1]


def _said(era: Era | None) -> dict[str, Any]:
    """An era as its shards say it, and from when on they may be deleted."""
    if era is None:
        return {}
    return {"era": encode(era), "forgotten_at": EPOCH + timedelta(days=era.forgotten_on)}


def _increments(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Counts as what adds them, without those that add nothing."""
    found: dict[str, Any] = {}
    for name, count in counts.items():
        adds = _increments(count) if isinstance(count, dict) else firestore.Increment(count) if count else None
        if adds:
            found[name] = adds
    return found
