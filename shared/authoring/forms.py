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
    AttributeType,
    AttributeValue,
    Channel,
    ContextWeight,
    Exclusion,
    Exploration,
    Namespace,
    NumericPredictor,
    PlainType,
    PolicyKind,
    Source,
    Starting,
    SymbolicPredictor,
    Weights,
)
from shared.domain.outcome import OutcomeName
from shared.domain.part import ID, NAME, ORIGIN, READ, Cel, Factor, Id, Name, Pounds, Text
from shared.domain.rules import (
    CLOCK_TIME,
    Budget,
    ConsentRule,
    Dimension,
    ExclusionRule,
    Holdout,
    Purpose,
    QuietTime,
    Scope,
    Volume,
)
from shared.domain.slot_rules import SlotRules

DURATION = r"^(forever|[1-9][0-9]*[smhdw])$"
WINDOW = r"^(forever|[1-9][0-9]*[smhdw]|calendar_(day|week|month))$"
HOLIDAYS = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"

PATTERNS = {
    ID: "is made of a-z, 0-9, '_', '.' and '-'",
    NAME: "is made of a-z, 0-9 and '_' and begins with a letter",
    DURATION: "is a number and one of s, m, h, d, w, such as 30d, or forever",
    READ: "is an attribute, such as profile.balance, context.device or signal.properties.change",
    WINDOW: "is such as 30d (of s, m, h, d, w), or calendar_day, calendar_week, calendar_month, or forever",
    CLOCK_TIME: 'is hours and minutes, such as "08:00"',
    HOLIDAYS: "is a country, such as GB, or one with its part, such as GB-ENG",
    ORIGIN: "is a scheme and a host, such as https://www.example.com",
}

Duration = Annotated[str, Meta(pattern=DURATION)]
Window = Annotated[str, Meta(pattern=WINDOW)]
Year = Annotated[int, Meta(ge=1970, le=2100)]


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Something that people write down in another way than a revision holds it."""


class Condition(Form, frozen=True, kw_only=True):
    """A condition of engagement policy.

    Attributes:
        name: what explanations call it; each is there once per level and kind.
        when: CEL over profile, signal, context, action and now; it is true for those whom it lets through.
        reason: why it stops a person, in words that a customer may read.
        on_missing: whether to drop or to allow where it reads something unknown.
    """

    name: Name
    when: Cel
    reason: Text
    on_missing: Literal["drop", "allow"] = "drop"


class Policy(Form, frozen=True, kw_only=True):
    """The conditions of one level, by kind.

    Attributes:
        eligibility: may this person ever have it.
        applicability: does it make sense now.
        suitability: is it right to offer it.
    """

    eligibility: tuple[Condition, ...] = ()
    applicability: tuple[Condition, ...] = ()
    suitability: tuple[Condition, ...] = ()

    def of(self, kind: PolicyKind) -> tuple[Condition, ...]:
        """The conditions of one kind."""
        conditions: tuple[Condition, ...] = getattr(self, kind)
        return conditions


class Level(Form, frozen=True, kw_only=True):
    """A level of the taxonomy above the action.

    Attributes:
        id: what files and expressions call it.
        name: what people call it.
        policy: conditions that everything below inherits.
    """

    id: Id
    name: Text
    policy: Policy = Policy()


class Brand(Level, frozen=True, kw_only=True):
    """Whose name the customer sees."""


class Issue(Level, frozen=True, kw_only=True):
    """A business purpose.

    Attributes:
        purpose: what it is for, in a sentence.
        lever: business weight L of its actions, 0 to 10, where neither they nor their groups have one.
    """

    purpose: Text
    lever: Factor | None = None


class Group(Level, frozen=True, kw_only=True):
    """A family of actions.

    Attributes:
        issue: id of the issue that it belongs to.
        owner: who answers for its levers: a team or a role.
        lever: business weight L of its actions, 0 to 10, where they have none of their own.
    """

    issue: str
    owner: Text
    lever: Factor | None = None


class Bank(Form, frozen=True, kw_only=True):
    """bank.yaml: the taxonomy and the policy of all levels above the action.

    Attributes:
        name: of the bank or group.
        time_zone: where a person is whose own zone is not known, such as Europe/London.
        brands: whose name the customer sees.
        issues: business purposes.
        groups: families of actions, each within an issue.
        policy: conditions of every action.
        exclusions: facts of a person that stop every decision, for every brand.
    """

    name: Text
    time_zone: Text
    brands: tuple[Brand, ...]
    issues: tuple[Issue, ...]
    groups: tuple[Group, ...]
    policy: Policy = Policy()
    exclusions: tuple[Exclusion, ...] = ()


class Attribute(Form, frozen=True, kw_only=True):
    """The declaration of one attribute.

    Attributes:
        type: what its values are.
        description: what it means, with its unit.
        required: whether it is always there; any other may be missing.
        protected: whether it is a protected characteristic, which never predicts anything.
        values: the only ones that a string, or an item of a list, may have.
    """

    type: AttributeType
    description: Text
    required: bool = False
    protected: bool = False
    values: tuple[Text, ...] = ()


class PlainAttribute(Form, frozen=True, kw_only=True):
    """The declaration of an attribute of actions.

    Attributes:
        type: what its values are.
        description: what it means, with its unit.
        required: whether every action has to give it.
        values: the only ones that a string, or an item of a list, may have.
    """

    type: PlainType
    description: Text
    required: bool = False
    values: tuple[Text, ...] = ()


class Property(Form, frozen=True, kw_only=True):
    """The declaration of one property of a type of signal; it may always be missing.

    Attributes:
        type: what its values are.
        description: what it means, with its unit.
        protected: whether it is a protected characteristic, which never predicts anything.
        values: the only ones that a string, or an item of a list, may have.
    """

    type: PlainType
    description: Text
    protected: bool = False
    values: tuple[Text, ...] = ()


class SignalType(Form, frozen=True, kw_only=True):
    """What signals of one type carry.

    Attributes:
        description: what has happened.
        open: whether expressions may read properties that are not declared; their types are not checked.
        properties: those declared, by name.
    """

    description: Text
    open: bool = False
    properties: dict[Name, Property] = {}


class Schema(Form, frozen=True, kw_only=True):
    """schema.yaml: what expressions and templates may read.

    Attributes:
        profile: attributes of the person, by name.
        context: what surrounds a signal or a request, by name.
        signals: types of signals, by name, and the properties of each.
        action: attributes that actions give values of, by name.
    """

    profile: dict[Name, Attribute]
    context: dict[Name, Attribute] = {}
    signals: dict[Name, SignalType] = {}
    action: dict[Name, PlainAttribute] = {}


class Channels(Form, frozen=True, kw_only=True):
    """channels.yaml.

    Attributes:
        channels: where treatments appear.
    """

    channels: tuple[Channel, ...]


class Identity(Form, frozen=True, kw_only=True):
    """identity.yaml.

    Attributes:
        namespaces: kinds of identifier.
    """

    namespaces: tuple[Namespace, ...]


class Sources(Form, frozen=True, kw_only=True):
    """sources.yaml.

    Attributes:
        sources: systems that send signals.
    """

    sources: tuple[Source, ...] = ()


class Arbitration(Form, frozen=True, kw_only=True):
    """arbitration.yaml.

    Attributes:
        weights: exponents of the four factors of priority.
        context_weights: what in a context raises or lowers C.
        slots: what the treatments of one request obey together.
        predictors: what of a person and moment P looks at.
        exploration: whether P is the models' mean (off) or drawn from what they know (thompson).
    """

    weights: Weights = Weights()
    context_weights: tuple[ContextWeight, ...] = ()
    slots: SlotRules = SlotRules()
    predictors: tuple[NumericPredictor | SymbolicPredictor, ...] = ()
    exploration: Exploration = "off"


class Cap(Form, frozen=True, kw_only=True, tag="cap", tag_field="kind"):
    """At most so many outcomes within a window.

    Attributes:
        id: of the rule.
        limit: how many there may be.
        outcomes: which are counted.
        window: how far back they are counted, such as 30d or 1w, or calendar_day, calendar_week (from Monday) or
            calendar_month in the person's own time zone.
        reason: why it stops a treatment, in words that a customer may read.
        scope: what it judges and counts; everything where it is empty.
        per: a level of which each value is counted apart.
        preference: the attribute of the profile that holds the person's own limit; the lower of the two counts.
    """

    id: Id
    limit: Annotated[int, Meta(ge=0)]
    outcomes: Annotated[tuple[OutcomeName, ...], Meta(min_length=1)]
    window: Window
    reason: Text
    scope: Scope = Scope()
    per: Dimension | None = None
    preference: Name | None = None


class Cooldown(Form, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After an outcome, or several, nothing for a while.

    Attributes:
        id: of the rule.
        outcomes: after which of them.
        period: for how long, such as 30d or forever.
        reason: why it stops a treatment, in words that a customer may read.
        after: of what the outcome was; of anything where it is empty.
        blocks: what it stops; everything where it is empty.
        same: a level that what it stops shares with what the outcome was of.
        count: how many contacts must have had such an outcome; the period begins with the last of them.
        within: within how long of each other, such as 14d.
        without: outcomes of which none may have come within that time, or since.
    """

    id: Id
    outcomes: Annotated[tuple[OutcomeName, ...], Meta(min_length=1)]
    period: Duration
    reason: Text
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None
    count: Annotated[int, Meta(ge=1)] = 1
    within: Duration | None = None
    without: tuple[OutcomeName, ...] = ()


class Holidays(Form, frozen=True, kw_only=True):
    """Public holidays, whose dates are worked out when the catalogue is built.

    Attributes:
        calendar: whose they are, such as GB-ENG for England.
        years: of which years.
    """

    calendar: Annotated[str, Meta(pattern=HOLIDAYS)]
    years: Annotated[tuple[Year, ...], Meta(min_length=1)]


class QuietHours(Form, frozen=True, kw_only=True, tag="quiet_hours", tag_field="kind"):
    """No contact at these times of the person's own clock.

    Attributes:
        id: of the rule.
        times: when it is quiet.
        reason: why it stops a treatment, in words that a customer may read.
        scope: what keeps quiet; everything where it is empty.
        max_defer: how long a treatment may wait for the end of quiet time, such as 12h; without it, none waits and the
            next in rank goes out.
        holidays: which days `holiday` stands for.
    """

    id: Id
    times: Annotated[tuple[QuietTime, ...], Meta(min_length=1)]
    reason: Text
    scope: Scope = Scope()
    max_defer: Duration | None = None
    holidays: Holidays | None = None


Rule = Cap | Cooldown | ConsentRule | ExclusionRule | QuietHours | Volume | Budget | Holdout


class ContactPolicy(Form, frozen=True, kw_only=True):
    """contact_policy.yaml.

    Attributes:
        rules: limits on contact, in the order in which they are tried.
    """

    rules: tuple[Rule, ...]


class Treatment(Form, frozen=True, kw_only=True):
    """How an action appears on one channel; its full id is the action's, a dot, and this one.

    Attributes:
        id: within the action.
        channel: id of the channel.
        content: templates by field; which fields a channel needs is its own affair.
        placement: slot on an inbound channel.
        purpose: where it is another than the action's.
        starting: where it is another than the action's.
        policy: conditions of this treatment alone.
    """

    id: Id
    channel: str
    content: dict[Name, Text]
    placement: str | None = None
    purpose: Purpose | None = None
    starting: Starting | None = None
    policy: Policy = Policy()


class Action(Form, frozen=True, kw_only=True):
    """What we would like the customer to do.

    Attributes:
        id: of the action, one in all files.
        name: what people call it.
        brand: id of the brand in whose name it speaks.
        group: id of the group that it belongs to.
        purpose: which rules of contact it stands under.
        value: pounds that an acceptance is worth, or CEL over profile, signal, context and now that says so.
        starting: what its models believe before the first response.
        treatments: how it appears, at least one.
        description: what it is, for colleagues.
        lever: business weight L, 0 to 10, instead of that of its group or issue.
        mandatory: whether it ranks above everything that is not, as a regulatory notice does.
        active: when it is valid.
        policy: conditions of this action alone, besides those that it inherits.
        attributes: values of the attributes that schema.yaml declares under action.
    """

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
    attributes: dict[Name, AttributeValue] = {}


class Actions(Form, frozen=True, kw_only=True):
    """A file of actions/.

    Attributes:
        actions: in any order.
    """

    actions: tuple[Action, ...]
