"""Identity: find or create the person of a signal, join persons that it shows to be one, note what it teaches, and pass
the profile on as read once.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from functions.identity.people import People, Place, TooLargeError, standing
from shared.domain.errors import AlreadyExistsError, PermanentError, StaleError, TransientError
from shared.domain.identifiers import PERSON_ID
from shared.domain.identity.links import Conflict, Identifier, Link, namespace_of
from shared.domain.identity.partition import SHARED, Strength
from shared.domain.identity.resolution import (
    FIRST_SEEN,
    TOGETHER,
    News,
    conflicts_of,
    hanging_by,
    keys_of,
    news,
    pointing,
)
from shared.domain.identity.teaching import taught
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.signal import Signal
from shared.messages import HistoryRow, SignalIdentified, SignalReceived
from shared.messages.rows import ended_row
from shared.ports import Catalogues, NewId, Persons, Rewrite, Versioned
from shared.runtime.telemetry import log

ATTEMPTS = 8
"""Tries of the guarded commit before the message is given back; each loser reads the winner's work."""


class Identify:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, persons: Persons, new_person_id: NewId) -> None:
        """Resolve with the live revision's namespaces; new persons get ids from `new_person_id`."""
        self._catalogues = catalogues
        self._persons = persons
        self._people = People(persons, new_person_id)

    def __call__(self, received: SignalReceived, now: datetime) -> tuple[SignalIdentified | HistoryRow]:
        """The signal with its person; a late one has updated the profile and ends here.

        Raises:
            PermanentError: no identifier, a namespace that the live revision does not know, or an id of nobody.
            TransientError: contention did not end, or the store did not answer.
        """
        policy = self._catalogues.current()
        profile, conflicts = self._person(policy, received.signal)
        if received.signal.is_late:
            return (ended_row(received.decision_id, profile.person_id, received.signal, "late_signal", now),)
        return (
            SignalIdentified(
                message_id=f"{received.decision_id}:signal.identified",
                decision_id=received.decision_id,
                occurred_at=now,
                person_id=profile.person_id,
                revision=policy.revision.id,
                signal=received.signal,
                profile=profile.snapshot(),
                conflicts=conflicts,
                decided_at=now,
            ),
        )

    def _person(self, policy: Policy, signal: Signal) -> tuple[Person, tuple[Conflict, ...]]:
        if not signal.identifiers:
            raise PermanentError("the signal has no identifier, so it is nobody's")
        unknown = [ns for ns in signal.identifiers if ns not in policy.revision.namespaces]
        if unknown:
            raise PermanentError(f"namespace {unknown[0]!r} is not declared in revision {policy.revision.id}")
        for _ in range(ATTEMPTS):
            try:
                return self._once(policy, signal)
            except (AlreadyExistsError, StaleError):
                continue  # somebody linked or wrote meanwhile: their work is read and built on
        raise TransientError(f"identifiers of {signal.source} signal {signal.id} are contended")

    def _once(self, policy: Policy, signal: Signal) -> tuple[Person, tuple[Conflict, ...]]:
        priority = _priority(policy, signal)
        if PERSON_ID in signal.identifiers:
            return self._named(signal, priority), ()
        strength = Strength(policy.revision.namespaces)
        keys = keys_of(signal, policy.revision.namespaces)
        found = self._persons.identifiers(keys)
        linking = _linking(keys, {key for key, each in found.items() if each.value.shared})
        strongest = linking[0]
        place = self._people.place(found[strongest].value) if strongest in found else None
        known = {key: each.value for key, each in found.items() if key != strongest or place is not None}
        new = news(linking, known, place.person.value if place else None, signal, strength)
        seen = _Seen(strength, linking, found, place, new)
        if place is not None and not new.links:
            return self._kept(signal, priority, seen, place), new.conflicts
        try:
            return self._joined(signal, priority, seen)
        except TooLargeError as error:
            return self._apart(signal, priority, seen, str(error))

    def _named(self, signal: Signal, priority: int) -> Person:
        """The person whom our own scheduler names: its signals are no evidence of who is whom."""
        named = signal.identifiers[PERSON_ID]
        found = self._people.person(named)
        if found is None:
            raise PermanentError(f"no profile of person {named}")
        return self._written(found, taught(found.value, named, signal, priority))

    def _kept(self, signal: Signal, priority: int, seen: _Seen, place: Place) -> Person:
        """The person of a signal that joins nobody."""
        person = taught(place.person.value, place.fragment, signal, priority)
        changed = [Versioned(each, seen.found[each.key].version) for each in seen.new.earlier]
        strongest = seen.found[seen.linking[0]]
        if strongest.value.person_id != place.fragment:
            changed.append(
                Versioned(msgspec.structs.replace(strongest.value, person_id=place.fragment), strongest.version)
            )
        return self._written(place.person, person, created=seen.new.hanging, changed=changed)

    def _written(
        self,
        read: Versioned[Person],
        person: Person,
        *,
        created: Sequence[Identifier] = (),
        changed: Sequence[Versioned[Identifier]] = (),
    ) -> Person:
        if person is not read.value:
            person = msgspec.structs.replace(person, version=person.version + 1)
        persons = [] if person is read.value else [Versioned(person, read.version)]
        if persons or created or changed:
            self._persons.rewrite(Rewrite(persons=persons, created=created, changed=changed))
        return person

    def _joined(self, signal: Signal, priority: int, seen: _Seen) -> tuple[Person, tuple[Conflict, ...]]:
        """The person of a signal that is new evidence: whoever is tied to it is rebuilt."""
        strongest, found, links = seen.linking[0], seen.found, list(seen.new.links)
        hanging = [link.weaker for link in links if link.weaker not in found and seen.hangs(link.weaker)]
        links = [link for link in links if link.weaker not in hanging]
        hanging += [each.key for each in seen.new.hanging]
        ends = [strongest, *(link.weaker for link in links)]
        places = {key: self._people.place(found[key].value) for key in ends[1:] if key in found}
        places[strongest] = seen.place
        read = self._people.tied([place.person for place in places.values() if place], seen.strength)
        members, evidence = _members(ends, places, found)
        rebuilt = self._people.rebuilt(
            read, seen.strength, signal.received_at, members=members, links=[*links, *evidence]
        )
        person_id = rebuilt.person_of[strongest]
        fragment = rebuilt.persons[person_id].graph.members[strongest]
        person = rebuilt.persons[person_id] = taught(rebuilt.persons[person_id], fragment, signal, priority)
        rule = TOGETHER if read else FIRST_SEEN
        stands = {key: rebuilt.persons[rebuilt.person_of[key]].graph.members[key] for key in ends}
        changed = [Versioned(each, found[each.key].version) for each in seen.new.earlier]
        changed += [
            Versioned(after, found[key].version)
            for key in ends
            if key in found and (after := standing(found[key].value, stands[key], rebuilt)) != found[key].value
        ]
        created = [pointing(key, signal, stands[key], rule) for key in ends if key not in found]
        created += [pointing(key, signal, fragment, rule, anchor=strongest) for key in hanging]
        self._people.write(read, rebuilt, created=created, changed=changed)
        conflicts = conflicts_of(links, rebuilt.conflicts, rebuilt.person_of)
        for conflict in conflicts:
            if conflict.reason == SHARED:
                log(
                    "WARNING",
                    "an identifier met more persons than it may, and links to nobody any more",
                    namespace=conflict.namespace,
                    person_id=conflict.person_id,
                )
        return person, (*seen.new.conflicts, *conflicts)

    def _apart(self, signal: Signal, priority: int, seen: _Seen, reason: str) -> tuple[Person, tuple[Conflict, ...]]:
        """The person of a signal whose evidence would tie too many identifiers together: it is not used."""
        alone = _Seen(seen.strength, seen.linking[:1], seen.found, seen.place, News())
        if seen.place is not None:
            person = self._kept(signal, priority, alone, seen.place)
        else:
            person, _ = self._joined(signal, priority, alone)
        namespace = namespace_of(seen.linking[0])
        return person, (Conflict(namespace=namespace, person_id=person.person_id, reason=reason),)


class _Seen(NamedTuple):
    """A signal's identifiers that may link, strongest first; what is known of them; where the strongest stands, None of
    one that is nobody's; and what is new.
    """

    strength: Strength
    linking: list[str]
    found: dict[str, Versioned[Identifier]]
    place: Place | None
    new: News

    def hangs(self, key: str) -> bool:
        return self.strength.namespace(key).hangs


def _linking(keys: list[str], shared: Container[str]) -> list[str]:
    """Those of a signal's identifiers that may link, strongest first; one that is shared links to none of them."""
    alone = [key for key in keys if key not in shared]
    return alone if keys[0] not in shared else alone[:1] or keys[:1]


def _members(
    keys: Sequence[str], places: dict[str, Place | None], found: dict[str, Versioned[Identifier]]
) -> tuple[dict[str, str], list[Link]]:
    """Those of a signal's identifiers that no graph has yet, and the links by which some of them hung."""
    members: dict[str, str] = {}
    links: list[Link] = []
    for key in keys:
        place = places.get(key)
        if place is None:
            members[key] = ""
        elif found[key].value.anchor:
            members[key] = place.fragment
            links.append(hanging_by(found[key].value))
    return members, links


def _priority(policy: Policy, signal: Signal) -> int:
    source = policy.revision.sources.get(signal.source)
    return source.priority if source else 0
