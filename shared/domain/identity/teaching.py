"""What a signal teaches of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from shared.domain.consent import Consent, apply_consents
from shared.domain.consent.objections import with_objections
from shared.domain.identity.fragments import assembled, stated
from shared.domain.identity.voices import together, voices_of
from shared.domain.policy.policy import Policy
from shared.domain.profile import Fragment, Person
from shared.domain.signal import Signal
from shared.domain.triggers import Entries, merged_entries

Taught = TypeVar("Taught", Person, Fragment)


def taught(person: Person, fragment: str, voice: str, signal: Signal, policy: Policy) -> Person:
    """The person after a signal, in the version it had; the very same where there was nothing to learn.

    Args:
        person: whose signal it is.
        fragment: the former id of a merged person whose identifier was the strongest in the signal.
        voice: the key of that identifier.
        signal: the signal.
        policy: of the revision that says what is kept of it.
    """
    if signal.consent:
        person = _told(person, voice if voice in person.graph.members else _own(person, fragment), signal, policy)
    if not person.fragments:
        return _learn(person, signal, policy)
    own = _own(person, fragment)
    before = person.fragments[own]
    after = _learn(before, signal, policy)
    return person if after is before else _with(person, {**person.fragments, own: after}, person.voices)


def remembering(person: Person, fragment: str, triggered: Entries) -> Person:
    """The person with what triggers remember, in the version it had."""
    if not person.fragments:
        return msgspec.structs.replace(person, triggered=triggered)
    own = _own(person, fragment)
    new = {name: entries for name, entries in triggered.items() if entries != person.triggered.get(name)}
    before = person.fragments[own]
    after = msgspec.structs.replace(before, triggered=merged_entries(before.triggered, new))
    return _with(person, {**person.fragments, own: after}, person.voices)


def _told(person: Person, voice: str, signal: Signal, policy: Policy) -> Person:
    """The person after what a signal says of consent: the words, what counts of them, and the flags of objections."""
    objections = policy.revision.catalogue.consent.objections
    before = voices_of(person)
    words = apply_consents(before.get(voice, {}), signal.consent, signal)
    if words == before.get(voice):
        return person
    voices = {**before, voice: words}
    consents = together(voices, person.graph)
    if not person.fragments:
        flags = with_objections(person.flags, consents, objections)
        return msgspec.structs.replace(person, voices=voices, consents=consents, flags=flags)
    fragments = {
        each: msgspec.structs.replace(held, flags=with_objections(held.flags, consents, objections))
        for each, held in person.fragments.items()
    }
    return _with(person, fragments, voices)


def _own(person: Person, fragment: str) -> str:
    return fragment if fragment in person.fragments else person.person_id


def _with(person: Person, fragments: Mapping[str, Fragment], voices: dict[str, dict[str, Consent]]) -> Person:
    return assembled(fragments, voices, person.graph, person.unique, person.version)


def _learn(of: Taught, signal: Signal, policy: Policy) -> Taught:
    source = policy.revision.sources.get(signal.source)
    attributes, facts = stated(of.attributes, of.facts, of.created_at, signal, source.priority if source else 0)
    features = policy.features.update(of.features, signal)
    if (facts, features) == (of.facts, of.features):
        return of
    return msgspec.structs.replace(of, attributes=attributes, facts=facts, features=features)
