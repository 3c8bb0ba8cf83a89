"""Contact histories and deliveries in Firestore."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from google.cloud import firestore

from shared.adapters.firestore import deferrals
from shared.adapters.firestore.client import Database, decode, encode, encode_update, fields_of, path, version_of
from shared.domain.contact_history import Contact, ContactHistory
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.ports import Meter, Versioned

CONTACTS = "contacts"
DELIVERIES = "deliveries"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Contacts:
    """The port `Contacts`: a document of `contacts` per person, one of `deliveries` per delivery.

    Claims, releases and outcomes change single fields of the history without reading it. One that comes after its entry
    was forgotten leaves a fragment, which reading skips.
    """

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read and write `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def history(self, person_id: str) -> Versioned[ContactHistory]:
        """A person's contact history; empty, with version None, where there is none yet."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(CONTACTS, person_id))
        if not snapshot.exists:
            return Versioned(ContactHistory(), None)
        return Versioned(decode_history(fields_of(snapshot)), version_of(snapshot.update_time))

    def reserve(
        self,
        person_id: str,
        version: str | None,
        contacts: Sequence[Contact],
        *,
        forget: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> None:
        """Add contacts to the history in one guarded commit."""
        batch = self._database.client.batch()
        reference = self._database.reference(CONTACTS, person_id)
        entries = {contact.delivery_id: encode_contact(contact) for contact in contacts}
        if version is None:
            batch.create(reference, {"contacts": entries, "withheld": {}})
        else:
            update: dict[str, Any] = {path("contacts", key): firestore.DELETE_FIELD for key in forget[0]}
            update |= {path("withheld", key): firestore.DELETE_FIELD for key in forget[1]}
            update |= {path("contacts", key): entry for key, entry in entries.items()}
            batch.update(reference, update, option=self._database.guard(version))
        try:
            self._database.commit(batch)
        except AlreadyExistsError as error:
            raise StaleError(f"a contact history of {person_id} was created meanwhile") from error
        self._meter.add(writes=1)

    def present(self, deliveries: Sequence[Delivery]) -> None:
        """Create deliveries that count as contact only when seen; those that are there already are left alone."""
        absent = list(deliveries)
        while absent:
            batch = self._database.client.batch()
            for delivery in absent:
                batch.create(self._reference(delivery.delivery_id), encode(delivery))
            try:
                self._database.commit(batch, blind=True)
            except AlreadyExistsError:
                known = self.deliveries([delivery.delivery_id for delivery in absent])
                absent = [delivery for delivery in absent if delivery.delivery_id not in known]
            else:
                self._meter.add(writes=len(batch))
                return

    def withhold(self, person_id: str, decision_id: str, at: datetime, *, forget: Sequence[str] = ()) -> None:
        """Remember that a decision chose nothing, so that its signal's repetition is not decided again."""
        batch = self._database.client.batch()
        entry = {"withheld": {**dict.fromkeys(forget, firestore.DELETE_FIELD), decision_id: msgspec.to_builtins(at)}}
        batch.set(self._database.reference(CONTACTS, person_id), entry, merge=True)
        self._database.commit(batch, blind=True)
        self._meter.add(writes=1)

    def defer(self, person_id: str, version: str | None, deferral: Deferral, *, forget: Sequence[str] = ()) -> None:
        """Keep a deferral, and remember that its decision chose nothing, in one guarded commit."""
        batch = self._database.client.batch()
        reference = self._database.reference(CONTACTS, person_id)
        at = msgspec.to_builtins(deferral.at)
        if version is None:
            batch.create(reference, {"contacts": {}, "withheld": {deferral.decision_id: at}})
        else:
            update: dict[str, Any] = {path("withheld", key): firestore.DELETE_FIELD for key in forget}
            update[path("withheld", deferral.decision_id)] = at
            batch.update(reference, update, option=self._database.guard(version))
        kept = self._database.reference(deferrals.DEFERRALS, deferral.decision_id)
        batch.create(kept, deferrals.encode_deferral(deferral))
        try:
            self._database.commit(batch)
        except AlreadyExistsError as error:
            raise StaleError(f"{person_id} or {deferral.decision_id} was written meanwhile") from error
        self._meter.add(writes=2)

    def deferral(self, decision_id: str) -> Deferral | None:
        """The deferral of a decision, None where there is none."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(deferrals.DEFERRALS, decision_id))
        return deferrals.decode_deferral(snapshot) if snapshot.exists else None

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

    def claim(self, delivery: Delivery, version: str | None) -> str:
        """Move a delivery, and its contact, to `sending` in one guarded commit; returns its new version."""
        batch = self._guarded(delivery, version)
        claimed = {"state": "sending", "at": msgspec.to_builtins(delivery.at)}
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
        batch.set(reference, {"contacts": {delivery.delivery_id: fields}}, merge=True)

    def _reference(self, delivery_id: str) -> firestore.DocumentReference:
        return self._database.reference(DELIVERIES, delivery_id)


def encode_contact(contact: Contact) -> dict[str, Any]:
    """A contact as an entry of the history.

    Times of outcomes are microseconds since 1970, so that the earliest is kept by an atomic minimum.
    """
    entry = encode(contact)
    if contact.outcomes:
        entry["outcomes"] = {name: microseconds(at) for name, at in contact.outcomes.items()}
    return entry


def decode_history(fields: dict[str, Any]) -> ContactHistory:
    """A history from its document, without the fragments of entries that were forgotten."""
    contacts = {}
    for key, entry in fields.get("contacts", {}).items():
        if "decision_id" not in entry:
            continue
        if "outcomes" in entry:
            entry["outcomes"] = {name: _EPOCH + at * _MICROSECOND for name, at in entry["outcomes"].items()}
        contacts[key] = entry
    return msgspec.convert({"contacts": contacts, "withheld": fields.get("withheld", {})}, ContactHistory)


def microseconds(at: datetime) -> int:
    """A time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND
