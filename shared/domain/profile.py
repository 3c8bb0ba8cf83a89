"""The profile: what is known of one person."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.domain.consent import Consent, consents_to
from shared.domain.identity.links import NO_GRAPH, Graph
from shared.domain.instant import Instant
from shared.domain.triggers import Entry


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Where the value of an attribute is from: a source, how far that is believed, and when it said so."""

    source: str
    priority: int
    at: Instant


class Learnt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of attributes and features.

    Attributes:
        attributes, facts, features: as of a person.
    """

    attributes: dict[str, Any] = {}
    facts: dict[str, Fact] = {}
    features: dict[str, bytes] = {}


class Lesson(Learnt, frozen=True, kw_only=True, omit_defaults=True):
    """What the signals of one identifier taught.

    Attributes:
        anchor: the key of what the identifier hangs on; empty of one that stands in the graph.
    """

    anchor: str = ""


class Fragment(Learnt, frozen=True, kw_only=True, omit_defaults=True):
    """What one of the persons behind a merged one holds apart, so that they can be parted again: what came with that
    person, and what the signals of its strongest identifier taught.

    Attributes:
        created_at: when that person was first seen, UTC.
        brands, products, flags, reachable, audiences, triggered: as of a person. Consents stay with the identifiers
            that gave them.
    """

    created_at: Instant
    brands: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reachable: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    triggered: dict[str, tuple[Entry, ...]] = {}


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person.

    Attributes:
        person_id: canonical id, random, never reused.
        version: raised by every write, from 1.
        created_at: when the person was first seen, UTC.
        attributes: what is known, by the names of the catalogue's schema; an absent one is unknown.
        brands: brands the person is a customer of.
        products: products held.
        flags: facts that stop contact: `deceased`, `vulnerable`, …
        reachable: outbound channels with a contact point, as far as is known one on which what is sent arrives.
        audiences: audiences the person belongs to, for scheduled waves.
        consents: `brand:purpose:channel`, each part a name or `*`, to the latest word.
        unique: identifiers of namespaces that allow one value per person, namespace to keyed hash.
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

    def consents_to(self, *, brand: str, purpose: str, channel: str) -> bool:
        """Whether the person consents to this purpose on this channel for this brand."""
        return consents_to(self.consents, brand=brand, purpose=purpose, channel=channel)


class Person(Profile, frozen=True, kw_only=True, omit_defaults=True):
    """A profile as it is stored: with what it is made of. What travels is the profile alone.

    Attributes:
        facts: where attributes are from that signals stated, by name; the others came with the person.
        fragments: of a merged person what each of its former persons holds apart, by canonical id; the profile is the
            view of them together. A person that never merged has none.
        lessons: what signals taught whose strongest identifier is not the strongest of its fragment, by that
            identifier's key; and where there are such of a person that never merged, the person's own under the
            person's id. Attributes and features are the view of all of them together.
        own_flags: the flags that came with a person that never merged, where words on objections made others of them.
        own_reachable: the channels that it has a contact point on, likewise, where nothing arrives on one of them.
        voices: the words on consent by who gave them, which is an identifier's key, or for those that came with the
            person the person's id; `consents` is the view of them together.
        graph: the person's identifiers and the log of their links.
        features: what signal features are worked out from; what they say stands among the attributes of the profile
            that a decision reads.
        triggered: the latest decisions of triggers that are not to start again soon, by trigger.
        merged_into: of an id that was merged into another, that other; everything else has moved there.
    """

    facts: dict[str, Fact] = {}
    fragments: dict[str, Fragment] = {}
    lessons: dict[str, Lesson] = {}
    own_flags: tuple[str, ...] | None = None
    own_reachable: tuple[str, ...] | None = None
    voices: dict[str, dict[str, Consent]] = {}
    graph: Graph = NO_GRAPH
    features: dict[str, bytes] = {}
    triggered: dict[str, tuple[Entry, ...]] = {}
    merged_into: str | None = None

    def snapshot(self) -> Profile:
        """What travels with a decision: the person as it is seen."""
        return Profile(
            person_id=self.person_id,
            version=self.version,
            created_at=self.created_at,
            attributes=self.attributes,
            brands=self.brands,
            products=self.products,
            flags=self.flags,
            reachable=self.reachable,
            audiences=self.audiences,
            consents=self.consents,
            unique=self.unique,
        )
