"""Forms into the catalogue of a revision: references resolved, inheritance worked out, order independent of files."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol, TypeVar, get_args

import msgspec

from shared.authoring import forms
from shared.authoring.expressions import Checker
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.reading import Reader
from shared.authoring.templates import check_template
from shared.domain import catalogue as target
from shared.domain.catalogue import POLICY_KINDS, Catalogue, PolicyKind, Purpose


class _Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


ItemT = TypeVar("ItemT", bound=_Identified)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
FOREVER_SECONDS = 36525 * 86400

NEEDED_CONTENT = {
    "email": ("subject", "body"),
    "sms": ("text",),
    "push": ("title", "text"),
    "web": ("headline", "body"),
    "mobile_app": ("headline", "body"),
    "call_centre": ("say",),
    "branch": ("say",),
}


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """All forms of a catalogue, `actions` by file."""

    bank: forms.Bank
    schema: forms.Schema
    channels: forms.Channels
    identity: forms.Identity
    sources: forms.Sources
    arbitration: forms.Arbitration
    contact_policy: forms.ContactPolicy
    actions: tuple[forms.Actions, ...]


class Builder:
    """Builds one catalogue and notes all that is wrong on the way."""

    def __init__(self, files: Files, reader: Reader, problems: Problems) -> None:
        self._files = files
        self._place = reader.place
        self._is_read = reader.is_read
        self._problems = problems
        self._conditions: list[target.Condition] = []
        self._channels = {c.id: c for c in files.channels.channels}
        self._placements = {p.id: c.id for c in files.channels.channels for p in c.placements}
        self._groups = {g.id: g for g in files.bank.groups}
        self._issues = {i.id: i for i in files.bank.issues}
        actions = [action for file in files.actions for action in file.actions]
        self._actions = sorted(actions, key=lambda a: a.id)
        self._known: dict[str, Collection[str]] = {
            "brand": {b.id for b in files.bank.brands},
            "issue": self._issues.keys(),
            "group": self._groups.keys(),
            "action": {a.id for a in actions},
            "treatment": {f"{a.id}.{t.id}" for a in actions for t in a.treatments},
            "channel": self._channels.keys(),
            "namespace": {n.id for n in files.identity.namespaces},
        }
        listed: list[tuple[str, forms.Form, str]] = [
            ("brand", files.bank, "brands"),
            ("issue", files.bank, "issues"),
            ("group", files.bank, "groups"),
            *(("action", file, "actions") for file in files.actions),
            *(("treatment", file, "actions") for file in files.actions),
            ("channel", files.channels, "channels"),
            ("namespace", files.identity, "namespaces"),
        ]
        self._unknowable = {what for what, form, field in listed if not reader.is_read(form, field)}
        schema = {name: _attribute(a) for name, a in sorted(files.schema.profile.items())}
        context = {name: _attribute(a) for name, a in sorted(files.schema.context.items())}
        self._schemas = schema, context
        # without a schema nothing can be said of what reads it
        readable = reader.is_read(files.schema, "profile") and reader.is_read(files.schema, "context")
        self._reading_problems = problems if readable else Problems()
        self._checker = Checker(schema, context, self._vocabulary(), self._reading_problems)

    def build(self) -> Catalogue:
        """The catalogue; it is good only if no problem was noted."""
        bank = self._files.bank
        self._check_time_zone(bank)
        self._check_schema()
        self._unique(bank.brands, "brand")
        self._unique(bank.issues, "issue")
        self._unique(bank.groups, "group")
        self._unique(bank.exclusions, "exclusion", "flag")
        levels = self._levels()
        profile_schema, context_schema = self._schemas
        return Catalogue(
            name=bank.name,
            brands=tuple(target.Named(id=b.id, name=b.name) for b in _by_id(bank.brands)),
            issues=tuple(target.Named(id=i.id, name=i.name) for i in _by_id(bank.issues)),
            groups=tuple(target.Named(id=g.id, name=g.name, parent=g.issue) for g in _by_id(bank.groups)),
            exclusions=tuple(
                target.Exclusion(flag=e.flag, reason=e.reason) for e in sorted(bank.exclusions, key=lambda e: e.flag)
            ),
            profile_schema=profile_schema,
            context_schema=context_schema,
            channels=self._build_channels(),
            namespaces=self._build_namespaces(),
            sources=self._build_sources(),
            weights=msgspec.convert(self._files.arbitration.weights, target.Weights, from_attributes=True),
            context_weights=self._build_context_weights(),
            rules=self._build_rules(),
            actions=self._build_actions(levels),
            conditions=tuple(self._conditions),
        )

    def _vocabulary(self) -> dict[str, Collection[str]]:
        """The only values that some texts have, by the attribute that expressions read."""
        schema = self._files.schema
        declared = {
            f"{root}.{name}": attribute.values
            for root, attributes in (("profile", schema.profile), ("context", schema.context))
            for name, attribute in attributes.items()
            if attribute.values
        }
        listed = {
            "profile.brands": "brand",
            "profile.reachable": "channel",
            "action.id": "action",
            "action.brand": "brand",
            "action.issue": "issue",
            "action.group": "group",
            "treatment.id": "treatment",
            "treatment.channel": "channel",
        }
        known = {name: self._known[what] for name, what in listed.items() if what not in self._unknowable}
        return {**declared, **known, "treatment.purpose": get_args(Purpose)}

    # What all parts need

    def _unique(self, items: Iterable[forms.Form], what: str, field: str = "id") -> None:
        seen: set[str] = set()
        for item in items:
            value = getattr(item, field)
            if value in seen:
                self._problems.add(self._place(item, field), f"there are two {what}s {value}")
            if value:
                seen.add(value)

    def _refers(self, what: str, value: str, place: Place) -> None:
        """Note a reference to what is not there."""
        if value and value not in self._known[what] and what not in self._unknowable:
            self._problems.add(place, f"unknown {what} {value}", wrote=value, known=self._known[what])

    def _check_time_zone(self, bank: forms.Bank) -> None:
        if not bank.time_zone:
            return
        try:
            zoneinfo.ZoneInfo(bank.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            zones = zoneinfo.available_timezones()
            if zones:  # a machine without the database of zones cannot tell
                place = self._place(bank, "time_zone")
                self._problems.add(place, f"unknown time zone {bank.time_zone}", wrote=bank.time_zone, known=zones)

    def _check_schema(self) -> None:
        schema = self._files.schema
        for section, attributes in (("profile", schema.profile), ("context", schema.context)):
            for name, attribute in attributes.items():
                place = self._place(schema, section, name)
                if section == "profile" and name in Checker.LISTS:
                    self._problems.add(place, f"profile.{name} is always there and cannot be declared")
                if name in Checker.RESERVED:
                    self._problems.add(place, f"{name} is a word of CEL and cannot be a name")
                if attribute.values and attribute.type not in ("string", "list(string)"):
                    self._problems.add(place.into("values"), "only a string or a list(string) has values")

    # Conditions and their inheritance

    def _levels(self) -> dict[str, dict[PolicyKind, tuple[int, ...]]]:
        """Indexes of the conditions of each level above the action, by level and kind."""
        bank = self._files.bank
        levels = {"catalogue": self._add_conditions("catalogue", bank.policy)}
        kinds: dict[str, tuple[forms.Level, ...]] = {"brand": bank.brands, "issue": bank.issues, "group": bank.groups}
        for kind, items in kinds.items():
            for item in _by_id(items):
                level = f"{kind}:{item.id}"
                levels[level] = self._add_conditions(level, item.policy)
        for group in bank.groups:
            self._refers("issue", group.issue, self._place(group, "issue"))
        return levels

    def _add_conditions(self, level: str, policy: forms.Policy) -> dict[PolicyKind, tuple[int, ...]]:
        indexes: dict[PolicyKind, tuple[int, ...]] = {}
        for kind in POLICY_KINDS:
            first = len(self._conditions)
            self._unique(policy.of(kind), f"{kind} condition", "name")
            for condition in policy.of(kind):
                place = self._place(condition, "when")
                self._checker.condition(condition.when, place, sees_treatment=level.startswith("treatment:"))
                self._conditions.append(
                    target.Condition(
                        name=condition.name,
                        kind=kind,
                        level=level,
                        when=condition.when,
                        reason=condition.reason,
                        on_missing=condition.on_missing,
                    )
                )
            indexes[kind] = tuple(range(first, len(self._conditions)))
        return indexes

    # Channels, identifiers and sources

    def _build_channels(self) -> tuple[target.Channel, ...]:
        channels = self._files.channels.channels
        self._unique(channels, "channel")
        self._unique([p for c in channels for p in c.placements], "placement")
        for channel in channels:
            if channel.direction == "outbound" and channel.placements and self._is_read(channel, "direction"):
                self._problems.add(self._place(channel, "placements"), "an outbound channel has no placements")
        return tuple(
            target.Channel(
                id=c.id,
                name=c.name,
                direction=c.direction,
                medium=c.medium,
                price=c.price,
                needs_contact_point=c.needs_contact_point,
                max_attempts=c.max_attempts,
                timeout_seconds=c.timeout_seconds,
                placements=tuple(target.Placement(id=p.id, name=p.name) for p in _by_id(c.placements)),
            )
            for c in _by_id(channels)
        )

    def _build_namespaces(self) -> tuple[target.Namespace, ...]:
        namespaces = self._files.identity.namespaces
        self._unique(namespaces, "namespace")
        return tuple(
            target.Namespace(id=n.id, kind=n.kind, priority=n.priority, unique=n.unique) for n in _by_id(namespaces)
        )

    def _build_sources(self) -> tuple[target.Source, ...]:
        sources = self._files.sources.sources
        self._unique(sources, "source")
        for source in sources:
            for name, namespace in source.identifiers.items():
                self._refers("namespace", namespace, self._place(source, "identifiers", name))
        return tuple(
            target.Source(
                id=s.id,
                name=s.name,
                format=s.format,
                identifiers=dict(sorted(s.identifiers.items())),
                origins=self._set(s, "origins"),
            )
            for s in _by_id(sources)
        )

    # Arbitration and contact policy

    def _build_context_weights(self) -> tuple[target.ContextWeight, ...]:
        weights = self._files.arbitration.context_weights
        self._unique(weights, "context weight", "name")
        for weight in weights:
            self._checker.context_weight(weight.when, self._place(weight, "when"))
        return tuple(
            target.ContextWeight(name=w.name, when=w.when, weight=w.weight, scope=self._scope(w.scope))
            for w in sorted(weights, key=lambda w: w.name)
        )

    def _build_rules(self) -> tuple[target.Rule, ...]:
        rules = self._files.contact_policy.rules
        self._unique(rules, "rule")
        return tuple(self._rule(rule) for rule in rules)

    def _rule(self, rule: forms.Cap | forms.Cooldown | forms.Consent | forms.ExclusionRule) -> target.Rule:
        match rule:
            case forms.Cap():
                return target.Cap(
                    id=rule.id,
                    limit=rule.limit,
                    outcomes=self._set(rule, "outcomes"),
                    window_seconds=self._seconds(rule, "window"),
                    reason=rule.reason,
                    scope=self._scope(rule.scope),
                    per=rule.per,
                )
            case forms.Cooldown():
                return target.Cooldown(
                    id=rule.id,
                    outcomes=self._set(rule, "outcomes"),
                    period_seconds=self._seconds(rule, "period"),
                    reason=rule.reason,
                    after=self._scope(rule.after),
                    blocks=self._scope(rule.blocks),
                    same=rule.same,
                )
            case forms.Consent():
                return target.ConsentRule(
                    id=rule.id,
                    purposes=self._set(rule, "purposes"),
                    reason=rule.reason,
                    scope=self._scope(rule.scope),
                )
            case forms.ExclusionRule():
                return target.ExclusionRule(
                    id=rule.id, flag=rule.flag, stops=self._set(rule, "stops"), reason=rule.reason
                )

    def _seconds(self, rule: forms.Form, field: str) -> int:
        text: str = getattr(rule, field)
        if text in ("forever", ""):
            return FOREVER_SECONDS
        seconds = int(text[:-1]) * _SECONDS[text[-1]]
        if seconds > FOREVER_SECONDS:
            self._problems.add(self._place(rule, field), f"{text} is more than a hundred years: write forever")
        return min(seconds, FOREVER_SECONDS)

    def _scope(self, scope: forms.Scope) -> target.Scope:
        for field in ("brands", "issues", "groups", "actions", "treatments", "channels"):
            for index, value in enumerate(getattr(scope, field)):
                self._refers(field.removesuffix("s"), value, self._place(scope, field, index))
        return target.Scope(**{field: self._set(scope, field) for field in scope.__struct_fields__})

    def _set(self, form: forms.Form, field: str) -> tuple[str, ...]:
        """A list whose order means nothing: sorted, each value once."""
        values: tuple[str, ...] = getattr(form, field)
        for index, value in enumerate(values):
            if value in values[:index]:
                self._problems.add(self._place(form, field, index), f"{value} is here twice")
        return tuple(sorted(set(values)))

    # Actions and treatments

    def _build_actions(self, levels: Mapping[str, Mapping[PolicyKind, tuple[int, ...]]]) -> tuple[target.Action, ...]:
        self._unique([action for file in self._files.actions for action in file.actions], "action")
        seen: dict[str, str] = {}
        for action in self._actions:
            for treatment in action.treatments:
                full = f"{action.id}.{treatment.id}"
                if seen.setdefault(full, action.id) != action.id:
                    self._problems.add(self._place(treatment, "id"), f"{seen[full]} has a treatment {full} too")
        return tuple(self._action(action, levels) for action in self._actions)

    def _action(
        self, action: forms.Action, levels: Mapping[str, Mapping[PolicyKind, tuple[int, ...]]]
    ) -> target.Action:
        self._refers("brand", action.brand, self._place(action, "brand"))
        self._refers("group", action.group, self._place(action, "group"))
        group = self._groups.get(action.group)
        issue = self._issues.get(group.issue) if group else None
        issue_id = group.issue if group else ""
        if isinstance(action.value, str):
            self._checker.value(action.value, self._place(action, "value"))
        if action.active.from_ and action.active.until and action.active.from_ >= action.active.until:
            self._problems.add(self._place(action.active, "until"), "the window ends before it begins")
        own = self._add_conditions(f"action:{action.id}", action.policy)
        above = ("catalogue", f"brand:{action.brand}", f"issue:{issue_id}", f"group:{action.group}")
        inherited = [levels.get(level, {}) for level in above]
        self._unique(action.treatments, "treatment")
        return target.Action(
            id=action.id,
            name=action.name,
            brand=action.brand,
            issue=issue_id,
            group=action.group,
            purpose=action.purpose,
            value=action.value,
            lever=next((f.lever for f in (action, group, issue) if f is not None and f.lever is not None), 1.0),
            treatments=tuple(self._treatment(action, treatment) for treatment in _by_id(action.treatments)),
            description=action.description,
            mandatory=action.mandatory,
            active=target.Active(from_=action.active.from_, until=action.active.until),
            conditions=tuple(i for kind in POLICY_KINDS for level in (*inherited, own) for i in level.get(kind, ())),
        )

    def _treatment(self, action: forms.Action, treatment: forms.Treatment) -> target.Treatment:
        treatment_id = f"{action.id}.{treatment.id}"
        self._refers("channel", treatment.channel, self._place(treatment, "channel"))
        channel = self._channels.get(treatment.channel)
        if channel is not None and self._is_read(channel, "direction"):
            self._check_placement(treatment, channel)
        self._check_content(treatment)
        conditions = self._add_conditions(f"treatment:{treatment_id}", treatment.policy)
        return target.Treatment(
            id=treatment_id,
            channel=treatment.channel,
            purpose=treatment.purpose or action.purpose,
            starting=msgspec.convert(treatment.starting or action.starting, target.Starting, from_attributes=True),
            content=dict(sorted(treatment.content.items())),
            placement=treatment.placement,
            conditions=tuple(i for kind in POLICY_KINDS for i in conditions[kind]),
        )

    def _check_placement(self, treatment: forms.Treatment, channel: forms.Channel) -> None:
        placement = treatment.placement
        place = self._place(treatment, "placement")
        placements = {p.id for p in channel.placements}
        if channel.direction == "outbound":
            if placement is not None:
                self._problems.add(place, f"{channel.id} is outbound and has no placements")
        elif placement is None:
            if self._is_read(treatment, "placement"):
                self._problems.add(place, f"a treatment on {channel.id} needs a placement")
        elif placement not in placements:
            self._problems.add(place, f"{channel.id} has no placement {placement}", wrote=placement, known=placements)

    def _check_content(self, treatment: forms.Treatment) -> None:
        content = treatment.content
        place = self._place(treatment, "content")
        if self._is_read(treatment, "content"):
            written = {key.value for key, _ in place.node.value}
            needed = NEEDED_CONTENT.get(treatment.channel, ())
            if not written:
                self._problems.add(place, "the content is empty")
            for field in needed:
                if written and field not in written:
                    self._problems.add(place, f"{field} is missing")
        for field, text in content.items():
            check_template(text, place.into(field), self._schemas[0], self._reading_problems)


def _by_id(items: Iterable[ItemT]) -> list[ItemT]:
    return sorted(items, key=lambda item: item.id)


def _attribute(attribute: forms.Attribute) -> target.Attribute:
    return target.Attribute(type=attribute.type, description=attribute.description, required=attribute.required)
