"""Identifiers and profiles in memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.domain.errors import AlreadyExistsError, ErasedError, StaleError
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.domain.ready import ready
from shared.ports import Meter, Rewrite, Versioned

_identifier = msgspec.json.Decoder(ready(Identifier)).decode
_person = msgspec.json.Decoder(ready(Person)).decode


class Persons:
    """The port `Persons`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def identifiers(self, keys: Sequence[str]) -> dict[str, Versioned[Identifier]]:
        """Those of the identifiers with these keys that are known, by key."""
        self._meter.add(reads=len(keys))
        found: dict[str, Versioned[Identifier]] = {}
        with self._store.lock:
            for key in keys:
                document = self._store.identifiers.get(key)
                if document is not None:
                    found[key] = Versioned(_identifier(document.data), document.version)
        return found

    def identifiers_of(self, person_ids: Sequence[str]) -> list[Identifier]:
        """All identifiers that point at one of these ids, in order of their keys."""
        with self._store.lock:
            held = [_identifier(each.data) for each in self._store.identifiers.values()]
        found = [identifier for identifier in held if identifier.person_id in person_ids]
        self._meter.add(reads=len(found))
        return sorted(found, key=lambda identifier: identifier.key)

    def profile(self, person_id: str) -> Versioned[Person] | None:
        """A person's profile, None where there is none."""
        self._meter.add(reads=1)
        with self._store.lock:
            document = self._store.profiles.get(person_id)
        if document is None:
            return None
        if not document.data:
            raise ErasedError(f"person {person_id} was erased")
        return Versioned(_person(document.data), document.version)

    def profiles(self, person_ids: Sequence[str]) -> dict[str, Person]:
        """The documents of these ids that are there and not erased."""
        wanted = dict.fromkeys(person_ids)
        self._meter.add(reads=len(wanted))
        with self._store.lock:
            held = {each: self._store.profiles.get(each) for each in wanted}
        return {
            person_id: _person(document.data)
            for person_id, document in held.items()
            if document is not None and document.data
        }

    def rewrite(self, change: Rewrite) -> None:
        """Write persons and identifiers that change together, in one guarded commit."""
        with self._store.lock:
            self._check(change)
            for person in (*(each.value for each in change.persons), *change.placed):
                self._store.profiles[person.person_id] = Document(
                    msgspec.json.encode(person), self._store.next_version()
                )
            for identifier in (*change.created, *(each.value for each in change.changed)):
                self._store.identifiers[identifier.key] = Document(
                    msgspec.json.encode(identifier), self._store.next_version()
                )
            self._store.regroup(change.together)
        kinds = (change.persons, change.placed, change.created, change.changed, change.together)
        former = sum(map(len, change.together.values()))
        self._meter.add(writes=sum(map(len, kinds)) + former)

    def _check(self, change: Rewrite) -> None:
        for identifier in change.created:
            if identifier.key in self._store.identifiers:
                raise AlreadyExistsError(f"the {identifier.namespace} is linked already")
        for person in change.persons:
            person_id, document = person.value.person_id, self._store.profiles.get(person.value.person_id)
            if person.version is None:
                if document is not None:
                    raise AlreadyExistsError(f"person {person_id} exists already")
            elif document is None or document.version != person.version:
                raise StaleError(f"the profile of {person_id} changed since it was read")
        for each in change.changed:
            held = self._store.identifiers.get(each.value.key)
            if held is None or held.version != each.version:
                raise StaleError(f"the {each.value.namespace} changed since it was read")
