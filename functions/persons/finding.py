"""Finding whom an operator means: by an identifier as it is written, or by an id that is or was a person's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from functions.identity.people import People
from shared.domain.errors import ErasedError, InvalidError, NotFoundError
from shared.domain.identifiers import PERSON_ID, sole, stored
from shared.domain.identity.links import Link, key_of
from shared.domain.identity.partition import Strength
from shared.domain.identity.resolution import epoch, hanging_by
from shared.domain.profile import Person
from shared.ports import Catalogues, Persons, Versioned


class Found(NamedTuple):
    """Whom an operator means.

    Attributes:
        person: with the graph of its identifiers.
        keys: of the identifiers that were meant: the one that was named, or all that entered under the id.
        hanging: the link by which the one that was named hangs on another.
    """

    person: Versioned[Person]
    keys: frozenset[str]
    hanging: tuple[Link, ...] = ()


Finding = Callable[[Mapping[str, Any], datetime], Found]
"""Finds the person of one identifier, as `Find` does."""


class Find:
    """Finds persons, whatever they were merged into."""

    def __init__(self, catalogues: Catalogues, persons: Persons, people: People, identifier_key: bytes) -> None:
        """Look in `persons`, by identifiers hashed with a key in the namespaces of the live revision."""
        self._catalogues = catalogues
        self._persons = persons
        self._people = people
        self._key = identifier_key

    def __call__(self, identifiers: Mapping[str, Any], now: datetime) -> Found:
        """The person of one identifier, `person_id` among them.

        Raises:
            InvalidError: it is not exactly one, or can be none.
            NotFoundError: nobody is known by it.
            ErasedError: the person was erased.
        """
        namespace, value = sole(identifiers)
        known = self._catalogues.current().revision.namespaces
        strength = Strength(known)
        if namespace == PERSON_ID:
            return self._by_id(value, strength)
        if namespace not in known:
            raise InvalidError(
                f"unknown namespace; one of {', '.join(sorted(known))}", field=f"identifiers.{next(iter(identifiers))}"
            )
        key = key_of(namespace, stored(self._key, namespace, value), epoch(known[namespace], now))
        found = self._persons.identifiers([key]).get(key)
        place = self._people.place(found.value) if found is not None else None
        if found is None or place is None:
            raise NotFoundError(f"nobody is known by this {namespace}")
        hanging = (hanging_by(found.value),) if found.value.anchor else ()
        return Found(self._people.with_graph(place.person, strength), frozenset([key]), hanging)

    def _by_id(self, person_id: str, strength: Strength) -> Found:
        found = self._people.person(person_id)
        if found is None:
            raise NotFoundError(f"there is no person {person_id}")
        person = self._people.with_graph(found, strength)
        entered = person.value.graph.members.items()
        return Found(person, frozenset(key for key, fragment in entered if fragment == person_id))


def both(
    find: Finding,
    one: Mapping[str, Any],
    other: Mapping[str, Any],
    now: datetime,
) -> tuple[Found, Found]:
    """The persons of two identifiers.

    Raises:
        InvalidError, NotFoundError, ErasedError: as of one, saying of which of the two.
    """
    return _said_of("one", find, one, now), _said_of("other", find, other, now)


def _said_of(name: str, find: Finding, identifiers: Mapping[str, Any], now: datetime) -> Found:
    try:
        return find(identifiers, now)
    except InvalidError as error:
        raise InvalidError(error.detail, field=f"{name}.{error.field}" if error.field else name) from error
    except (NotFoundError, ErasedError) as error:
        raise type(error)(f"{name}: {error}") from error
