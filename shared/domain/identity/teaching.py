"""What a signal teaches of a person."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from shared.domain.consent import apply_consents
from shared.domain.features.features import Features
from shared.domain.identity.fragments import assembled, stated
from shared.domain.profile import Fragment, Person
from shared.domain.signal import Signal
from shared.domain.triggers import Entries, merged_entries

Taught = TypeVar("Taught", Person, Fragment)


def taught(person: Person, fragment: str, signal: Signal, priority: int, features: Features) -> Person:
    """The person after a signal, in the version it had; the very same where there was nothing to learn.

    Args:
        person: whose signal it is.
        fragment: the former id of a merged person whose identifier was the strongest in the signal.
        signal: the signal.
        priority: of its source.
        features: those of the revision.
    """
    if not person.fragments:
        return _learn(person, signal, priority, features)
    own = _own(person, fragment)
    before = person.fragments[own]
    after = _learn(before, signal, priority, features)
    return person if after is before else _with(person, own, after)


def remembering(person: Person, fragment: str, triggered: Entries) -> Person:
    """The person with what triggers remember, in the version it had."""
    if not person.fragments:
        return msgspec.structs.replace(person, triggered=triggered)
    own = _own(person, fragment)
    new = {name: entries for name, entries in triggered.items() if entries != person.triggered.get(name)}
    before = person.fragments[own]
    return _with(person, own, msgspec.structs.replace(before, triggered=merged_entries(before.triggered, new)))


def _own(person: Person, fragment: str) -> str:
    return fragment if fragment in person.fragments else person.person_id


def _with(person: Person, own: str, fragment: Fragment) -> Person:
    return assembled({**person.fragments, own: fragment}, person.graph, person.unique, person.version)


def _learn(of: Taught, signal: Signal, priority: int, features: Features) -> Taught:
    consents = apply_consents(of.consents, signal.consent, signal)
    attributes, facts = stated(of.attributes, of.facts, of.created_at, signal, priority)
    states = features.update(of.features, signal)
    if (consents, facts, states) == (of.consents, of.facts, of.features):
        return of
    return msgspec.structs.replace(of, consents=consents, attributes=attributes, facts=facts, features=states)
