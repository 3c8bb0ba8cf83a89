"""The profile: what is known of one person, and how a signal changes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.domain.instant import Instant
from shared.domain.signal import ConsentChange, Signal
from shared.domain.triggers import Entry

ANY = "*"
"""In a consent's key: every brand, or every channel."""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The latest word on one purpose: granted or withdrawn, when and by which source."""

    granted: bool
    at: Instant
    source: str


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person.

    Attributes:
        person_id: canonical id, random, never reused.
        version: raised by every write, from 1.
        created_at: when the person was first seen, UTC.
        attributes: facts by the names of the catalogue's schema; an absent one is unknown.
        brands: brands the person is a customer of.
        products: products held.
        flags: facts that stop contact: `deceased`, `vulnerable`, …
        reachable: outbound channels with a contact point.
        audiences: audiences the person belongs to, for scheduled waves.
        consents: `brand:purpose:channel`, each part a name or `*`, to the latest word.
        unique: identifiers of namespaces that allow one value per person, namespace to keyed hash.
        features: what signal features are worked out from; what they say stands among `attributes` of the profile that
            a decision reads, which has neither these nor `triggered`.
        triggered: the latest decisions of triggers that are not to start again soon, by trigger.
    """

    person_id: str
    version: int
    created_at: Instant
    attributes: dict[str, Any] = {}
    brands: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reachable: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    consents: dict[str, Consent] = {}
    unique: dict[str, str] = {}
    features: dict[str, bytes] = {}
    triggered: dict[str, tuple[Entry, ...]] = {}

    def consents_to(self, *, brand: str, purpose: str, channel: str) -> bool:
        """Whether this purpose on this channel is consented for this brand: the latest matching word counts, and
        among words of one instant the withdrawal. No word at all is no consent.
        """
        words = [
            word
            for b in (brand, ANY)
            for c in (channel, ANY)
            if (word := self.consents.get(f"{b}:{purpose}:{c}")) is not None
        ]
        if not words:
            return False
        latest = max(word.at for word in words)
        return all(word.granted for word in words if word.at == latest)


def apply_consents(
    consents: dict[str, Consent], changes: Iterable[ConsentChange], signal: Signal
) -> dict[str, Consent]:
    """The consents after a signal's changes: the latest event time wins, and a withdrawal wins a tie, in any order."""
    after = dict(consents)
    for change in changes:
        brand = change.brand or signal.brand or ANY
        key = f"{brand}:{change.purpose}:{change.channel or ANY}"
        new = Consent(granted=change.granted, at=signal.at, source=signal.source)
        old = after.get(key)
        if old is None or new.at > old.at or (new.at == old.at and old.granted and not new.granted):
            after[key] = new
    return after
