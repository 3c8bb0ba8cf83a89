"""The profile: what is known of one person."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.domain.consent import Consent, consents_to
from shared.domain.instant import Instant
from shared.domain.triggers import Entry


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
        """Whether the person consents to this purpose on this channel for this brand."""
        return consents_to(self.consents, brand=brand, purpose=purpose, channel=channel)
