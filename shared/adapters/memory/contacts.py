"""Contact histories and deliveries in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.adapters.together import Own, guarded, read_each, read_together
from shared.domain.contact import Contact
from shared.domain.contact_folding import Fold
from shared.domain.contact_history import ContactHistory
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.domain.ready import ready
from shared.ports import Folding, Meter, Versioned


class Contacts:
    """The port `Contacts`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

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
        return {person_id: self._of(person_id) for person_id in person_ids}

    def _of(self, person_id: str) -> Own:
        with self._store.lock:
            history = self._store.histories.get(person_id)
            if history is None:
                return Own(ContactHistory(), None)
            contacts, late = dict(history.contacts), dict(history.late)
            past, withheld, version = history.past, dict(history.withheld), history.version
            merged_into, former = history.merged_into, history.former
        read = ContactHistory.read(_decoded(contacts), _decoded(late), past, withheld)
        return Own(read, version, merged_into, former)

    def reserve(
        self,
        person_id: str,
        version: str | None,
        contacts: Sequence[Contact],
        *,
        fold: Fold | None = None,
    ) -> None:
        """Add contacts to the history, and fold it, in one guarded commit."""
        with self._store.lock:
            others = self._guard_history(person_id, version)
            history = self._store.history(person_id)
            if fold is not None:
                history.fold(fold)
            for contact in contacts:
                history.contacts[contact.delivery_id] = msgspec.json.encode(contact)
        self._meter.add(writes=1 + others)

    def present(self, deliveries: Sequence[Delivery], *, folding: Folding | None = None) -> None:
        """Create deliveries that count as contact only when seen, and fold; those that are there are left alone."""
        with self._store.lock:
            absent = [d for d in deliveries if d.delivery_id not in self._store.deliveries]
            for delivery in absent:
                self._put(delivery)
            folds = 0
            if folding is not None and absent:
                history = self._store.histories.get(folding.person_id)
                version = guarded(folding.person_id, folding.version)[folding.person_id]
                if history is not None and history.version == version:
                    self._store.history(folding.person_id).fold(folding.fold)
                    folds = 1
        self._meter.add(reads=0 if len(absent) == len(deliveries) else len(deliveries), writes=len(absent) + folds)

    def withhold(self, person_id: str, decision_id: str, at: datetime, *, forget: Sequence[str] = ()) -> None:
        """Remember that a decision chose nothing."""
        with self._store.lock:
            withheld = self._store.history(person_id).withheld
            for old in forget:
                withheld.pop(old, None)
            withheld[decision_id] = at
        self._meter.add(writes=1)

    def defer(self, person_id: str, version: str | None, deferral: Deferral, *, forget: Sequence[str] = ()) -> None:
        """Keep a deferral, and remember that its decision chose nothing, in one guarded commit."""
        with self._store.lock:
            others = self._guard_history(person_id, version)
            if deferral.decision_id in self._store.deferrals:
                raise StaleError(f"{deferral.decision_id} was deferred meanwhile")
            withheld = self._store.history(person_id).withheld
            for old in forget:
                withheld.pop(old, None)
            withheld[deferral.decision_id] = deferral.at
            self._store.deferrals[deferral.decision_id] = msgspec.json.encode(deferral)
            self._store.due[deferral.decision_id] = deferral.deferred.until
        self._meter.add(writes=2 + others)

    def deferral(self, decision_id: str) -> Deferral | None:
        """The deferral of a decision, None where there is none."""
        self._meter.add(reads=1)
        with self._store.lock:
            data = self._store.deferrals.get(decision_id)
        return msgspec.json.decode(data, type=ready(Deferral)) if data is not None else None

    def delivery(self, delivery_id: str) -> Versioned[Delivery] | None:
        """A delivery, None where there is none."""
        self._meter.add(reads=1)
        with self._store.lock:
            document = self._store.deliveries.get(delivery_id)
        if document is None:
            return None
        return Versioned(msgspec.json.decode(document.data, type=ready(Delivery)), document.version)

    def deliveries(self, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
        """Those of these deliveries that exist, by id."""
        wanted = dict.fromkeys(delivery_ids)
        self._meter.add(reads=len(wanted))
        with self._store.lock:
            found = [self._store.deliveries[key] for key in wanted if key in self._store.deliveries]
        decoded = [msgspec.json.decode(document.data, type=ready(Delivery)) for document in found]
        return {delivery.delivery_id: delivery for delivery in decoded}

    def by_references(self, references: Sequence[str]) -> dict[str, Sequence[Delivery]]:
        """The deliveries that were sent and whose providers call the message one of these."""
        wanted = frozenset(references)
        with self._store.lock:
            every = [msgspec.json.decode(each.data, type=ready(Delivery)) for each in self._store.deliveries.values()]
        found: dict[str, list[Delivery]] = {}
        for delivery in every:
            if delivery.reference in wanted:
                found.setdefault(delivery.reference or "", []).append(delivery)
        self._meter.add(reads=max(1, sum(map(len, found.values()))) if wanted else 0)
        return dict(found)

    def deliveries_of(self, person_ids: Sequence[str], action: str) -> Sequence[Delivery]:
        """The deliveries of an action to these persons."""
        with self._store.lock:
            every = [msgspec.json.decode(each.data, type=ready(Delivery)) for each in self._store.deliveries.values()]
        found = [each for each in every if each.person_id in person_ids and each.action == action]
        self._meter.add(reads=max(1, len(found)))
        return found

    def claim(self, delivery: Delivery, version: str | None) -> str:
        """Move a delivery, and its contact, to `sending` in one guarded commit; returns its new version."""
        with self._store.lock:
            self._guard(delivery, version)
            new = self._put(delivery)
            claimed = {"state": "sending", "at": delivery.at, "bins": ""}
            self._store.change_contact(delivery, **claimed)
        self._meter.add(writes=2)
        return new

    def settle(self, delivery: Delivery, version: str | None, *, release: bool) -> None:
        """Write a delivery's end in one guarded commit; with `release` its contact no longer counts."""
        with self._store.lock:
            self._guard(delivery, version)
            self._put(delivery)
            if release:
                self._store.change_contact(delivery, state="released")
        self._meter.add(writes=2 if release else 1)

    def _put(self, delivery: Delivery) -> str:
        version = self._store.next_version()
        self._store.deliveries[delivery.delivery_id] = Document(msgspec.json.encode(delivery), version)
        return version

    def _guard_history(self, person_id: str, version: str | None) -> int:
        """Refuse what was decided on histories that changed since; how many there are besides the person's own."""
        versions = guarded(person_id, version)
        for each, read in versions.items():
            present = self._store.histories.get(each)
            if (present.version if present else None) != read:
                raise StaleError(f"the contact history of {each} changed since it was read")
        return len(versions) - 1

    def _guard(self, delivery: Delivery, version: str | None) -> None:
        document = self._store.deliveries.get(delivery.delivery_id)
        if version is None:
            if document is not None:
                raise AlreadyExistsError(f"delivery {delivery.delivery_id} exists already")
        elif document is None or document.version != version:
            raise StaleError(f"delivery {delivery.delivery_id} changed since it was read")


def _decoded(contacts: Mapping[str, bytes]) -> dict[str, Contact]:
    return {key: msgspec.json.decode(data, type=ready(Contact)) for key, data in contacts.items()}
