"""Fragments: what the persons behind a merged one hold apart, and the view of them together (`domain.md` 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import msgspec

from shared.domain.catalogue.consent import Objection
from shared.domain.consent import Consent, deliverable
from shared.domain.consent.objections import with_objections
from shared.domain.features.states import merged as merged_features
from shared.domain.identity.lessons import bounded, weightiest
from shared.domain.identity.links import Graph
from shared.domain.identity.partition import Strength
from shared.domain.identity.voices import together
from shared.domain.profile import Fragment, Lesson, Person
from shared.domain.triggers import merged_entries


def parts(profile: Person) -> dict[str, Fragment]:
    """What a profile is made of, by canonical id; a person that never merged is one fragment."""
    if profile.fragments:
        return profile.fragments
    own = profile.lessons.get(profile.person_id, profile)
    return {
        profile.person_id: Fragment(
            created_at=profile.created_at,
            attributes=own.attributes,
            facts=own.facts,
            brands=profile.brands,
            products=profile.products,
            flags=profile.flags if profile.own_flags is None else profile.own_flags,
            reachable=profile.reachable if profile.own_reachable is None else profile.own_reachable,
            audiences=profile.audiences,
            features=own.features,
            triggered=profile.triggered,
        )
    }


def lessons_of(profile: Person) -> dict[str, Lesson]:
    """What is in none of its fragments: the lessons of identifiers, by key."""
    return {key: lesson for key, lesson in profile.lessons.items() if key != profile.person_id}


def assembled(
    fragments: Mapping[str, Fragment],
    lessons: Mapping[str, Lesson],
    *,
    voices: dict[str, dict[str, Consent]],
    graph: Graph,
    unique: dict[str, str],
    version: int,
    strength: Strength,
    objections: Iterable[Objection],
) -> Person:
    """The profile of a person made of these fragments, of which there is at least one, who learnt and said this;
    whoever was created first gives it its id.
    """
    person_id = survivor(fragments)
    held = [fragments[each] for each in sorted(fragments)]
    taught = [lessons[each] for each in sorted(lessons)]
    created_at = fragments[person_id].created_at
    attributes, facts = weightiest([*((each.created_at, each) for each in held), *((created_at, it) for it in taught)])
    features = reduce(merged_features, [each.features for each in (*held, *taught)])
    fragments, lessons = bounded(fragments, lessons, features, graph, strength)
    consents = together(voices, graph)
    return Person(
        person_id=person_id,
        version=version,
        created_at=created_at,
        attributes=attributes,
        brands=union(each.brands for each in held),
        products=union(each.products for each in held),
        audiences=union(each.audiences for each in held),
        consents=consents,
        unique=unique,
        facts=facts,
        features=features,
        triggered=reduce(merged_entries, [each.triggered for each in held]),
        voices=voices,
        graph=graph,
        **_kept_apart(fragments, lessons, consents, objections),
    )


def kept_apart(
    seen: Person, fragments: Mapping[str, Fragment], lessons: Mapping[str, Lesson], objections: Iterable[Objection]
) -> Person:
    """The view of a person with what it is made of: with the flags that came with that and that words on objections
    make of them, and the channels on which what is sent arrives.
    """
    return msgspec.structs.replace(seen, **_kept_apart(fragments, lessons, seen.consents, objections))


def _kept_apart(
    fragments: Mapping[str, Fragment],
    lessons: Mapping[str, Lesson],
    consents: Mapping[str, Consent],
    objections: Iterable[Objection],
) -> dict[str, Any]:
    came = [fragments[each] for each in sorted(fragments)]
    flags = union(each.flags for each in came)
    told = with_objections(flags, consents, objections)
    reachable = union(each.reachable for each in came)
    usable = deliverable(reachable, consents)
    own = {
        "flags": told,
        "own_flags": None,
        "reachable": usable,
        "own_reachable": None,
        "fragments": {},
        "lessons": lessons,
    }
    if len(came) > 1:
        return {**own, "fragments": fragments}
    if lessons:
        [(person_id, held)] = fragments.items()
        taught = Lesson(attributes=held.attributes, facts=held.facts, features=held.features)
        own["lessons"] = {person_id: taught, **lessons}
    return {
        **own,
        "own_flags": None if told == flags else flags,
        "own_reachable": None if usable == reachable else reachable,
    }


def survivor(fragments: Mapping[str, Fragment]) -> str:
    """Whose id a person made of these fragments has: the one created first, ties by id."""
    return min(fragments, key=lambda each: (fragments[each].created_at, each))


def union(each: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All values once; those of one fragment as they stand."""
    first, *others = each
    return tuple(sorted({*first, *(value for values in others for value in values)})) if others else first
