"""What the signals of one identifier taught, kept by that identifier.

What a signal teaches goes with the strongest of its identifiers, its voice, wherever that goes. What the strongest
identifier of a fragment taught stands in the fragment, which goes with it anyway; what any other taught is a lesson of
its own. So whose an attribute or a feature is follows from the signals and the partition alone, and somebody who has
always been the same keeps nothing twice.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from shared.domain.features.states import merged as merged_features
from shared.domain.identity.links import Graph
from shared.domain.identity.partition import Strength
from shared.domain.profile import Fact, Fragment, Learnt, Lesson

MOST_BYTES = 20_000
"""Bytes of feature states that a person with lessons keeps, the view among them. Beyond it what the weakest identifiers
taught of features goes to the fragment under which they entered, and stays there where they are taken away.
"""

_UNSTATED = -1
"""The priority of an attribute that came with the person and not by a signal: any source may change it."""

_EVER = datetime.min.replace(tzinfo=UTC)

Taught = TypeVar("Taught", bound=Learnt)


def speaks_apart(voice: str, members: Mapping[str, str], strength: Strength) -> bool:
    """Whether what an identifier teaches is a lesson of its own; one that is in no graph, or alone in its fragment,
    teaches the fragment.
    """
    fragment = members.get(voice)
    if fragment is None:
        return False
    turn = strength.order(voice)
    return any(entered == fragment and strength.order(key) < turn for key, entered in members.items())


def lessons_among(lessons: Mapping[str, Lesson], members: Container[str], every: Container[str]) -> dict[str, Lesson]:
    """The lessons of a person's identifiers, and of what hangs on them.

    Args:
        lessons: of several persons.
        members: the identifiers of the person's graph.
        every: those of all graphs.
    """
    found = {}
    for key, lesson in lessons.items():
        if key in members:
            found[key] = msgspec.structs.replace(lesson, anchor="") if lesson.anchor else lesson
        elif key not in every and lesson.anchor in members:
            found[key] = lesson
    return found


def handed_over(
    fragments: Mapping[str, Fragment],
    lessons: Mapping[str, Lesson],
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> tuple[dict[str, Fragment], dict[str, Lesson]]:
    """Fragments and lessons of one person, once other identifiers are the strongest.

    Args:
        fragments: of the person; what was taught in each is of who was its strongest before.
        lessons: of the person's other identifiers.
        before: the strongest of each fragment, as it was.
        after: as it is.
    """
    held, apart = dict(fragments), dict(lessons)
    changed = [each for each in held if before.get(each) not in (None, after.get(each))]
    if not (changed or apart):
        return held, apart
    for each in changed:
        taught, held[each] = _divided(held[each])
        apart[before[each]] = with_lesson(apart.get(before[each], Lesson()), taught)
    for each, fragment in held.items():
        if (lesson := apart.pop(after.get(each, ""), None)) is not None:
            held[each] = with_lesson(fragment, lesson)
    return held, {key: lesson for key, lesson in apart.items() if lesson.attributes or lesson.features}


def bounded(
    fragments: Mapping[str, Fragment],
    lessons: Mapping[str, Lesson],
    seen: Mapping[str, bytes],
    graph: Graph,
    strength: Strength,
) -> tuple[dict[str, Fragment], dict[str, Lesson]]:
    """Fragments and lessons of one person with no more kept apart than may be.

    Args:
        fragments: of the person.
        lessons: of the person's identifiers.
        seen: the features of all of them together.
        graph: the person's identifiers.
        strength: what the catalogue says of them.
    """
    held, apart = dict(fragments), dict(lessons)
    if not apart:
        return held, apart
    size = sum(map(_size, (seen, *(each.features for each in (*held.values(), *apart.values())))))
    for key in sorted(apart, key=strength.order, reverse=True):
        if size <= MOST_BYTES:
            break
        lesson = apart.pop(key)
        fragment = graph.members[lesson.anchor or key]
        before = held[fragment]
        held[fragment] = after = with_lesson(before, Learnt(features=lesson.features))
        size += _size(after.features) - _size(before.features) - _size(lesson.features)
        if lesson.attributes:
            apart[key] = msgspec.structs.replace(lesson, features={})
    return held, apart


def with_lesson(of: Taught, lesson: Learnt) -> Taught:
    """A lesson, or a fragment, with what another taught."""
    attributes, facts = weightiest([(getattr(of, "created_at", _EVER), of), (_EVER, lesson)])
    features = merged_features(of.features, lesson.features)
    return msgspec.structs.replace(of, attributes=attributes, facts=facts, features=features)


def weightiest(of: Iterable[tuple[datetime, Learnt]]) -> tuple[dict[str, Any], dict[str, Fact]]:
    """Of each attribute the value of the highest source priority, then of the latest event time.

    Args:
        of: what was taught, each with the time from which values are that no signal stated.
    """
    known: dict[str, Any] = {}
    facts: dict[str, Fact] = {}
    weights: dict[str, tuple[int, datetime, str, bytes]] = {}
    for since, lesson in of:
        for name, value in lesson.attributes.items():
            fact = lesson.facts.get(name)
            heft = weight(value, fact, since)
            if name not in weights or heft > weights[name]:
                weights[name], known[name] = heft, value
                facts.pop(name, None)
                if fact is not None:
                    facts[name] = fact
    return known, facts


def weight(value: Any, fact: Fact | None, since: datetime) -> tuple[int, datetime, str, bytes]:
    """What orders values of one attribute; the value itself decides between two said at the same time."""
    told = msgspec.json.encode(value, order="sorted")
    return (fact.priority, fact.at, fact.source, told) if fact else (_UNSTATED, since, "", told)


def _divided(fragment: Fragment) -> tuple[Learnt, Fragment]:
    """What signals taught in a fragment, and what came with it."""
    taught = {name: fragment.attributes[name] for name in fragment.facts if name in fragment.attributes}
    came = {name: value for name, value in fragment.attributes.items() if name not in fragment.facts}
    return (
        Learnt(attributes=taught, facts=fragment.facts, features=fragment.features),
        msgspec.structs.replace(fragment, attributes=came, facts={}, features={}),
    )


def _size(states: Mapping[str, bytes]) -> int:
    return sum([len(name) + len(state) for name, state in states.items()])
