"""Finding the person of a request, whether present, merged into another or erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from shared.domain.erasure import ERASED
from shared.domain.errors import ErasedError, NotFoundError
from shared.domain.identifiers import PERSON_ID, sole, stored
from shared.domain.identity.links import Identifier
from shared.domain.identity.resolution import is_held
from shared.domain.profile import Person
from shared.ports import Contacts, PersonalData, Persons, behind

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Found(NamedTuple):
    """A person, all ids that ever were the person's, and the versions of their documents."""

    person: Person
    ids: tuple[str, ...]
    versions: dict[str, str]


class Find:
    """Finds persons by raw identifiers, or by their ids."""

    def __init__(self, persons: Persons, contacts: Contacts, data: PersonalData, identifier_key: bytes) -> None:
        """Look in `persons`, by identifiers hashed with a key; `contacts` know who is one with whom."""
        self._persons = persons
        self._contacts = contacts
        self._data = data
        self._key = identifier_key

    def identifier(self, identifiers: Mapping[str, Any]) -> Identifier:
        """What the one identifier of a request points at; of a canonical id, that it is itself.

        Raises:
            InvalidError: it is not exactly one, or cannot be one.
            NotFoundError: nobody is known by it.
        """
        namespace, value = sole(identifiers)
        if namespace == PERSON_ID:
            return Identifier(
                namespace=namespace, value=value, person_id=value, signal_id="", source="", at=LONG_AGO, rule=PERSON_ID
            )
        known = self._data.known_by(namespace, stored(self._key, namespace, value))
        living = [each for each in known if each.rule != ERASED]
        if not known:
            raise NotFoundError(f"nobody is known by this {namespace}")
        return (living or known)[0]

    def person_of(self, identifier: Identifier) -> Found:
        """Whom an identifier points at.

        Raises:
            ErasedError: somebody who was erased.
            NotFoundError: nobody, any more.
        """
        if identifier.rule == ERASED:
            raise ErasedError("whoever was known by this was erased; nothing is held")
        try:
            found = self.person(identifier.person_id)
        except ErasedError:
            if not identifier.anchor:
                raise  # what it hangs on may be somebody else's by now
        else:
            if not identifier.anchor or is_held(identifier, found.person):
                return found
        anchor = self._persons.identifiers([identifier.anchor]).get(identifier.anchor)
        if anchor is None:
            raise NotFoundError(f"nobody is known by this {identifier.namespace} any more")
        return self.person_of(anchor.value)

    def parted(self, person: Person) -> tuple[str, ...]:
        """All ids of whoever an operator took a person apart from, without those who were erased since."""
        graph, ids = person.graph, set[str]()
        refused = [link for each, link in graph.links.items() if each in graph.refusals]
        ends = {key for link in refused for key in (link.stronger, link.weaker)}
        for other in self._persons.identifiers(sorted(ends - graph.members.keys())).values():
            if other.value.rule == ERASED:
                continue
            try:
                ids.update(self.person(other.value.person_id).ids)
            except (ErasedError, NotFoundError):
                continue
        return tuple(sorted(ids))

    def person(self, person_id: str) -> Found:
        """A person by an id, which may be a former one.

        Raises:
            ErasedError: the person was erased.
            NotFoundError: there is none.
        """
        found = behind(self._persons, person_id)
        if found is None:
            raise NotFoundError(f"there is no person {person_id}")
        person = found.value
        together = self._contacts.history(person.person_id).value.parts
        former = sorted({person_id, *person.fragments, *together} - {person.person_id})
        versions = {person.person_id: found.version or ""}
        for each in former:
            redirect = self._persons.profile(each)
            if redirect is not None and redirect.version is not None:
                versions[each] = redirect.version
        return Found(person, (person.person_id, *former), versions)
