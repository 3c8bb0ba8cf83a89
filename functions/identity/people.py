"""Persons as identity reads them: redirects followed, those that conflicts tie together read together, and all that
changes written in one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.domain.catalogue.consent import Objection
from shared.domain.erasure import ERASED
from shared.domain.errors import ErasedError, OversizedError, PermanentError, StaleError
from shared.domain.identity.links import Identifier, Link, Refusal
from shared.domain.identity.partition import ABSENT, Strength
from shared.domain.identity.rebuilding import Rebuilt, rebuild
from shared.domain.identity.resolution import hanging_by, is_held
from shared.domain.profile import Person
from shared.ports import Persons, Rewrite, Versioned, behind

LARGEST = 1_000
"""Identifiers rebuilt together at most: so that a document holds whoever comes of it, and a commit what it touches."""

TOO_LARGE = f"more than {LARGEST:,} identifiers would hang together"


class Place(NamedTuple):
    """Where an identifier stands: whose it is, and under which of the person's former ids it entered."""

    person: Versioned[Person]
    fragment: str


class People:
    """Reads and rewrites persons."""

    def __init__(self, persons: Persons, new_id: Callable[[], str]) -> None:
        """Keep `persons`; those that a rebuild makes get ids from `new_id`."""
        self._persons = persons
        self._new_id = new_id

    def person(self, person_id: str) -> Versioned[Person] | None:
        """The person of an id, whatever it was merged into."""
        return behind(self._persons, person_id)

    def place(self, identifier: Identifier) -> Place | None:
        """Where an identifier stands; None of one that hung on what is shared now, and is nobody's.

        Raises:
            ErasedError: its person was erased.
            StaleError: what it points at is being rewritten.
        """
        if identifier.rule == ERASED:
            raise ErasedError(f"whoever was known by this {identifier.namespace} was erased")
        try:
            person = self._person_of(identifier)
        except ErasedError:
            if not identifier.anchor:
                raise  # what it hangs on may be somebody else's by now
        else:
            if is_held(identifier, person.value):
                return Place(person, _fragment(identifier.anchor or identifier.key, identifier.person_id, person.value))
            if not identifier.anchor:
                raise StaleError(f"the {identifier.namespace} is being moved")
        anchor = self._persons.identifiers([identifier.anchor]).get(identifier.anchor)
        if anchor is None or anchor.value.shared:
            return None
        if anchor.value.rule == ERASED:
            raise ErasedError(f"whoever was known by what the {identifier.namespace} hangs on was erased")
        person = self._person_of(anchor.value)
        if not is_held(anchor.value, person.value):
            raise StaleError(f"the {anchor.value.namespace} is being moved")
        return Place(person, _fragment(anchor.value.key, anchor.value.person_id, person.value))

    def tied(
        self, persons: Iterable[Versioned[Person]], strength: Strength, *, largest: int | None = None
    ) -> dict[str, Versioned[Person]]:
        """These persons and all that conflicts tie to them, by id.

        Args:
            persons: to begin with.
            strength: what the catalogue says of identifiers.
            largest: how many identifiers may hang together, if more are to be added; any number may be taken apart.

        Raises:
            StaleError: one of them was written while they were read.
            OversizedError: more hang together than may.
        """
        found: dict[str, Versioned[Person]] = {}
        waiting = list(persons)
        while waiting:
            person = waiting.pop()
            if person.value.person_id in found:
                if found[person.value.person_id].version != person.version:
                    raise StaleError("a person was written between two readings of it")
                continue
            found[person.value.person_id] = self.with_graph(person, strength)
            others = (self._living(each) for each in person.value.graph.others if each not in found)
            waiting += [other for other in others if other is not None]
            if largest is not None and sum(len(each.value.graph.members) for each in found.values()) > largest:
                raise OversizedError(TOO_LARGE)
        return found

    def rebuilt(
        self,
        read: Mapping[str, Versioned[Person]],
        strength: Strength,
        now: datetime,
        *,
        members: Mapping[str, str] | None = None,
        links: Sequence[Link] = (),
        refusals: Mapping[str, Refusal] | None = None,
        objections: Sequence[Objection] = (),
    ) -> Rebuilt:
        """The persons that were read, rebuilt."""
        return rebuild(
            [read[each].value for each in sorted(read)],
            strength,
            self._new_id,
            now=now,
            members=members,
            links=links,
            refusals=refusals,
            objections=objections,
        )

    def write(
        self,
        read: Mapping[str, Versioned[Person]],
        rebuilt: Rebuilt,
        *,
        created: Sequence[Identifier] = (),
        changed: Sequence[Versioned[Identifier]] = (),
    ) -> None:
        """Write what a rebuild changed, on condition that nobody wrote any of those it read.

        Raises:
            StaleError: somebody did; nothing is written.
            AlreadyExistsError: an identifier was linked meanwhile; nothing is written.
            OversizedError: what changes is more than one commit holds; nothing is written.
        """
        told = {identifier.key for identifier in created} | {each.value.key for each in changed}
        moved = self._persons.identifiers([key for key in rebuilt.moved if key not in told])
        for key in rebuilt.freed & moved.keys():
            person = rebuilt.persons[rebuilt.person_of[key]]
            rebuilt.persons[person.person_id] = _counting(person, hanging_by(moved[key].value))
        before = {each: person.person_id for person in _values(read) for each in person.fragments}
        version = max((person.version for person in _values(read)), default=0) + 1
        guarded, placed = [], []
        for person_id, person in rebuilt.persons.items():
            if person_id in read:
                guarded.append(Versioned(person, read[person_id].version))
            elif person_id in before:
                placed.append(person)
            else:
                guarded.append(Versioned(person, None))
        for person_id, target in rebuilt.redirects.items():
            known = read.get(person_id)
            if known is None and before.get(person_id) == target:
                continue
            created_at = rebuilt.persons[target].fragments[person_id].created_at
            redirect = Person(person_id=person_id, version=version, created_at=created_at, merged_into=target)
            if known is None:
                placed.append(redirect)
            else:
                guarded.append(Versioned(redirect, known.version))
        changed = [
            *changed,
            *(
                Versioned(standing(each.value, rebuilt.moved[key], rebuilt), each.version)
                for key, each in moved.items()
            ),
        ]
        together = {
            person_id: [each for each in person.fragments if each != person_id]
            for person_id, person in rebuilt.persons.items()
            if (person_id in read or person_id in before)
            and not (person_id in read and {*read[person_id].value.fragments} == {*person.fragments})
        }
        self._persons.rewrite(
            Rewrite(persons=guarded, placed=placed, created=created, changed=changed, together=together)
        )

    def _living(self, person_id: str) -> Versioned[Person] | None:
        """A person at the other end of a conflict, unless erased since."""
        try:
            return self.person(person_id)
        except ErasedError:
            return None

    def with_graph(self, person: Versioned[Person], strength: Strength) -> Versioned[Person]:
        """A person with a graph: one stored before there were graphs gets one of all that points at it."""
        if person.value.graph.members:
            return person
        held = [each for each in self._persons.identifiers_of([person.value.person_id]) if not each.anchor]
        held.sort(key=lambda identifier: strength.order(identifier.key))
        graph = msgspec.structs.replace(
            person.value.graph,
            members={each.key: each.person_id for each in held},
            links={
                link.id: link
                for each in held[1:]
                for link in [hanging_by(msgspec.structs.replace(each, anchor=held[0].key))]
            },
        )
        return Versioned(msgspec.structs.replace(person.value, graph=graph), person.version)

    def _person_of(self, identifier: Identifier) -> Versioned[Person]:
        found = self._led_to(identifier) or self.person(identifier.person_id)
        if found is None:
            raise PermanentError(f"no profile of person {identifier.person_id}")
        return found

    def _led_to(self, identifier: Identifier) -> Versioned[Person] | None:
        """Whom an identifier was followed to before, if it leads there still: a read instead of two."""
        if not identifier.led_to:
            return None
        try:
            found = self._persons.profile(identifier.led_to)
        except ErasedError:
            return None  # it may have been taken apart before
        return found if found is not None and identifier.person_id in found.value.fragments else None


def standing(identifier: Identifier, fragment: str, rebuilt: Rebuilt) -> Identifier:
    """An identifier as it stands in a graph after a rebuild."""
    return msgspec.structs.replace(
        identifier,
        person_id=fragment,
        anchor="",
        shared=identifier.key in rebuilt.shared,
        led_to=leading(fragment, rebuilt.person_of[identifier.key]),
    )


def leading(fragment: str, person_id: str) -> str:
    """What an identifier that stands under one id says of whom that leads to."""
    return "" if fragment == person_id else person_id


def _counting(person: Person, link: Link) -> Person:
    """A person of one that hung on what is shared now, with the link by which it did."""
    graph = person.graph
    links, conflicts = {**graph.links, link.id: link}, {**graph.conflicts, link.id: ABSENT}
    return msgspec.structs.replace(person, graph=msgspec.structs.replace(graph, links=links, conflicts=conflicts))


def _values(read: Mapping[str, Versioned[Person]]) -> list[Person]:
    return [each.value for each in read.values()]


def _fragment(key: str, entered_as: str, person: Person) -> str:
    return person.graph.members.get(key, entered_as)
