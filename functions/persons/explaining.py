"""Why two identifiers are one person's, or are not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from functions.persons.finding import Find, Found, both
from functions.persons.showing import Apart, Evidence, Named, apart_by, evidence_of, named, refused
from shared.domain.identity.evidence import Step, chain
from shared.domain.identity.links import Link


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a chain, in the direction in which it is gone."""

    start: Named
    end: Named
    evidence: Evidence


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why two are one person, or not.

    Attributes:
        persons: whose each of the two is.
        chain: the shortest chain of evidence from the one to the other, where they are one.
        apart: links between the persons that a rule or an operator refused, where they are not.
    """

    persons: tuple[str, str]
    one_person: bool
    chain: list[Linked]
    apart: list[Apart]


class WhyOne:
    """The use case over its ports."""

    def __init__(self, find: Find) -> None:
        """Look up persons with `find`."""
        self._find = find

    def __call__(self, one: dict[str, Any], other: dict[str, Any], now: datetime) -> Why:
        """Why two identifiers are one person's.

        Raises:
            InvalidError: one of them can be none.
            NotFoundError: nobody is known by one of them.
            ErasedError: one of them was erased.
        """
        first, second = both(self._find, one, other, now)
        persons = (first.person.value.person_id, second.person.value.person_id)
        if persons[0] != persons[1]:
            return Why(persons=persons, one_person=False, chain=[], apart=_apart(first, second))
        steps = between(first, second) or ()
        return Why(
            persons=persons,
            one_person=True,
            chain=[Linked(start=named(s.start), end=named(s.end), evidence=evidence_of(s.link)) for s in steps],
            apart=[],
        )


def between(one: Found, other: Found, without: frozenset[str] = frozenset()) -> tuple[Step, ...] | None:
    """The shortest chain of evidence between two of one person, None where there is none; `without` some links."""
    hanging = [link for link in (*one.hanging, *other.hanging) if link.id not in without]
    return chain([*held(one, without), *hanging], one.keys, other.keys)


def _apart(one: Found, other: Found) -> list[Apart]:
    """The links between two persons that were refused. One of a shared identifier stands with that alone."""
    graphs = one.person.value.graph, other.person.value.graph
    members = [graph.members.keys() for graph in graphs]
    found: dict[str, Apart] = {}
    for graph in graphs:
        for link, reason in refused(graph):
            if all(keys & {link.stronger, link.weaker} for keys in members):
                found[link.id] = apart_by(link, reason)
    return list(found.values())


def held(found: Found, without: frozenset[str] = frozenset()) -> list[Link]:
    """The links of a person that nobody refused."""
    graph = found.person.value.graph
    refused = {*graph.conflicts, *graph.refusals, *without}
    return [link for each, link in graph.links.items() if each not in refused]
