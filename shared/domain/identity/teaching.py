"""What a signal teaches of a person."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from shared.domain.consent import apply_consents
from shared.domain.consent.objections import with_objections
from shared.domain.identity.fragments import assembled, stated
from shared.domain.policy.policy import Policy
from shared.domain.profile import Fragment, Person
from shared.domain.signal import Signal
from shared.domain.triggers import Entries, merged_entries

Taught = TypeVar("Taught", Person, Fragment)


def taught(person: Person, fragment: str, signal: Signal, policy: Policy) -> Person:
    """The person after a signal, in the version it had; the very same where there was nothing to learn.

    Args:
        person: whose signal it is.
        fragment: the former id of a merged person whose identifier was the strongest in the signal.
        signal: the signal.
        policy: of the revision that says what is kept of it.
    """
    if not person.fragments:
        return _learn(person, signal, policy)
    own = _own(person, fragment)
    before = person.fragments[own]
    after = _learn(before, signal, policy)
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


def _learn(of: Taught, signal: Signal, policy: Policy) -> Taught:
    source = policy.revision.sources.get(signal.source)
    attributes, facts = stated(of.attributes, of.facts, of.created_at, signal, source.priority if source else 0)
    consents, flags = apply_consents(of.consents, signal.consent, signal), of.flags
    if consents != of.consents:
        flags = with_objections(flags, consents, policy.revision.catalogue.consent.objections)
    features = policy.features.update(of.features, signal)
    if (consents, facts, features) == (of.consents, of.facts, of.features):
        return of
    return msgspec.structs.replace(
        of, consents=consents, flags=flags, attributes=attributes, facts=facts, features=features
    )
