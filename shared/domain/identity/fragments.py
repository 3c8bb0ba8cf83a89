"""Fragments: what the persons behind a merged one hold apart, and the view of them together (`domain.md` 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from typing import Any

import msgspec

from shared.domain.consent import Consent
from shared.domain.features.states import merged as merged_features
from shared.domain.identity.links import Graph
from shared.domain.identity.voices import together
from shared.domain.profile import Fact, Fragment, Person
from shared.domain.signal import Signal
from shared.domain.triggers import merged_entries

_UNSTATED = -1
"""The priority of an attribute that came with the person and not by a signal: any source may change it."""


def parts(profile: Person) -> dict[str, Fragment]:
    """What a profile is made of, by canonical id; a person that never merged is one fragment."""
    if profile.fragments:
        return profile.fragments
    return {
        profile.person_id: Fragment(
            created_at=profile.created_at,
            attributes=profile.attributes,
            facts=profile.facts,
            brands=profile.brands,
            products=profile.products,
            flags=profile.flags,
            reachable=profile.reachable,
            audiences=profile.audiences,
            features=profile.features,
            triggered=profile.triggered,
        )
    }


def assembled(
    fragments: Mapping[str, Fragment],
    voices: dict[str, dict[str, Consent]],
    graph: Graph,
    unique: dict[str, str],
    version: int,
) -> Person:
    """The profile of a person made of these fragments, of which there is at least one, who said this; whoever was
    created first gives it its id.
    """
    person_id = survivor(fragments)
    held = [fragments[each] for each in sorted(fragments)]
    attributes, facts = _attributes(held)
    return Person(
        person_id=person_id,
        version=version,
        created_at=fragments[person_id].created_at,
        attributes=attributes,
        brands=_union(each.brands for each in held),
        products=_union(each.products for each in held),
        flags=_union(each.flags for each in held),
        reachable=_union(each.reachable for each in held),
        audiences=_union(each.audiences for each in held),
        consents=together(voices, graph),
        unique=unique,
        facts=facts,
        features=reduce(merged_features, [each.features for each in held]),
        triggered=reduce(merged_entries, [each.triggered for each in held]),
        fragments=dict(fragments) if len(fragments) > 1 else {},
        voices=voices,
        graph=graph,
    )


def survivor(fragments: Mapping[str, Fragment]) -> str:
    """Whose id a person made of these fragments has: the one created first, ties by id."""
    return min(fragments, key=lambda each: (fragments[each].created_at, each))


def stated(
    attributes: dict[str, Any], facts: dict[str, Fact], created_at: datetime, signal: Signal, priority: int
) -> tuple[dict[str, Any], dict[str, Fact]]:
    """Attributes and their facts after those that a signal states: the higher source priority wins, then the later
    event time, in any order of arrival.
    """
    if not signal.attributes:
        return attributes, facts
    new = Fact(source=signal.source, priority=priority, at=signal.at)
    known, sources = dict(attributes), dict(facts)
    for name, value in signal.attributes.items():
        if name not in known or _weight(value, new, created_at) > _weight(known[name], sources.get(name), created_at):
            known[name], sources[name] = value, new
    return known, sources


def _attributes(fragments: Iterable[Fragment]) -> tuple[dict[str, Any], dict[str, Fact]]:
    """Of each attribute the value of the highest source priority, then of the latest event time."""
    known: dict[str, Any] = {}
    facts: dict[str, Fact] = {}
    weights: dict[str, tuple[int, datetime, str, bytes]] = {}
    for fragment in fragments:
        for name, value in fragment.attributes.items():
            fact = fragment.facts.get(name)
            weight = _weight(value, fact, fragment.created_at)
            if name not in weights or weight > weights[name]:
                weights[name], known[name] = weight, value
                facts.pop(name, None)
                if fact is not None:
                    facts[name] = fact
    return known, facts


def _weight(value: Any, fact: Fact | None, created_at: datetime) -> tuple[int, datetime, str, bytes]:
    """What orders values of one attribute; the value itself decides between two said at the same time."""
    told = msgspec.json.encode(value, order="sorted")
    return (fact.priority, fact.at, fact.source, told) if fact else (_UNSTATED, created_at, "", told)


def _union(each: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All values once; those of one fragment as they stand."""
    first, *others = each
    return tuple(sorted({*first, *(value for values in others for value in values)})) if others else first
