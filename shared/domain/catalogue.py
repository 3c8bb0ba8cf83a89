"""The catalogue as a revision holds it: immutable, content-addressed, with inheritance already worked out.

The files that people write are turned into a revision by `shared.authoring`; what decides only ever sees this.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import msgspec

from shared.domain.errors import NotFoundError

Purpose = Literal["marketing", "service", "regulatory", "targeted_support"]
PolicyKind = Literal["eligibility", "applicability", "suitability"]
POLICY_KINDS: tuple[PolicyKind, ...] = ("eligibility", "applicability", "suitability")


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every part of a revision has in common: it never changes and says no more than it must."""


class Namespace(_Part, frozen=True, kw_only=True):
    """A kind of identifier: what it points at, how strongly, and whether a person has only one."""

    id: str
    kind: Literal["person", "device", "session"]
    priority: int
    unique: bool = False


class Placement(_Part, frozen=True, kw_only=True):
    """A slot on an inbound channel."""

    id: str
    name: str


class Channel(_Part, frozen=True, kw_only=True):
    """Where treatments appear.

    Attributes:
        direction: inbound channels ask, outbound ones are sent.
        medium: what text is escaped for.
        price: pounds per contact.
        needs_contact_point: whether a person must have an address, number or token there.
        max_attempts: sends tried before a delivery fails.
        timeout_seconds: how long the provider may take to answer.
    """

    id: str
    name: str
    direction: Literal["inbound", "outbound"]
    medium: Literal["html", "text"]
    price: float
    needs_contact_point: bool = False
    max_attempts: int = 5
    timeout_seconds: float = 10.0
    placements: tuple[Placement, ...] = ()


class Condition(_Part, frozen=True, kw_only=True):
    """One condition of engagement policy, at the level that declares it."""

    name: str
    kind: PolicyKind
    level: str
    when: str
    reason: str
    on_missing: Literal["drop", "allow"] = "drop"


class Exclusion(_Part, frozen=True, kw_only=True):
    """A fact of the person that excludes before any condition, for every brand."""

    flag: str
    reason: str


class Starting(_Part, frozen=True, kw_only=True):
    """What a new model believes: a propensity, and how many responses that belief is worth."""

    propensity: float
    evidence: float


class Treatment(_Part, frozen=True, kw_only=True):
    """How one action appears on one channel and placement."""

    id: str
    channel: str
    purpose: Purpose
    starting: Starting
    content: dict[str, str]
    placement: str | None = None
    conditions: tuple[int, ...] = ()


class Active(_Part, frozen=True, kw_only=True):
    """A window in which something is valid: from inclusive, until exclusive, each open where None."""

    from_: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None

    def contains(self, now: datetime) -> bool:
        """Whether it is valid now."""
        return (self.from_ is None or self.from_ <= now) and (self.until is None or now < self.until)


class Action(_Part, frozen=True, kw_only=True):
    """What we would like the customer to do.

    `conditions` point into the revision's, inherited ones included, in the order they are tried. `lever` is that of the
    most specific level that declares one. `value` is pounds of an acceptance, or CEL that yields it.
    """

    id: str
    name: str
    brand: str
    issue: str
    group: str
    purpose: Purpose
    value: float | str
    lever: float
    treatments: tuple[Treatment, ...]
    description: str = ""
    mandatory: bool = False
    active: Active = Active()
    conditions: tuple[int, ...] = ()


class Scope(_Part, frozen=True, kw_only=True):
    """What a rule is about: every list that is given must hold the value; an empty scope is everything."""

    brands: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


class ContextWeight(_Part, frozen=True, kw_only=True):
    """A weight on what is in scope while a condition holds."""

    name: str
    when: str
    weight: float
    scope: Scope = Scope()


class Weights(_Part, frozen=True, kw_only=True):
    """Exponents of the four factors of priority."""

    propensity: float = 1.0
    context: float = 1.0
    value: float = 1.0
    lever: float = 1.0


Dimension = Literal["brand", "issue", "group", "action", "treatment", "channel", "purpose"]


class Cap(_Part, frozen=True, kw_only=True, tag="cap", tag_field="kind"):
    """At most `limit` of these outcomes in scope within a rolling window, counted apart per value of `per`."""

    id: str
    limit: int
    outcomes: tuple[str, ...]
    window_seconds: int
    reason: str
    scope: Scope = Scope()
    per: Dimension | None = None


class Cooldown(_Part, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After one of these outcomes in scope `after`, nothing of scope `blocks` for a while; with `same`, only what
    shares that dimension with it.
    """

    id: str
    outcomes: tuple[str, ...]
    period_seconds: int
    reason: str
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None


class ConsentRule(_Part, frozen=True, kw_only=True, tag="consent", tag_field="kind"):
    """These purposes, where in scope, need the person's consent for the brand and channel."""

    id: str
    purposes: tuple[str, ...]
    reason: str
    scope: Scope = Scope()


class ExclusionRule(_Part, frozen=True, kw_only=True, tag="exclusion", tag_field="kind"):
    """A flag of the person that stops some purposes."""

    id: str
    flag: str
    stops: tuple[str, ...]
    reason: str


Rule = Cap | Cooldown | ConsentRule | ExclusionRule


class Attribute(_Part, frozen=True, kw_only=True):
    """The declared type of one attribute."""

    type: Literal["bool", "int", "double", "string", "timestamp", "list(string)"]
    description: str = ""
    required: bool = False


class Source(_Part, frozen=True, kw_only=True):
    """A system that sends signals in a shape of its own, and what its identifiers are called here.

    Attributes:
        format: which normaliser reads it.
        identifiers: the source's name of an identifier to the namespace here.
        origins: browser origins that may send, for CORS.
    """

    id: str
    name: str
    format: Literal["canonical", "segment", "adobe-xdm"]
    identifiers: dict[str, str] = {}
    origins: tuple[str, ...] = ()


class Named(_Part, frozen=True, kw_only=True):
    """A brand, an issue or a group: its id, its name and the level above it."""

    id: str
    name: str
    parent: str | None = None


class Catalogue(_Part, frozen=True, kw_only=True):
    """Everything that decides."""

    name: str
    brands: tuple[Named, ...]
    issues: tuple[Named, ...]
    groups: tuple[Named, ...]
    exclusions: tuple[Exclusion, ...]
    profile_schema: dict[str, Attribute]
    context_schema: dict[str, Attribute]
    channels: tuple[Channel, ...]
    namespaces: tuple[Namespace, ...]
    sources: tuple[Source, ...]
    weights: Weights
    context_weights: tuple[ContextWeight, ...]
    rules: tuple[Rule, ...]
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]

    def canonical(self) -> bytes:
        """The bytes that the digest is taken of: the same catalogue gives the same bytes on any machine."""
        return msgspec.json.encode(self, order="sorted")


class Revision:
    """One immutable build of the catalogue; its id is `sha256:` and the digest of its canonical form."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Index a catalogue; nothing is evaluated yet."""
        self.catalogue = catalogue
        self.id = "sha256:" + hashlib.sha256(catalogue.canonical()).hexdigest()
        self.namespaces = {n.id: n for n in catalogue.namespaces}
        self.channels = {c.id: c for c in catalogue.channels}
        self.sources = {s.id: s for s in catalogue.sources}
        self.brands = {b.id: b for b in catalogue.brands}
        self.actions = {a.id: a for a in catalogue.actions}
        self.treatments = {t.id: (a, t) for a in catalogue.actions for t in a.treatments}

    @classmethod
    def decode(cls, data: bytes) -> Revision:
        """The revision whose canonical form this is."""
        return cls(msgspec.json.decode(data, type=Catalogue))

    @cached_property
    def outbound(self) -> tuple[str, ...]:
        """Ids of the channels that are sent to."""
        return tuple(c.id for c in self.catalogue.channels if c.direction == "outbound")

    @cached_property
    def placements(self) -> dict[str, str]:
        """Placement id to the channel it is on."""
        return {p.id: c.id for c in self.catalogue.channels for p in c.placements}

    def treatment(self, treatment_id: str) -> tuple[Action, Treatment]:
        """An action and its treatment by the treatment's id."""
        try:
            return self.treatments[treatment_id]
        except KeyError:
            raise NotFoundError(f"revision {self.id} has no treatment {treatment_id!r}") from None


def facts(action: Action, treatment: Treatment) -> dict[str, Any]:
    """What a rule's scope and a condition see of a candidate."""
    return {
        "brand": action.brand,
        "issue": action.issue,
        "group": action.group,
        "action": action.id,
        "treatment": treatment.id,
        "channel": treatment.channel,
        "purpose": treatment.purpose,
    }


def in_scope(scope: Scope, of: dict[str, Any]) -> bool:
    """Whether these facts lie in a scope."""
    return (
        (not scope.channels or of["channel"] in scope.channels)
        and (not scope.purposes or of["purpose"] in scope.purposes)
        and (not scope.brands or of["brand"] in scope.brands)
        and (not scope.issues or of["issue"] in scope.issues)
        and (not scope.groups or of["group"] in scope.groups)
        and (not scope.actions or of["action"] in scope.actions)
        and (not scope.treatments or of["treatment"] in scope.treatments)
    )
