"""The catalogue as a revision holds it: immutable, content-addressed, with inheritance already worked out.

The files that people write are turned into a revision by `shared.authoring`; what decides only ever sees this.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shared.domain.errors import NotFoundError
from shared.domain.part import Cel, Factor, Id, Name, Origin, Part, Pounds, Read, Text
from shared.domain.policy.atoms import Path
from shared.domain.policy.clauses import Clauses
from shared.domain.rules import Purpose, Rule, Scope
from shared.domain.slot_rules import SlotRules

PolicyKind = Literal["eligibility", "applicability", "suitability"]
AttributeType = Literal["bool", "int", "double", "string", "timestamp", "list(string)"]
PlainType = Literal["bool", "int", "double", "string", "list(string)"]
"""Types of what is the same in JSON and in expressions."""

AttributeValue = bool | int | float | str | tuple[str, ...]

MOST_BINS = 62
"""Edges or values of a predictor, so that each of its bins has a character of its own."""

POLICY_KINDS: tuple[PolicyKind, ...] = ("eligibility", "applicability", "suitability")


class Namespace(Part, frozen=True, kw_only=True):
    """A kind of identifier.

    Attributes:
        id: what signals call it.
        kind: what it points at.
        priority: how strongly; higher is stronger evidence.
        unique: whether a person has only one.
    """

    id: Id
    kind: Literal["person", "device", "session"]
    priority: int
    unique: bool = False


class Placement(Part, frozen=True, kw_only=True):
    """A slot on an inbound channel.

    Attributes:
        id: what requests call it, such as web.home.hero.
        name: what people call it.
    """

    id: Id
    name: Text


class Channel(Part, frozen=True, kw_only=True):
    """Where treatments appear.

    Attributes:
        id: what treatments and rules call it.
        name: what people call it.
        direction: inbound channels ask, outbound ones are sent.
        medium: what text is escaped for.
        price: pounds per contact.
        needs_contact_point: whether a person must have an address, number or token there.
        max_attempts: sends tried before a delivery fails.
        timeout_seconds: how long the provider may take to answer.
        placements: slots, of an inbound channel only.
    """

    id: Id
    name: Text
    direction: Literal["inbound", "outbound"]
    medium: Literal["html", "text"]
    price: Pounds
    needs_contact_point: bool = False
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 5
    timeout_seconds: Annotated[float, Meta(gt=0, le=15)] = 10.0
    placements: tuple[Placement, ...] = ()


class Condition(Part, frozen=True, kw_only=True):
    """One condition of engagement policy, at the level that declares it."""

    name: str
    kind: PolicyKind
    level: str
    when: str
    reason: str
    on_missing: Literal["drop", "allow"] = "drop"


class Expression(Part, frozen=True, kw_only=True):
    """One CEL expression as data.

    Attributes:
        encoded: the program as JSON. Most programs are never looked at, since their clauses say the same.
        clauses: the conjunction of disjunctions of terms that a condition equals, None where it equals none.
        reads: where there are no clauses, the paths that it reads.
    """

    encoded: msgspec.Raw = msgspec.field(name="program")
    clauses: Clauses | None = None
    reads: tuple[Path, ...] = ()

    @property
    def program(self) -> Any:
        """What `shared.domain.cel` evaluates."""
        return msgspec.json.decode(self.encoded)


class Exclusion(Part, frozen=True, kw_only=True):
    """A fact of the person that excludes before any condition, for every brand.

    Attributes:
        flag: as it stands in profile.flags.
        reason: why it stops every decision.
    """

    flag: Id
    reason: Text


class Starting(Part, frozen=True, kw_only=True):
    """What a new model believes.

    Attributes:
        propensity: the probability of acceptance, between 0 and 1.
        evidence: how many responses that belief is worth.
    """

    propensity: Annotated[float, Meta(gt=0, lt=1)]
    evidence: Annotated[float, Meta(gt=0)]


class Treatment(Part, frozen=True, kw_only=True):
    """How one action appears on one channel and placement."""

    id: str
    channel: str
    purpose: Purpose
    starting: Starting
    content: dict[str, str]
    placement: str | None = None
    conditions: tuple[int, ...] = ()


class Active(Part, frozen=True, kw_only=True):
    """A window in which something is valid; a date is its midnight, UTC.

    Attributes:
        from_: its first instant, open where it is not given.
        until: the first instant after it, open where it is not given.
    """

    from_: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None

    def contains(self, now: datetime) -> bool:
        """Whether it is valid now."""
        return (self.from_ is None or self.from_ <= now) and (self.until is None or now < self.until)


class Action(Part, frozen=True, kw_only=True):
    """What we would like the customer to do.

    `conditions` point into the revision's, inherited ones included, in the order they are tried. `lever` is that of the
    most specific level that declares one. `value` is pounds of an acceptance, or CEL that yields it. `attributes` are
    what expressions read as `action.NAME` besides its id, brand, issue and group.
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
    attributes: dict[str, AttributeValue] = msgspec.field(default_factory=dict)


class ContextWeight(Part, frozen=True, kw_only=True):
    """A weight on what is in scope while a condition holds.

    Attributes:
        name: what explanations call it.
        when: CEL over profile, signal, context and now.
        weight: what C is multiplied by while it holds, 0 to 10.
        scope: what it raises or lowers; everything where it is empty.
    """

    name: Name
    when: Cel
    weight: Factor
    scope: Scope = Scope()


class Weights(Part, frozen=True, kw_only=True):
    """Exponents of the four factors of priority, each 0 to 10.

    Attributes:
        propensity: of P.
        context: of C.
        value: of V.
        lever: of L.
    """

    propensity: Factor = 1.0
    context: Factor = 1.0
    value: Factor = 1.0
    lever: Factor = 1.0


class NumericPredictor(Part, frozen=True, kw_only=True, tag="numeric", tag_field="kind"):
    """A number that propensity looks at, by the bin that it falls into.

    Attributes:
        reads: the attribute, such as profile.balance.
        edges: where bins meet, ascending; a number at an edge is in the bin above it. What is missing is a bin as well.
    """

    reads: Read
    edges: Annotated[tuple[float, ...], Meta(min_length=1, max_length=MOST_BINS)]


class SymbolicPredictor(Part, frozen=True, kw_only=True, tag="symbolic", tag_field="kind"):
    """A word, or a yes or no, that propensity looks at: each value is a bin, the others are one, and what is missing is
    one as well.

    Attributes:
        reads: the attribute, such as profile.job.
        values: those with a bin of their own; where none are given, those that schema.yaml lists for the attribute.
    """

    reads: Read
    values: Annotated[tuple[Text, ...], Meta(max_length=MOST_BINS)] = ()


Predictor = NumericPredictor | SymbolicPredictor

Exploration = Literal["off", "thompson"]


class Attribute(Part, frozen=True, kw_only=True):
    """The declared type of one attribute; one that is `protected` never predicts anything."""

    type: AttributeType
    description: str = ""
    required: bool = False
    protected: bool = False


class SignalType(Part, frozen=True, kw_only=True):
    """The declared properties of one type of signal; where it is `open`, others may be read too."""

    properties: dict[str, Attribute] = msgspec.field(default_factory=dict)
    open: bool = False


class Source(Part, frozen=True, kw_only=True):
    """A system that sends signals in a shape of its own, and what its identifiers are called here.

    Attributes:
        id: what its signals name as their source.
        name: what people call it.
        format: which normaliser reads it.
        identifiers: the source's name of an identifier to the namespace here.
        origins: browser origins that may send, for CORS.
    """

    id: Id
    name: Text
    format: Literal["canonical", "segment", "adobe-xdm"]
    identifiers: dict[str, str] = msgspec.field(default_factory=dict)
    origins: tuple[Origin, ...] = ()


class Named(Part, frozen=True, kw_only=True):
    """A brand, an issue or a group: its id, its name, the level above it, and who answers for its levers."""

    id: str
    name: str
    parent: str | None = None
    owner: str | None = None


class Catalogue(Part, frozen=True, kw_only=True):
    """Everything that decides.

    `time_zone` is that of the bank, and of a person whose own is not known. `predictors` are what propensity looks at,
    by what they read; with `exploration` it is drawn from what the models know instead of being their mean. `slots` is
    what the treatments of one request obey together.
    """

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
    expressions: dict[str, Expression]
    actions: tuple[Action, ...]
    signals: dict[str, SignalType] = msgspec.field(default_factory=dict)
    action_schema: dict[str, Attribute] = msgspec.field(default_factory=dict)
    time_zone: str = "UTC"
    predictors: tuple[Predictor, ...] = ()
    exploration: Exploration = "off"
    slots: SlotRules = SlotRules()

    def canonical(self) -> bytes:
        """The bytes that the digest is taken of: the same catalogue gives the same bytes on any machine."""
        return msgspec.json.encode(self, order="sorted")


class Revision:
    """One immutable build of the catalogue; its id is `sha256:` and the digest of its canonical form."""

    def __init__(self, catalogue: Catalogue, *, canonical: bytes | None = None) -> None:
        """Index a catalogue; nothing is evaluated yet. Who has its canonical form at hand spares making it."""
        self.catalogue = catalogue
        self.id = "sha256:" + hashlib.sha256(canonical or catalogue.canonical()).hexdigest()
        self.namespaces = {n.id: n for n in catalogue.namespaces}
        self.channels = {c.id: c for c in catalogue.channels}
        self.sources = {s.id: s for s in catalogue.sources}
        self.brands = {b.id: b for b in catalogue.brands}
        self.actions = {a.id: a for a in catalogue.actions}
        self.treatments = {t.id: (a, t) for a in catalogue.actions for t in a.treatments}

    @classmethod
    def decode(cls, data: bytes) -> Revision:
        """The revision whose canonical form this is."""
        catalogue = msgspec.json.decode(data, type=Catalogue)
        for expression in catalogue.expressions.values():
            # a piece of the data would keep all of it in memory
            msgspec.structs.force_setattr(expression, "encoded", expression.encoded.copy())
        return cls(catalogue, canonical=data)

    @cached_property
    def outbound(self) -> tuple[str, ...]:
        """Ids of the channels that are sent to."""
        return tuple(c.id for c in self.catalogue.channels if c.direction == "outbound")

    @cached_property
    def placements(self) -> dict[str, str]:
        """Placement id to the channel it is on."""
        return {p.id: c.id for c in self.catalogue.channels for p in c.placements}

    def action(self, action_id: str) -> Action:
        """An action by its id."""
        try:
            return self.actions[action_id]
        except KeyError:
            raise NotFoundError(f"revision {self.id} has no action {action_id!r}") from None

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
