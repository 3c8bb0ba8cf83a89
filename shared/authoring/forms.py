"""The files of a catalogue as people write them: which fields each has and what may stand in them.

This is the whole format. `shared.authoring.reading` reads files by these types, `shared.authoring.building` turns them
into the catalogue of a revision. What people write down just as a revision holds it is a `Part` of `shared.domain`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.catalogue import (
    Active,
    Channel,
    ContextWeight,
    Exclusion,
    Namespace,
    PolicyKind,
    Source,
    Starting,
    Weights,
)
from shared.domain.outcome import OutcomeName
from shared.domain.part import ID, NAME, ORIGIN, Cel, Factor, Id, Name, Pounds, Text
from shared.domain.rules import ConsentRule, Dimension, ExclusionRule, Purpose, Scope

DURATION = r"^(forever|[1-9][0-9]*[smhdw])$"

PATTERNS = {
    ID: "is made of a-z, 0-9, '_', '.' and '-'",
    NAME: "is made of a-z, 0-9 and '_' and begins with a letter",
    DURATION: "is a number and one of s, m, h, d, w, such as 30d, or forever",
    ORIGIN: "is a scheme and a host, such as https://www.example.com",
}

Duration = Annotated[str, Meta(pattern=DURATION)]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people write down in another way than a revision holds it."""


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


class Channels(Form, frozen=True, kw_only=True):
    """channels.yaml."""

    channels: tuple[Channel, ...]


class Identity(Form, frozen=True, kw_only=True):
    """identity.yaml."""

    namespaces: tuple[Namespace, ...]


class Sources(Form, frozen=True, kw_only=True):
    """sources.yaml."""

    sources: tuple[Source, ...] = ()


class Arbitration(Form, frozen=True, kw_only=True):
    """arbitration.yaml."""

    weights: Weights = Weights()
    context_weights: tuple[ContextWeight, ...] = ()


class Cap(Form, frozen=True, kw_only=True, tag="cap", tag_field="kind"):
    """At most so many outcomes within a rolling window."""

    id: Id
    limit: Annotated[int, Meta(ge=0)]
    outcomes: Annotated[tuple[OutcomeName, ...], Meta(min_length=1)]
    window: Duration
    reason: Text
    scope: Scope = Scope()
    per: Dimension | None = None


class Cooldown(Form, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After an outcome, nothing for a while."""

    id: Id
    outcomes: Annotated[tuple[OutcomeName, ...], Meta(min_length=1)]
    period: Duration
    reason: Text
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None


class ContactPolicy(Form, frozen=True, kw_only=True):
    """contact_policy.yaml."""

    rules: tuple[Cap | Cooldown | ConsentRule | ExclusionRule, ...]


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
