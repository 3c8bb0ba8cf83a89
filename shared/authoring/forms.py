"""The files of a catalogue as people write them: which fields each has and what may stand in them.

This is the whole format. `shared.authoring.reading` reads files by these types, `shared.authoring.building` turns them
into the catalogue of a revision.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.catalogue import Dimension, PolicyKind, Purpose

ID = r"^[a-z0-9_.-]+$"
NAME = r"^[a-z][a-z0-9_]*$"
DURATION = r"^(forever|[1-9][0-9]*[smhdw])$"
ORIGIN = r"^https?://[a-z0-9.-]+(:[0-9]+)?$"

PATTERNS = {
    ID: "is made of a-z, 0-9, '_', '.' and '-'",
    NAME: "is made of a-z, 0-9 and '_' and begins with a letter",
    DURATION: "is a number and one of s, m, h, d, w, such as 30d, or forever",
    ORIGIN: "is a scheme and a host, such as https://www.example.com",
}

Id = Annotated[str, Meta(pattern=ID)]
Name = Annotated[str, Meta(pattern=NAME)]
Text = Annotated[str, Meta(min_length=1)]
Cel = Annotated[str, Meta(min_length=1, max_length=2000)]
Duration = Annotated[str, Meta(pattern=DURATION)]
Origin = Annotated[str, Meta(pattern=ORIGIN)]
Factor = Annotated[float, Meta(ge=0, le=10)]
Pounds = Annotated[float, Meta(ge=0)]
Outcome = Literal[
    "sent",
    "delivered",
    "impression",
    "click",
    "accept",
    "convert",
    "dismiss",
    "reject",
    "complaint",
    "unsubscribe",
    "bounce",
    "no_response",
]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people write down field by field."""


class Condition(Form, frozen=True, kw_only=True):
    """A condition of engagement policy."""

    name: Name
    when: Cel
    reason: Text
    on_missing: Literal["drop", "allow"] = "drop"


class Policy(Form, frozen=True, kw_only=True):
    """The conditions of one level, by kind."""

    eligibility: tuple[Condition, ...] = ()
    applicability: tuple[Condition, ...] = ()
    suitability: tuple[Condition, ...] = ()

    def of(self, kind: PolicyKind) -> tuple[Condition, ...]:
        """The conditions of one kind."""
        conditions: tuple[Condition, ...] = getattr(self, kind)
        return conditions


class Level(Form, frozen=True, kw_only=True):
    """A level of the taxonomy above the action."""

    id: Id
    name: Text
    policy: Policy = Policy()


class Brand(Level, frozen=True, kw_only=True):
    """Whose name the customer sees."""


class Issue(Level, frozen=True, kw_only=True):
    """A business purpose."""

    purpose: Text
    lever: Factor | None = None


class Group(Level, frozen=True, kw_only=True):
    """A family of actions."""

    issue: str
    lever: Factor | None = None


class Exclusion(Form, frozen=True, kw_only=True):
    """A flag of the person that excludes before any condition."""

    flag: Id
    reason: Text


class Bank(Form, frozen=True, kw_only=True):
    """bank.yaml: the taxonomy and the policy of all levels above the action."""

    name: Text
    time_zone: Text
    brands: tuple[Brand, ...]
    issues: tuple[Issue, ...]
    groups: tuple[Group, ...]
    policy: Policy = Policy()
    exclusions: tuple[Exclusion, ...] = ()


class Attribute(Form, frozen=True, kw_only=True):
    """The declaration of one attribute; `values` names the only ones that a text may have."""

    type: Literal["bool", "int", "double", "string", "timestamp", "list(string)"]
    description: Text
    required: bool = False
    values: tuple[Text, ...] = ()


class Schema(Form, frozen=True, kw_only=True):
    """schema.yaml: what expressions and templates may read."""

    profile: dict[Name, Attribute]
    context: dict[Name, Attribute] = {}
    signal_properties: dict[Name, Attribute] = {}


class Placement(Form, frozen=True, kw_only=True):
    """A slot on an inbound channel."""

    id: Id
    name: Text


class Channel(Form, frozen=True, kw_only=True):
    """Where treatments appear."""

    id: Id
    name: Text
    direction: Literal["inbound", "outbound"]
    medium: Literal["html", "text"]
    price: Pounds
    needs_contact_point: bool = False
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 5
    timeout_seconds: Annotated[float, Meta(gt=0, le=15)] = 10.0
    placements: tuple[Placement, ...] = ()


class Channels(Form, frozen=True, kw_only=True):
    """channels.yaml."""

    channels: tuple[Channel, ...]


class Namespace(Form, frozen=True, kw_only=True):
    """A kind of identifier."""

    id: Id
    kind: Literal["person", "device", "session"]
    priority: int
    unique: bool = False


class Identity(Form, frozen=True, kw_only=True):
    """identity.yaml."""

    namespaces: tuple[Namespace, ...]


class Source(Form, frozen=True, kw_only=True):
    """A system that sends signals."""

    id: Id
    name: Text
    format: Literal["canonical", "segment", "adobe-xdm"]
    identifiers: dict[str, str] = {}
    origins: tuple[Origin, ...] = ()


class Sources(Form, frozen=True, kw_only=True):
    """sources.yaml."""

    sources: tuple[Source, ...] = ()


class Scope(Form, frozen=True, kw_only=True):
    """What a rule or a weight is about."""

    brands: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()


class Weights(Form, frozen=True, kw_only=True):
    """Exponents of the four factors."""

    propensity: Factor = 1.0
    context: Factor = 1.0
    value: Factor = 1.0
    lever: Factor = 1.0


class ContextWeight(Form, frozen=True, kw_only=True):
    """A weight on what is in scope while a condition holds."""

    name: Name
    when: Cel
    weight: Factor
    scope: Scope = Scope()


class Arbitration(Form, frozen=True, kw_only=True):
    """arbitration.yaml."""

    weights: Weights = Weights()
    context_weights: tuple[ContextWeight, ...] = ()


class Cap(Form, frozen=True, kw_only=True, tag="cap", tag_field="kind"):
    """At most so many outcomes within a rolling window."""

    id: Id
    limit: Annotated[int, Meta(ge=0)]
    outcomes: Annotated[tuple[Outcome, ...], Meta(min_length=1)]
    window: Duration
    reason: Text
    scope: Scope = Scope()
    per: Dimension | None = None


class Cooldown(Form, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After an outcome, nothing for a while."""

    id: Id
    outcomes: Annotated[tuple[Outcome, ...], Meta(min_length=1)]
    period: Duration
    reason: Text
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None


class Consent(Form, frozen=True, kw_only=True, tag="consent", tag_field="kind"):
    """Purposes that need consent."""

    id: Id
    purposes: Annotated[tuple[Purpose, ...], Meta(min_length=1)]
    reason: Text
    scope: Scope = Scope()


class ExclusionRule(Form, frozen=True, kw_only=True, tag="exclusion", tag_field="kind"):
    """A flag that stops some purposes."""

    id: Id
    flag: Id
    stops: Annotated[tuple[Purpose, ...], Meta(min_length=1)]
    reason: Text


class ContactPolicy(Form, frozen=True, kw_only=True):
    """contact_policy.yaml."""

    rules: tuple[Cap | Cooldown | Consent | ExclusionRule, ...]


class Starting(Form, frozen=True, kw_only=True):
    """What a new model believes."""

    propensity: Annotated[float, Meta(gt=0, lt=1)]
    evidence: Annotated[float, Meta(gt=0)]


class Active(Form, frozen=True, kw_only=True):
    """A window of validity; a date is its midnight, UTC."""

    from_: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None


class Treatment(Form, frozen=True, kw_only=True):
    """How an action appears on one channel; its full id is the action's, a dot, and this one."""

    id: Id
    channel: str
    content: dict[Name, Text]
    placement: str | None = None
    purpose: Purpose | None = None
    starting: Starting | None = None
    policy: Policy = Policy()


class Action(Form, frozen=True, kw_only=True):
    """What we would like the customer to do."""

    id: Id
    name: Text
    brand: str
    group: str
    purpose: Purpose
    value: Pounds | Cel
    starting: Starting
    treatments: Annotated[tuple[Treatment, ...], Meta(min_length=1)]
    description: str = ""
    lever: Factor | None = None
    mandatory: bool = False
    active: Active = Active()
    policy: Policy = Policy()


class Actions(Form, frozen=True, kw_only=True):
    """A file of actions/."""

    actions: tuple[Action, ...]
