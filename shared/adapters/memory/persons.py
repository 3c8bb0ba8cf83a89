"""Identifiers and profiles in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.domain.errors import AlreadyExistsError, ErasedError, StaleError
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports import Meter, Versioned


class Persons:
    """The port `Persons`. A version is the document's and the profile's own, to tell an unchanged profile."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Read and write `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def links(self, identifiers: Mapping[str, str]) -> dict[str, Identifier]:
        """Those of these identifiers that are linked, by namespace."""
        self._meter.add(reads=len(identifiers))
        with self._store.lock:
            found = {ns: self._store.identifiers.get((ns, value)) for ns, value in identifiers.items()}
        return {ns: msgspec.json.decode(data, type=Identifier) for ns, data in found.items() if data is not None}

    def profile(self, person_id: str) -> Versioned[Person] | None:
        """A person's profile, None where there is none."""
        self._meter.add(reads=1)
        with self._store.lock:
            document = self._store.profiles.get(person_id)
        if document is None:
            return None
        if not document.data:
            raise ErasedError(f"person {person_id} was erased")
        profile = msgspec.json.decode(document.data, type=Person)
        return Versioned(profile, f"{document.version}/{profile.version}")

    def create(self, profile: Person, links: Sequence[Identifier]) -> None:
        """Create a person with its first identifiers, in one commit."""
        self.create_all([(profile, links)])

    def create_all(self, persons: Sequence[tuple[Person, Sequence[Identifier]]]) -> None:
        """Create several persons in one commit."""
        with self._store.lock:
            for profile, links in persons:
                self._refuse_linked(links)
                if profile.person_id in self._store.profiles:
                    raise AlreadyExistsError(f"person {profile.person_id} exists already")
            for profile, links in persons:
                self._put(profile)
                self._link(links)
        self._meter.add(writes=sum(1 + len(links) for _, links in persons))

    def update(self, profile: Versioned[Person], links: Sequence[Identifier]) -> None:
        """Write a changed profile and link identifiers to it, in one commit."""
        person = profile.value
        version, _, own = (profile.version or "").rpartition("/")
        changed = own != str(person.version)
        with self._store.lock:
            if changed:
                document = self._store.profiles.get(person.person_id)
                if document is None or document.version != version:
                    raise StaleError(f"the profile of {person.person_id} changed since it was read")
            self._refuse_linked(links)
            if changed:
                self._put(person)
            self._link(links)
        self._meter.add(writes=int(changed) + len(links))

    def _put(self, profile: Person) -> None:
        self._store.profiles[profile.person_id] = Document(msgspec.json.encode(profile), self._store.next_version())

    def _link(self, links: Sequence[Identifier]) -> None:
        for link in links:
            self._store.identifiers[link.namespace, link.value] = msgspec.json.encode(link)

    def _refuse_linked(self, links: Sequence[Identifier]) -> None:
        for link in links:
            if (link.namespace, link.value) in self._store.identifiers:
                raise AlreadyExistsError(f"the {link.namespace} is linked already")
