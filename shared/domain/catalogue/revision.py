"""A catalogue as a whole, and the revision that it is built into."""

import hashlib
from datetime import timedelta
from functools import cached_property
from typing import Self

import msgspec

from shared.domain.catalogue.actions import Action, Treatment
from shared.domain.catalogue.arbitration import (
    ContextWeight,
    DeclaredEstimator,
    Effect,
    Exploration,
    Learning,
    Predictor,
    Weights,
)
from shared.domain.catalogue.audiences import Audience
from shared.domain.catalogue.callbacks import Callback
from shared.domain.catalogue.conditions import Condition, Exclusion, Expression
from shared.domain.catalogue.connectors import Connector, ContentService
from shared.domain.catalogue.consent import ConsentTerms
from shared.domain.catalogue.experiments import Experiment
from shared.domain.catalogue.fairness import Fairness
from shared.domain.catalogue.features import AnyFeature, Trigger
from shared.domain.catalogue.formats import Format
from shared.domain.catalogue.gates import Gates
from shared.domain.catalogue.surroundings import Attribute, Blocked, Channel, Namespace, SignalType, Source
from shared.domain.errors import NotFoundError
from shared.domain.identity.bad_values import BadValues
from shared.domain.part import Part, seconds
from shared.domain.ready import ready
from shared.domain.rules import Rule
from shared.domain.slot_rules import SlotRules


class Named(Part, frozen=True, kw_only=True):
    """A brand, an issue or a group: its id, its name, the level above it, and who answers for its levers."""

    id: str
    name: str
    parent: str | None = None
    owner: str | None = None


class Catalogue(Part, frozen=True, kw_only=True):
    """Everything that decides.

    `locale` is that of the bank, and of a person whose language is not known; `time_zone` likewise. `predictors`
    are what propensity looks at, by what they read; with `exploration` it is drawn from what the models know
    instead of being their mean. `learning` is how models learn. `slots` is what the treatments of one request obey
    together. `formats` say how the payloads of sources become signals. `features` are attributes of the profile
    too, and stand in its schema; `features_read` names those that anything reads. Without `triggers`, every signal
    starts a decision. `connectors` are the providers that channels are sent through. `experiments` part persons
    into arms.
    `effect` is what counts of a treatment. `fairness` is what simulations are held
    against, and `gates` what changes are. `audiences` are whom waves go to. `estimators` are those from outside,
    which challenge the models or serve in their place.
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
    locale: str = "en-GB"
    predictors: tuple[Predictor, ...] = ()
    exploration: Exploration = "off"
    slots: SlotRules = SlotRules()
    blocked: Blocked = Blocked()
    consent: ConsentTerms = ConsentTerms()
    formats: tuple[Format, ...] = ()
    features: tuple[AnyFeature, ...] = ()
    features_read: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    connectors: tuple[Connector, ...] = ()
    content_services: tuple[ContentService, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    effect: Effect = "acceptance"
    learning: Learning = Learning()
    fairness: Fairness = Fairness()
    audiences: tuple[Audience, ...] = ()
    gates: Gates = Gates()
    estimators: tuple[DeclaredEstimator, ...] = ()

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
        self.callbacks = {c.id: c for c in catalogue.callbacks}
        self.connectors = {c.id: c for c in catalogue.connectors}
        self.content_services = {s.id: s for s in catalogue.content_services}
        self.brands = {b.id: b for b in catalogue.brands}
        self.actions = {a.id: a for a in catalogue.actions}
        self.audiences = {a.id: a for a in catalogue.audiences}
        self.treatments = {t.id: (a, t) for a in catalogue.actions for t in a.treatments}

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The revision whose canonical form this is."""
        catalogue = msgspec.json.decode(data, type=ready(Catalogue))
        for expression in catalogue.expressions.values():
            # a piece of the data would keep all of it in memory
            msgspec.structs.force_setattr(expression, "encoded", expression.encoded.copy())
        for declared in catalogue.estimators:
            msgspec.structs.force_setattr(declared, "estimator", declared.estimator.copy())
        return cls(catalogue, canonical=data)

    @cached_property
    def bad_values(self) -> BadValues:
        """Values that identify nobody."""
        return BadValues(self.catalogue.blocked)

    @cached_property
    def outbound(self) -> tuple[str, ...]:
        """Ids of the channels that are sent to."""
        return tuple(c.id for c in self.catalogue.channels if c.direction == "outbound")

    @cached_property
    def placements(self) -> dict[str, str]:
        """Placement id to the channel it is on."""
        return {p.id: c.id for c in self.catalogue.channels for p in c.placements}

    def connector(self, channel_id: str, brand: str) -> Connector | None:
        """What a brand's messages on a channel are sent through; None where the channel says nothing."""
        channel = self.channels[channel_id]
        found = self.connectors.get(channel.connectors.get(brand, channel.connector or ""))
        if found is None or found.timeout_seconds is not None:
            return found
        return msgspec.structs.replace(found, timeout_seconds=channel.timeout_seconds)

    @cached_property
    def lanes(self) -> dict[str, Channel]:
        """What is paced on its own, by its name."""
        found = (self.lane(channel, brand) for channel in self.outbound for brand in self.brands)
        return {lane.id: lane for lane in sorted(found, key=lambda lane: lane.id)}

    def lane(self, channel_id: str, brand: str) -> Channel:
        """A channel as a brand's messages are paced on it: under the name of its connector, where it has one, and at
        that one's rate. So what one provider cannot take holds up no other.
        """
        channel, connector = self.channels[channel_id], self.connector(channel_id, brand)
        if connector is None:
            return channel
        rate_limit = connector.rate_limit or channel.rate_limit
        return msgspec.structs.replace(channel, id=connector.id, rate_limit=rate_limit)

    def action(self, action_id: str) -> Action:
        """An action by its id."""
        try:
            return self.actions[action_id]
        except KeyError:
            raise NotFoundError(f"revision {self.id} has no action {action_id!r}") from None

    def deadline(self, treatment_id: str) -> timedelta:
        """How long after its decision a treatment may be sent."""
        _, treatment = self.treatment(treatment_id)
        return timedelta(seconds=seconds(treatment.deadline or self.channels[treatment.channel].deadline))

    def price(self, treatment: Treatment) -> float:
        """Pounds of a contact by a treatment, as far as that is known before it is written."""
        channel = self.channels[treatment.channel]
        return channel.price * (treatment.segments if channel.priced_by == "segment" else 1)

    @cached_property
    def dearest(self) -> dict[str, float]:
        """Pounds of the dearest contact on each channel."""
        found = {channel.id: channel.price for channel in self.catalogue.channels}
        for _, treatment in self.treatments.values():
            found[treatment.channel] = max(found[treatment.channel], self.price(treatment))
        return found

    @cached_property
    def by_segment(self) -> tuple[Treatment, ...]:
        """The treatments that are priced by the text messages they become."""
        every = (treatment for _, treatment in self.treatments.values())
        return tuple(each for each in every if self.channels[each.channel].priced_by == "segment")

    def treatment(self, treatment_id: str) -> tuple[Action, Treatment]:
        """An action and its treatment by the treatment's id."""
        try:
            return self.treatments[treatment_id]
        except KeyError:
            raise NotFoundError(f"revision {self.id} has no treatment {treatment_id!r}") from None
