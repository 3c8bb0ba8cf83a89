"""Persons rebuilt from the log of their links: whom new links merge, whom they part, and what each of them keeps
(`domain.md` 3).

The log of some persons holds all that bears on them: their links, and those that were refused between them and others,
who are rebuilt with them. What they are made of goes by fragments: each goes with the strongest of the identifiers that
entered under it, and of several that come together the one created first gives the person its id. What other
identifiers taught goes with these. So what was merged and is parted again is as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.domain.catalogue.consent import Objection
from shared.domain.identity.fragments import assembled, lessons_of, parts, survivor
from shared.domain.identity.lessons import handed_over, lessons_among
from shared.domain.identity.links import Graph, Link, Refusal
from shared.domain.identity.partition import ABSENT, SHARED, Partition, Strength, partition
from shared.domain.identity.voices import voices_of
from shared.domain.profile import Fragment, Lesson, Person


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """Persons as they come out.

    Attributes:
        persons: those that there are now, by id.
        redirects: ids that were persons' and are merged into one of them, or were before and are merged into another
            now, to that one.
        moved: identifiers that stand under another id than before, and that id, by key.
        person_of: whose each identifier is.
        shared: identifiers that met too many persons.
        freed: those of the moved that hung on what is shared now, which counts for how many persons they met.
        conflicts: links that a rule refused, with the reason, by id.
    """

    persons: dict[str, Person]
    redirects: dict[str, str]
    moved: dict[str, str]
    person_of: dict[str, str]
    shared: frozenset[str]
    freed: frozenset[str]
    conflicts: dict[str, str]

    def fragment_of(self, key: str) -> str:
        """The id under which an identifier stands."""
        return self.persons[self.person_of[key]].graph.members[key]


def rebuild(
    persons: Sequence[Person],
    strength: Strength,
    new_id: Callable[[], str],
    *,
    now: datetime,
    members: Mapping[str, str] | None = None,
    links: Iterable[Link] = (),
    refusals: Mapping[str, Refusal] | None = None,
    objections: Sequence[Objection] = (),
) -> Rebuilt:
    """Rebuild persons and those that conflicts tie to them.

    Args:
        persons: all of them, no redirect among them.
        strength: what the catalogue says of identifiers.
        new_id: gives the ids of persons that there were not before.
        now: when these are created.
        members: identifiers that join the graph, and the id under which each stood; empty where it was nobody's.
        links: new evidence.
        refusals: links that are no evidence from now on.
        objections: what words make flags of.
    """
    log = Log(persons, members or {}, links, refusals or {})
    found = partition(log.members, log.links, strength, log.refusals)
    freed = log.freed(persons, found.shared)
    if freed:
        log.members.update(dict.fromkeys(freed, ""))
        found = partition(log.members, log.links, strength, log.refusals)
    return _Parting(persons, log, found, freed, strength, objections).out(new_id, now)


class Log:
    """Identifiers, links and refusals of several persons together; of one link the earliest evidence."""

    def __init__(
        self,
        persons: Iterable[Person],
        members: Mapping[str, str],
        links: Iterable[Link],
        refusals: Mapping[str, Refusal],
    ) -> None:
        """Put graphs together, and what is new to them."""
        self.members: dict[str, str] = {}
        self.links: dict[str, Link] = {}
        self.refusals: dict[str, Refusal] = {}
        for person in persons:
            self.members.update(person.graph.members)
            self.refusals.update(person.graph.refusals)
            for link in person.graph.links.values():
                self._add(link)
        self.members = {**members, **self.members}
        for link in links:
            self._add(link)
        self.refusals.update(refusals)

    def freed(self, persons: Iterable[Person], shared: Container[str]) -> dict[str, str]:
        """Identifiers that taught, and hung on what is shared now, and that: they are persons of their own."""
        lessons = ((key, lesson) for person in persons for key, lesson in person.lessons.items())
        return {key: lesson.anchor for key, lesson in lessons if key not in self.members and lesson.anchor in shared}

    def _add(self, link: Link) -> None:
        known = self.links.get(link.id)
        if known is None or link.evidence < known.evidence:
            self.links[link.id] = link


class _Parting:
    """How persons come out of a partition."""

    def __init__(
        self,
        persons: Sequence[Person],
        log: Log,
        found: Partition,
        freed: Mapping[str, str],
        strength: Strength,
        objections: Sequence[Objection],
    ) -> None:
        self._log = log
        self._found = found
        self._freed = freed
        self._strength = strength
        self._objections = objections
        self._fragments = {each: held for person in persons for each, held in parts(person).items()}
        self._lessons = {each: held for person in persons for each, held in lessons_of(person).items()}
        self._order = {key: strength.order(key) for key in log.members}
        self._strongest: dict[str, str] = {}
        for person in persons:
            for key, fragment in person.graph.members.items():
                before = self._strongest.get(fragment)
                if before is None or self._order[key] < self._order[before]:
                    self._strongest[fragment] = key
        self._voices = {each: words for person in persons for each, words in voices_of(person).items()}
        self._before = {person.person_id for person in persons}
        self._version = max((person.version for person in persons), default=0) + 1

    def out(self, new_id: Callable[[], str], now: datetime) -> Rebuilt:
        """Give every part its fragments, its id and its links."""
        kept = self._kept()
        persons: dict[str, Person] = {}
        moved: dict[str, str] = {}
        person_of: dict[str, str] = {}
        named: list[tuple[list[str], dict[str, Fragment], dict[str, str]]] = []
        for index, keys in enumerate(self._found.parts):
            fragments = kept.get(index) or {new_id(): Fragment(created_at=now)}
            person_id = survivor(fragments)
            members = {}
            for key in keys:
                members[key] = self._log.members[key]
                if members[key] not in fragments:
                    members[key] = moved[key] = person_id
                person_of[key] = person_id
            named.append((keys, fragments, members))
        graphs = self._graphs(person_of, [members for _, _, members in named])
        for (keys, fragments, _), graph in zip(named, graphs, strict=True):
            unique = self._unique(keys)
            voices = {each: words for each, words in self._voices.items() if each in fragments or each in graph.members}
            held, lessons = self._taught(fragments, graph.members)
            person = assembled(
                held,
                lessons,
                voices=voices,
                graph=graph,
                unique=unique,
                version=self._version,
                strength=self._strength,
                objections=self._objections,
            )
            persons[person.person_id] = person
        redirects = {
            each: person.person_id
            for person in persons.values()
            for each in (person.fragments or (person.person_id,))
            if each != person.person_id
        }
        return Rebuilt(
            persons=persons,
            redirects=redirects,
            moved=moved,
            person_of=person_of,
            shared=self._found.shared,
            freed=frozenset(each for each, anchor in self._freed.items() if self._strength.counts(anchor, each)),
            conflicts=self._found.conflicts,
        )

    def _taught(
        self, fragments: Mapping[str, Fragment], members: Mapping[str, str]
    ) -> tuple[dict[str, Fragment], dict[str, Lesson]]:
        """The fragments of a part, and what its other identifiers taught."""
        lessons = lessons_among(self._lessons, members, self._log.members) if self._lessons else {}
        after: dict[str, str] = {}
        for key, fragment in members.items():  # the strongest first
            after.setdefault(fragment, key)
        return handed_over(fragments, lessons, self._strongest, after)

    def _kept(self) -> dict[int, dict[str, Fragment]]:
        """The fragments of each part: a fragment goes with the strongest identifier that entered under it."""
        kept: dict[int, dict[str, Fragment]] = {}
        gone: set[str] = set()
        keepers = sorted(
            ((self._order[key], index, key) for index, keys in enumerate(self._found.parts) for key in keys)
        )
        for _, index, key in keepers:
            fragment = self._log.members[key]
            if fragment in self._fragments and fragment not in gone:
                gone.add(fragment)
                kept.setdefault(index, {})[fragment] = self._fragments[fragment]
        return kept

    def _graphs(self, person_of: Mapping[str, str], members: Sequence[dict[str, str]]) -> list[Graph]:
        """The graph of each part: a link that was refused stands with both ends, but one of a shared identifier with
        that alone, or with the weaker where it counts for the limit of that.
        """
        links: dict[str, dict[str, Link]] = {}
        conflicts: dict[str, dict[str, str]] = {}
        refusals: dict[str, dict[str, Refusal]] = {}
        others: dict[str, set[str]] = {}
        for each, link in self._log.links.items():
            ends = {person_of[key] for key in (link.stronger, link.weaker) if key in person_of}
            reason = self._found.conflicts.get(each)
            holders = ends
            if reason == SHARED:
                shared = [key for key in (link.stronger, link.weaker) if key in self._found.shared]
                holders = {person_of[key] for key in shared if key in person_of}
            elif reason == ABSENT and link.weaker in person_of:
                holders = {person_of[link.weaker]}
            for person_id in holders:
                links.setdefault(person_id, {})[each] = link
                if reason is not None:
                    conflicts.setdefault(person_id, {})[each] = reason
                    if reason not in (SHARED, ABSENT):
                        others.setdefault(person_id, set()).update(ends - {person_id})
                if each in self._log.refusals:
                    refusals.setdefault(person_id, {})[each] = self._log.refusals[each]
        return [
            Graph(
                members=held,
                links=links.get(person_id, {}),
                conflicts=conflicts.get(person_id, {}),
                refusals=refusals.get(person_id, {}),
                others=tuple(sorted(others.get(person_id, ()))),
            )
            for held in members
            for person_id in [person_of[next(iter(held))]]
        ]

    def _unique(self, keys: Iterable[str]) -> dict[str, str]:
        """The person's identifiers of namespaces that allow one."""
        found = {}
        for key in keys:
            namespace = self._strength.namespace(key)
            if namespace.unique:
                found[namespace.id] = key.partition(":")[2]
        return found
