"""One try to find the person of a signal, and to write what it changes in one guarded commit."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from functions.identity.people import LARGEST, People, Place, leading, standing
from functions.identity.starting import Started, raised, started
from shared.domain.erasure import ERASED, alive
from shared.domain.errors import ErasedError, OversizedError, PermanentError, StaleError
from shared.domain.identifiers import PERSON_ID
from shared.domain.identity.links import Conflict, Graph, Identifier, Link, namespace_of
from shared.domain.identity.partition import SHARED, Strength
from shared.domain.identity.resolution import (
    FIRST_SEEN,
    TOGETHER,
    News,
    conflicts_of,
    hanging_by,
    keys_of,
    met_apart,
    news,
    pointing,
)
from shared.domain.identity.teaching import remembering, restricted, taught, teaches
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.signal import Signal
from shared.ports import Persons, Rewrite, Versioned
from shared.runtime.telemetry import log

NOTHING_NEW = News()


class Seen(NamedTuple):
    """A signal's identifiers that may link, strongest first; what is known of them; where the strongest stands, None of
    one that is nobody's; and what is new.
    """

    linking: list[str]
    found: dict[str, Versioned[Identifier]]
    place: Place | None
    new: News


class Resolving:
    """A signal, and whose it is."""

    def __init__(
        self, persons: Persons, people: People, policy: Policy, signal: Signal, now: datetime, *, asked: bool
    ) -> None:
        """Take a signal that somebody waits for, where it is `asked`."""
        self._persons = persons
        self._people = people
        self._policy = policy
        self._signal = signal
        self._now = now
        self._asked = asked
        self._shared: Person | None = None
        self._strength = Strength(policy.revision.namespaces)

    def __call__(self) -> tuple[Started, tuple[Conflict, ...]]:
        """The person of the signal, written as it is now, and what stood against its links.

        Raises:
            StaleError, AlreadyExistsError: somebody wrote what this was to be built on; nothing is written.
            ErasedError: it is of somebody who was erased.
            PermanentError: the signal names a person whom there is not.
        """
        signal = self._signal
        if PERSON_ID in signal.identifiers:
            return self._named(), ()
        keys = keys_of(signal, self._policy.revision.namespaces)
        found = self._persons.identifiers(keys)
        if len(keys) == 1 and found and (place := self._settled(found[keys[0]].value)) is not None:
            return self._kept(Seen(keys, found, place, NOTHING_NEW), place), ()
        living = alive(keys, {key: each.value for key, each in found.items()})
        if len(living) < len(keys):
            keys, found = living, {key: each for key, each in found.items() if key in living}
        linking = _linking(keys, {key for key, each in found.items() if each.value.shared})
        strongest = linking[0]
        if strongest != keys[0]:
            self._shared = self._told(found[keys[0]].value)
        place = self._people.place(found[strongest].value) if strongest in found else None
        known = {key: each.value for key, each in found.items() if key != strongest or place is not None}
        new = news(linking, known, place.person.value if place else None, signal, self._strength)
        if strongest != keys[0]:
            alone = [key for key in keys if key not in found or not found[key].value.shared]
            new = met_apart(
                found[keys[0]].value, alone, known, self._graphs(alone, found, place), signal, self._strength
            )
        seen = Seen(linking, found, place, new)
        hangs = strongest in found and bool(found[strongest].value.anchor)
        speaks = hangs and self._shared is None and bool(signal.consent)
        if place is not None and not new.links and not speaks:  # whoever speaks enters the graph, and hangs no more
            return self._kept(seen, place), new.conflicts
        try:
            return self._joined(seen)
        except OversizedError as error:
            return self._apart(seen, str(error))

    def _settled(self, identifier: Identifier) -> Place | None:
        """Where the only identifier of a signal stands, to which the signal then adds nothing; None of one that hangs,
        is shared or is nobody's any more.
        """
        if identifier.shared or identifier.anchor or identifier.rule == ERASED:
            return None
        return self._people.place(identifier)

    def _named(self) -> Started:
        """The person whom our own scheduler names: its signals are no evidence of who is whom."""
        named = self._signal.identifiers[PERSON_ID]
        found = self._people.person(named)
        if found is None:
            raise PermanentError(f"no profile of person {named}")
        return self._written(Place(found, named), "")

    def _told(self, identifier: Identifier) -> Person:
        """What stands alone with a shared identifier, which was the strongest of the signal: what the signal teaches is
        kept with that, since nobody knows of whom it is.
        """
        place = self._people.place(identifier)
        assert place is not None  # it hangs on nothing
        known = place.person.value
        learnt = taught(known, place.fragment, identifier.key, self._signal, self._policy)
        if learnt is not known:
            learnt = msgspec.structs.replace(learnt, version=known.version + 1)
            self._persons.rewrite(Rewrite(persons=[Versioned(learnt, place.person.version)]))
        return learnt

    def _kept(self, seen: Seen, place: Place) -> Started:
        """The person of a signal that joins nobody."""
        earlier, strongest = seen.new.earlier, seen.found[seen.linking[0]]
        changed = [Versioned(each, seen.found[each.key].version) for each in earlier] if earlier else []
        if not place.person.value.graph.members and self._speaks_apart(seen.linking[0]):
            place = Place(self._people.with_graph(place.person, self._strength), place.fragment)
        led_to = leading(place.fragment, place.person.value.person_id)
        if (strongest.value.person_id, strongest.value.led_to) != (place.fragment, led_to):
            after = msgspec.structs.replace(strongest.value, person_id=place.fragment, led_to=led_to)
            changed.append(Versioned(after, strongest.version))
        anchor = strongest.value.anchor
        return self._written(place, seen.linking[0], anchor=anchor, created=seen.new.hanging, changed=changed)

    def _speaks_apart(self, key: str) -> bool:
        """Whether an identifier may not be the strongest of a person whose graph is not known, and teaches."""
        if not teaches(self._signal, self._policy):
            return False
        highest = max(each.priority for each in self._policy.revision.namespaces.values())
        return self._strength.namespace(key).priority < highest

    def _written(
        self,
        place: Place,
        voice: str,
        *,
        anchor: str = "",
        created: Sequence[Identifier] = (),
        changed: Sequence[Versioned[Identifier]] = (),
    ) -> Started:
        read = place.person
        came_to = self._taught(read.value, place.fragment, voice, anchor)
        persons = []
        if came_to.person is not read.value:
            came_to = raised(came_to, read.value.version + 1)
            persons.append(Versioned(came_to.person, read.version))
        if persons or created or changed:
            self._persons.rewrite(Rewrite(persons=persons, created=created, changed=changed))
        return came_to

    def _joined(self, seen: Seen) -> tuple[Started, tuple[Conflict, ...]]:
        """The person of a signal that is new evidence: whoever is tied to it is rebuilt."""
        signal, found, strongest = self._signal, seen.found, seen.linking[0]
        hanging = [each.key for each in seen.new.hanging] if self._shared is None else []
        links = []
        for link in seen.new.links:
            if link.weaker not in (*found, strongest) and self._strength.namespace(link.weaker).hangs:
                hanging.append(link.weaker)
            else:
                links.append(link)
        ends = list(dict.fromkeys([strongest, *(link.weaker for link in links)]))
        places = {key: self._weaker(found[key].value) for key in ends[1:] if key in found}
        places[strongest] = seen.place
        read = self._people.tied([place.person for place in places.values() if place], self._strength, largest=LARGEST)
        members, evidence = self._members(ends, places, found)
        rebuilt = self._people.rebuilt(
            read,
            self._strength,
            signal.received_at,
            members=members,
            links=[*links, *evidence],
            objections=self._policy.revision.catalogue.consent.objections,
        )
        if not {*ends} <= rebuilt.person_of.keys():
            raise StaleError("identifiers were moved between two readings")
        stands = {key: rebuilt.fragment_of(key) for key in ends}
        person_id = rebuilt.person_of[strongest]
        came_to = self._taught(rebuilt.persons[person_id], stands[strongest], strongest)
        rebuilt.persons[person_id] = came_to.person
        rule = TOGETHER if read else FIRST_SEEN
        created = [pointing(key, signal, stands[key], rule) for key in ends if key not in found]
        created += [pointing(key, signal, stands[strongest], rule, anchor=strongest) for key in hanging]
        created += seen.new.hanging if self._shared is not None else ()
        changed = [Versioned(each, found[each.key].version) for each in seen.new.earlier]
        changed += [
            Versioned(after, found[key].version)
            for key in ends
            if key in found and (after := standing(found[key].value, stands[key], rebuilt)) != found[key].value
        ]
        self._people.write(read, rebuilt, created=created, changed=changed)
        conflicts = conflicts_of(links, rebuilt.conflicts, rebuilt.person_of)
        for conflict in conflicts:
            if conflict.reason == SHARED:
                _warn(conflict)
        return came_to, (*seen.new.conflicts, *conflicts)

    def _members(
        self, keys: Sequence[str], places: Mapping[str, Place | None], found: Mapping[str, Versioned[Identifier]]
    ) -> tuple[dict[str, str], list[Link]]:
        """Those of a signal's identifiers that no graph has yet, and the links by which some of them hung."""
        members: dict[str, str] = {}
        links: list[Link] = []
        for key in keys:
            place, anchor = places.get(key), found[key].value.anchor if key in found else ""
            if place is None or anchor:
                members[key] = place.fragment if place else ""
            if anchor and (place or self._strength.counts(anchor, key)):  # what it hung on may be shared now
                links.append(hanging_by(found[key].value))
        return members, links

    def _graphs(
        self, keys: Sequence[str], found: Mapping[str, Versioned[Identifier]], place: Place | None
    ) -> dict[str, Graph]:
        """The graphs of those of a signal's identifiers that have one and count the persons they meet."""
        counting = [key for key in keys if self._strength.namespace(key).max_persons is not None and key in found]
        places = {key: place if key == keys[0] else self._weaker(found[key].value) for key in counting}
        return {key: there.person.value.graph for key, there in places.items() if there is not None}

    def _weaker(self, identifier: Identifier) -> Place | None:
        try:
            return self._people.place(identifier)
        except ErasedError as error:  # whose identifiers get their tombstones a moment later
            raise StaleError(f"whoever the {identifier.namespace} points at is being erased") from error

    def _apart(self, seen: Seen, reason: str) -> tuple[Started, tuple[Conflict, ...]]:
        """The person of a signal whose evidence would tie too much together: it is not used."""
        alone = Seen(seen.linking[:1], seen.found, seen.place, News())
        came_to = self._kept(alone, seen.place) if seen.place else self._joined(alone)[0]
        conflict = Conflict(namespace=namespace_of(seen.linking[0]), person_id=came_to.person.person_id, reason=reason)
        _warn(conflict)
        return came_to, (conflict,)

    def _taught(self, person: Person, fragment: str, voice: str, anchor: str = "") -> Started:
        """What comes of the signal. Where a shared identifier was the strongest in it, the decision reads what it
        teaches, and heeds what was said with that identifier; the person remembers only that it was decided on.
        """
        learnt = taught(person, fragment, voice, self._signal, self._policy, anchor=anchor)
        if self._shared is not None:
            learnt = restricted(learnt, self._shared)
        came_to = started(self._policy, self._signal, learnt, fragment, self._now, asked=self._asked)
        if self._shared is None:
            return came_to
        triggered = came_to.person.triggered
        return came_to._replace(
            person=person if triggered is learnt.triggered else remembering(person, fragment, triggered)
        )


def _linking(keys: list[str], shared: Container[str]) -> list[str]:
    """Those of a signal's identifiers that may link, strongest first; one that is shared links to none of them."""
    alone = [key for key in keys if key not in shared]
    return alone if keys[0] not in shared else alone[:1] or keys[:1]


def _warn(conflict: Conflict) -> None:
    """Tell the operators of an identifier that met too many: people share it, or the value is a bad one."""
    log("WARNING", f"identity: {conflict.reason}", namespace=conflict.namespace, person_id=conflict.person_id)
