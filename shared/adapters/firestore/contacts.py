"""Contact histories and deliveries in Firestore."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore import deferrals
from shared.adapters.firestore.client import (
    Database,
    Snapshot,
    decode,
    encode,
    encode_update,
    fields_of,
    version_of,
)
from shared.adapters.firestore.histories import additions, change, changes, decode_history, microseconds
from shared.adapters.sealing import Sealer
from shared.adapters.together import Own, guarded, read_each, read_together
from shared.domain.contact import Contact
from shared.domain.contact_folding import Fold
from shared.domain.contact_history import ContactHistory
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.ports import Folding, Meter, Versioned

CONTACTS = "contacts"
DELIVERIES = "deliveries"
ASKED_AT_ONCE = 30
"""Values that one query may name."""


class Contacts:
    """The port `Contacts`: a document of `contacts` per person, one of `deliveries` per delivery.

    Claims, releases and outcomes change single fields of the history without reading it. They bring the facts of their
    contact, so that one that comes after its entry was folded is not lost.
    """

    def __init__(self, database: Database, meter: Meter, sealer: Sealer) -> None:
        """Read and write `database`, counting on `meter`; deferrals are sealed by `sealer`."""
        self._database = database
        self._meter = meter
        self._sealer = sealer

    def history(self, person_id: str) -> Versioned[ContactHistory]:
        """The contact history of a person and of those that are one with it; empty, with version None, where there is
        none yet.
        """
        return read_together(person_id, self._own)

    def histories(self, person_ids: Sequence[str]) -> dict[str, ContactHistory]:
        """The contact history of each of these persons."""
        return read_each(dict.fromkeys(person_ids), self._own)

    def _own(self, person_ids: Sequence[str]) -> dict[str, Own]:
        self._meter.add(reads=len(person_ids))
        references = {each: self._database.reference(CONTACTS, each) for each in person_ids}
        found = {snapshot.id: snapshot for snapshot in self._documents(list(references.values()))}
        return {person_id: _own(found.get(reference.id)) for person_id, reference in references.items()}

    def _documents(self, references: Sequence[firestore.DocumentReference]) -> list[Snapshot]:
        """Those of these documents that exist; one alone is read by itself, which is quicker than a batch of one."""
        if len(references) > 1:
            return self._database.get_all(references)
        snapshot = self._database.get(references[0])
        return [snapshot] if snapshot.exists else []

    def reserve(
        self,
        person_id: str,
        version: str | None,
        contacts: Sequence[Contact],
        *,
        fold: Fold | None = None,
    ) -> None:
        """Add contacts to the history, and fold it, in one guarded commit."""
        batch = self._database.client.batch()
        self._change(batch, person_id, version, additions(contacts), fold)
        try:
            self._database.commit(batch)
        except AlreadyExistsError as error:
            raise StaleError(f"a contact history of {person_id} was created meanwhile") from error
        self._meter.add(writes=len(batch))

    def present(self, deliveries: Sequence[Delivery], *, folding: Folding | None = None) -> None:
        """Create deliveries that count as contact only when seen, and fold; those that are there are left alone."""
        absent = list(deliveries)
        while absent:
            batch = self._database.client.batch()
            for delivery in absent:
                batch.create(self._reference(delivery.delivery_id), encode(delivery))
            if folding is not None:
                version = guarded(folding.person_id, folding.version)[folding.person_id]
                self._change(batch, folding.person_id, version, {}, folding.fold)
            try:
                self._database.commit(batch, blind=True)
            except AlreadyExistsError:
                known = self.deliveries([delivery.delivery_id for delivery in absent])
                absent = [delivery for delivery in absent if delivery.delivery_id not in known]
            except StaleError:
                if folding is None:
                    raise
                folding = None
            else:
                self._meter.add(writes=len(batch))
                return

    def withhold(self, person_id: str, decision_id: str, at: datetime, *, forget: Sequence[str] = ()) -> None:
        """Remember that a decision chose nothing, so that its signal's repetition is not decided again."""
        batch = self._database.client.batch()
        entry = {"withheld": {**dict.fromkeys(forget, firestore.DELETE_FIELD), decision_id: microseconds(at)}}
        batch.set(self._database.reference(CONTACTS, person_id), entry, merge=True)
        self._database.commit(batch, blind=True)
        self._meter.add(writes=1)

    def defer(self, person_id: str, version: str | None, deferral: Deferral, *, forget: Sequence[str] = ()) -> None:
        """Keep a deferral, and remember that its decision chose nothing, in one guarded commit."""
        batch = self._database.client.batch()
        withheld = {**dict.fromkeys(forget, firestore.DELETE_FIELD), deferral.decision_id: microseconds(deferral.at)}
        self._change(batch, person_id, version, {"withheld": withheld})
        kept = self._database.reference(deferrals.DEFERRALS, deferral.decision_id)
        batch.create(kept, deferrals.encode_deferral(self._sealer, deferral))
        try:
            self._database.commit(batch)
        except AlreadyExistsError as error:
            raise StaleError(f"{person_id} or {deferral.decision_id} was written meanwhile") from error
        self._meter.add(writes=len(batch))

    def deferral(self, decision_id: str) -> Deferral | None:
        """The deferral of a decision, None where there is none."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(deferrals.DEFERRALS, decision_id))
        return deferrals.decode_deferral(self._sealer, snapshot) if snapshot.exists else None

    def delivery(self, delivery_id: str) -> Versioned[Delivery] | None:
        """A delivery, None where there is none."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._reference(delivery_id))
        return Versioned(decode(Delivery, snapshot), version_of(snapshot.update_time)) if snapshot.exists else None

    def deliveries(self, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
        """Those of these deliveries that exist, by id, in one batched read."""
        references = [self._reference(delivery_id) for delivery_id in dict.fromkeys(delivery_ids)]
        self._meter.add(reads=len(references))
        found = [decode(Delivery, snapshot) for snapshot in self._database.get_all(references)]
        return {delivery.delivery_id: delivery for delivery in found}

    def by_references(self, references: Sequence[str]) -> dict[str, Sequence[Delivery]]:
        """The deliveries that were sent and whose providers call the message one of these."""
        left, found = iter(dict.fromkeys(references)), dict[str, list[Delivery]]()
        while some := list(islice(left, ASKED_AT_ONCE)):
            query = self._database.client.collection(DELIVERIES).where(filter=FieldFilter("reference", "in", some))
            snapshots = self._database.query(query)
            self._meter.add(reads=max(1, len(snapshots)))
            for snapshot in snapshots:
                delivery = decode(Delivery, snapshot)
                found.setdefault(delivery.reference or "", []).append(delivery)
        return dict(found)

    def deliveries_of(self, person_ids: Sequence[str], action: str) -> Sequence[Delivery]:
        """The deliveries of an action to these persons. Two equalities need no index of their own."""
        left, found = iter(dict.fromkeys(person_ids)), list[Delivery]()
        collection = self._database.client.collection(DELIVERIES)
        while some := list(islice(left, ASKED_AT_ONCE)):
            query = collection.where(filter=FieldFilter("person_id", "in", some))
            snapshots = self._database.query(query.where(filter=FieldFilter("action", "==", action)))
            self._meter.add(reads=max(1, len(snapshots)))
            found += [decode(Delivery, snapshot) for snapshot in snapshots]
        return found

    def claim(self, delivery: Delivery, version: str | None) -> str:
        """Move a delivery, and its contact, to `sending` in one guarded commit; returns its new version."""
        batch = self._guarded(delivery, version)
        claimed = {"state": "sending", "at": microseconds(delivery.at)}
        self._merge(batch, delivery, {**claimed, "bins": firestore.DELETE_FIELD})
        versions = self._database.commit(batch)
        self._meter.add(writes=2)
        return versions[0]

    def settle(self, delivery: Delivery, version: str | None, *, release: bool) -> None:
        """Write a delivery's end in one guarded commit; with `release` its contact no longer counts."""
        batch = self._guarded(delivery, version)
        if release:
            self._merge(batch, delivery, {"state": "released"})
        self._database.commit(batch)
        self._meter.add(writes=len(batch))

    def _change(
        self,
        batch: firestore.WriteBatch,
        person_id: str,
        version: str | None,
        added: Mapping[str, Mapping[str, Any]],
        fold: Fold | None = None,
    ) -> None:
        """Add entries to a person's own history, and fold it, guarded by the versions of all that was read."""
        versions = guarded(person_id, version)
        own = versions.pop(person_id)
        reference = self._database.reference(CONTACTS, person_id)
        if own is None:
            batch.create(reference, dict(added))
        else:
            batch.update(reference, changes(added, fold), option=self._database.guard(own))
        for other, its in versions.items():
            if its is not None:
                unchanged = {"-": firestore.DELETE_FIELD}
                batch.update(self._database.reference(CONTACTS, other), unchanged, option=self._database.guard(its))

    def _guarded(self, delivery: Delivery, version: str | None) -> firestore.WriteBatch:
        batch = self._database.client.batch()
        reference = self._reference(delivery.delivery_id)
        if version is None:
            batch.create(reference, encode(delivery))
        else:
            batch.update(reference, encode_update(delivery), option=self._database.guard(version))
        return batch

    def _merge(self, batch: firestore.WriteBatch, delivery: Delivery, fields: dict[str, Any]) -> None:
        reference = self._database.reference(CONTACTS, delivery.person_id)
        batch.set(reference, change(delivery, fields), merge=True)

    def _reference(self, delivery_id: str) -> firestore.DocumentReference:
        return self._database.reference(DELIVERIES, delivery_id)


def regroup(database: Database, batch: firestore.WriteBatch, groups: Mapping[str, Collection[str]]) -> None:
    """Add to a batch that the contact histories of persons are from now on read together as `groups` say: who survives,
    to the former persons that belong to it. Whoever decides on what was read before finds it stale.
    """
    for person_id, former in groups.items():
        survives = {"former": sorted(former) or firestore.DELETE_FIELD, "merged_into": firestore.DELETE_FIELD}
        belongs = {"former": firestore.DELETE_FIELD, "merged_into": person_id}
        batch.set(database.reference(CONTACTS, person_id), survives, merge=True)
        for each in former:
            batch.set(database.reference(CONTACTS, each), belongs, merge=True)


def _own(snapshot: Snapshot | None) -> Own:
    if snapshot is None:
        return Own(ContactHistory(), None)
    fields = fields_of(snapshot)
    version = version_of(snapshot.update_time)
    return Own(decode_history(fields), version, fields.get("merged_into", ""), tuple(fields.get("former", ())))
