"""Finding the person of a request, whether present, merged into another or erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.domain.erasure import ERASED
from shared.domain.errors import ErasedError, InvalidError, NotFoundError
from shared.domain.identifiers import PERSON_ID, normalise, stored
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports import Contacts, Persons


class Found(NamedTuple):
    """A person, and all ids that ever were the person's."""

    person: Person
    ids: tuple[str, ...]


class Find:
    """Finds persons by raw identifiers, or by their ids."""

    def __init__(self, persons: Persons, contacts: Contacts, identifier_key: bytes) -> None:
        """Look in `persons`, by identifiers hashed with a key; `contacts` know who is one with whom."""
        self._persons = persons
        self._contacts = contacts
        self._key = identifier_key

    def identifier(self, identifiers: Mapping[str, Any]) -> tuple[str, str]:
        """The one identifier of a request, as it is stored.

        Raises:
            InvalidError: it is not exactly one, or cannot be one.
        """
        if len(identifiers) != 1:
            raise InvalidError("name one identifier", field="identifiers")
        [(name, raw)] = identifiers.items()
        namespace, value = normalise(name, raw)
        return namespace, stored(self._key, namespace, value)

    def link(self, identifiers: Mapping[str, Any]) -> Identifier | None:
        """What is known of an identifier; None of a canonical id, which needs none.

        Raises:
            NotFoundError: nothing.
        """
        namespace, value = self.identifier(identifiers)
        if namespace == PERSON_ID:
            return None
        link = self._persons.links({namespace: value}).get(namespace)
        if link is None:
            raise NotFoundError(f"nobody is known by this {namespace}")
        return link

    def person_id(self, identifiers: Mapping[str, Any]) -> str:
        """Whom an identifier points at.

        Raises:
            ErasedError: somebody who was erased.
            NotFoundError: nobody.
        """
        link = self.link(identifiers)
        if link is None:
            return self.identifier(identifiers)[1]
        if link.rule == ERASED:
            raise ErasedError("whoever was known by this was erased; nothing is held")
        return link.person_id

    def person(self, person_id: str) -> Found:
        """A person by an id, which may be a former one.

        Raises:
            ErasedError: the person was erased.
            NotFoundError: there is none.
        """
        ids = {person_id}
        found = self._persons.profile(person_id)
        while found is not None and found.value.merged_into is not None and found.value.merged_into not in ids:
            ids.add(found.value.merged_into)
            found = self._persons.profile(found.value.merged_into)
        if found is None:
            raise NotFoundError(f"there is no person {person_id}")
        person = found.value
        ids |= {person.person_id, *person.fragments, *self._contacts.history(person.person_id).value.parts}
        return Found(person, (person.person_id, *sorted(ids - {person.person_id})))
