"""What a signal teaches of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from shared.domain.consent import Consent, apply_consents, merged_consents
from shared.domain.identity.fragments import kept_apart, lessons_of, parts, union
from shared.domain.identity.lessons import bounded, speaks_apart, weight
from shared.domain.identity.partition import Strength
from shared.domain.identity.voices import together, voices_of
from shared.domain.policy.policy import Policy
from shared.domain.profile import Fact, Fragment, Learnt, Lesson, Person
from shared.domain.signal import Signal
from shared.domain.triggers import Entries, merged_entries

Taught = TypeVar("Taught", Person, Fragment, Lesson)


def teaches(signal: Signal, policy: Policy) -> bool:
    """Whether there is anything to learn from a signal."""
    return bool(signal.consent or signal.attributes or policy.features.update({}, signal))


def taught(person: Person, fragment: str, voice: str, signal: Signal, policy: Policy, *, anchor: str = "") -> Person:
    """The person after a signal, in the version it had; the very same where there was nothing to learn.

    Args:
        person: whose signal it is.
        fragment: the former id of a merged person whose identifier was the strongest in the signal.
        voice: the key of that identifier.
        signal: the signal.
        policy: of the revision that says what is kept of it.
        anchor: the key of what that identifier hangs on, if it does.
    """
    if not (signal.consent or signal.attributes or policy.features.takes(signal)):
        return person
    own = fragment if fragment in person.fragments else person.person_id
    if signal.consent:
        person = _told(person, voice if voice in person.graph.members else own, signal, policy)
    strength, members = Strength(policy.revision.namespaces), person.graph.members
    hangs = anchor in members and voice not in members
    apart = hangs or (len(members) > 1 and speaks_apart(voice, members, strength))
    if not (apart or person.fragments or person.lessons):
        return _learnt(person, person.created_at, signal, policy)
    held, lessons = parts(person), lessons_of(person)
    since = held[own].created_at
    if apart:
        known = lessons.get(voice) or Lesson(anchor=anchor if hangs else "")
        lessons[voice] = _learnt(known, since, signal, policy)
        nothing_new = lessons[voice] is known
    else:
        after = _learnt(held[own], since, signal, policy)
        nothing_new = after is held[own]
        held = {**held, own: after}
    if nothing_new:
        return person
    seen = _learnt(person, person.created_at, signal, policy)
    fragments, lessons = bounded(held, lessons, seen.features, person.graph, strength)
    return kept_apart(seen, fragments, lessons, policy.revision.catalogue.consent.objections)


def remembering(person: Person, fragment: str, triggered: Entries) -> Person:
    """The person with what triggers remember, in the version it had."""
    if not person.fragments:
        return msgspec.structs.replace(person, triggered=triggered)
    own = fragment if fragment in person.fragments else person.person_id
    new = {name: entries for name, entries in triggered.items() if entries != person.triggered.get(name)}
    before = person.fragments[own]
    after = msgspec.structs.replace(before, triggered=merged_entries(before.triggered, new))
    together_with = merged_entries(person.triggered, new)
    return msgspec.structs.replace(person, fragments={**person.fragments, own: after}, triggered=together_with)


def restricted(person: Person, by: Person) -> Person:
    """The person under what was said with an identifier that may have been the person's."""
    if not (by.consents or by.flags):
        return person
    return msgspec.structs.replace(
        person, consents=merged_consents(person.consents, by.consents), flags=union([person.flags, by.flags])
    )


def _told(person: Person, voice: str, signal: Signal, policy: Policy) -> Person:
    """The person after what a signal says of consent: the words, what counts of them, and the flags of objections."""
    before = voices_of(person)
    words = apply_consents(before.get(voice, {}), signal.consent, signal)
    if words == before.get(voice):
        return person
    voices: dict[str, dict[str, Consent]] = {**before, voice: words}
    seen = msgspec.structs.replace(person, voices=voices, consents=together(voices, person.graph))
    return kept_apart(seen, parts(person), lessons_of(person), policy.revision.catalogue.consent.objections)


def _learnt(of: Taught, since: datetime, signal: Signal, policy: Policy) -> Taught:
    """The same with what a signal states and features make of it; the very same where that is nothing new.

    Args:
        of: what was known.
        since: from when values are that no signal stated.
        signal: the signal.
        policy: of the revision that says what is kept of it.
    """
    source = policy.revision.sources.get(signal.source)
    attributes, facts = _stated(of, since, signal, source.priority if source else 0)
    features = policy.features.update(of.features, signal)
    if attributes is of.attributes and features is of.features:
        return of
    return msgspec.structs.replace(of, attributes=attributes, facts=facts, features=features)


def _stated(
    of: Learnt | Person, since: datetime, signal: Signal, priority: int
) -> tuple[dict[str, Any], dict[str, Fact]]:
    """Attributes and their facts after those that a signal states: the higher source priority wins, then the later
    event time, in any order of arrival. The same objects where it states nothing that counts.
    """
    if not signal.attributes:
        return of.attributes, of.facts
    new = Fact(source=signal.source, priority=priority, at=signal.at)
    heavier = {
        name: value
        for name, value in signal.attributes.items()
        if name not in of.attributes
        or weight(value, new, since) > weight(of.attributes[name], of.facts.get(name), since)
    }
    if not heavier:
        return of.attributes, of.facts
    return {**of.attributes, **heavier}, {**of.facts, **dict.fromkeys(heavier, new)}
