"""What a signal teaches of a person."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from shared.domain.consent import apply_consents
from shared.domain.identity.fragments import assembled, stated
from shared.domain.profile import Fragment, Person
from shared.domain.signal import Signal

Taught = TypeVar("Taught", Person, Fragment)


def taught(person: Person, fragment: str, signal: Signal, priority: int) -> Person:
    """The person after a signal, in the version it had; the very same where there was nothing to learn.

    Args:
        person: whose signal it is.
        fragment: the former id of a merged person whose identifier was the strongest in the signal.
        signal: the signal.
        priority: of its source.
    """
    if not person.fragments:
        return _learn(person, signal, priority)
    own = fragment if fragment in person.fragments else person.person_id
    before = person.fragments[own]
    after = _learn(before, signal, priority)
    if after is before:
        return person
    return assembled({**person.fragments, own: after}, person.graph, person.unique, person.version)


def _learn(of: Taught, signal: Signal, priority: int) -> Taught:
    consents = apply_consents(of.consents, signal.consent, signal)
    attributes, facts = stated(of.attributes, of.facts, of.created_at, signal, priority)
    if consents == of.consents and facts == of.facts:
        return of
    return msgspec.structs.replace(of, consents=consents, attributes=attributes, facts=facts)
