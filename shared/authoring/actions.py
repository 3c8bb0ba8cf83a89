"""Actions and their treatments as a revision holds them: with what they inherit worked out."""

from __future__ import annotations

from functools import partial

import msgspec

from shared.authoring import forms
from shared.authoring.attributes import Attributes
from shared.authoring.conditions import Conditions
from shared.authoring.expressions import Checker, Declared
from shared.authoring.names import Files, Names, by_id
from shared.authoring.problems import Problems
from shared.authoring.templates import Templates
from shared.domain.catalogue import POLICY_KINDS, Action, Treatment
from shared.domain.delivery import LONGEST_DEADLINE_SECONDS
from shared.domain.part import seconds

NEEDED_CONTENT = {
    "email": ("subject", "body"),
    "sms": ("text",),
    "push": ("title", "text"),
    "web": ("headline", "body"),
    "mobile_app": ("headline", "body"),
    "call_centre": ("say",),
    "branch": ("say",),
}


class ActionBuilder:
    """Builds the actions of one catalogue."""

    def __init__(
        self,
        files: Files,
        names: Names,
        conditions: Conditions,
        checker: Checker,
        declared: Declared,
        template_problems: Problems,
    ) -> None:
        """Take what actions inherit from; templates read the profile by its schema."""
        self._channels = {c.id: c for c in files.channels.channels}
        self._groups = {g.id: g for g in files.bank.groups}
        self._issues = {i.id: i for i in files.bank.issues}
        self._actions = [action for file in files.actions for action in file.actions]
        self._names = names
        self._conditions = conditions
        self._checker = checker
        self._templates = Templates(declared.profile, template_problems)
        self._attributes = Attributes(files.schema.action, names)

    def build(self) -> tuple[Action, ...]:
        """Every action, by its id."""
        self._names.unique(self._actions, "action")
        seen: dict[str, str] = {}
        for action in by_id(self._actions):
            for treatment in action.treatments:
                full = f"{action.id}.{treatment.id}"
                if seen.setdefault(full, action.id) != action.id:
                    self._note(treatment, "id", f"{seen[full]} has a treatment {full} too")
        return tuple(self._action(action) for action in by_id(self._actions))

    def _note(self, form: msgspec.Struct, field: str, message: str) -> None:
        self._names.problems.add(self._names.place(form, field), message)

    def _action(self, action: forms.Action) -> Action:
        self._names.refers("brand", action.brand, action, "brand")
        self._names.refers("group", action.group, action, "group")
        group = self._groups.get(action.group)
        issue = self._issues.get(group.issue) if group else None
        issue_id = group.issue if group else ""
        if isinstance(action.value, str):
            self._checker.value(action.value, partial(self._names.place, action, "value"))
        if action.active.from_ and action.active.until and action.active.from_ >= action.active.until:
            self._note(action.active, "until", "the window ends before it begins")
        if action.cancel_when is not None:
            self._checker.cancel(action.cancel_when, partial(self._names.place, action, "cancel_when"))
        own = self._conditions.add(f"action:{action.id}", action.policy)
        self._names.unique(action.treatments, "treatment")
        return Action(
            id=action.id,
            name=action.name,
            brand=action.brand,
            issue=issue_id,
            group=action.group,
            purpose=action.purpose,
            value=action.value,
            lever=next((f.lever for f in (action, group, issue) if f is not None and f.lever is not None), 1.0),
            treatments=tuple(self._treatment(action, treatment) for treatment in by_id(action.treatments)),
            description=action.description,
            mandatory=action.mandatory,
            active=action.active,
            conditions=self._conditions.of_action(action.brand, issue_id, action.group, own),
            attributes=self._attributes.of_action(action),
            cancel_when=action.cancel_when,
        )

    def _treatment(self, action: forms.Action, treatment: forms.Treatment) -> Treatment:
        treatment_id = f"{action.id}.{treatment.id}"
        self._names.refers("channel", treatment.channel, treatment, "channel")
        channel = self._channels.get(treatment.channel)
        if channel is not None and self._names.is_read(channel, "direction"):
            self._check_placement(treatment, channel)
        self._check_content(treatment)
        conditions = self._conditions.add(f"treatment:{treatment_id}", treatment.policy)
        return Treatment(
            id=treatment_id,
            channel=treatment.channel,
            purpose=treatment.purpose or action.purpose,
            starting=treatment.starting or action.starting,
            content=dict(sorted(treatment.content.items())),
            placement=treatment.placement,
            conditions=tuple(i for kind in POLICY_KINDS for i in conditions[kind]),
            deadline=self._deadline(treatment, channel),
        )

    def _deadline(self, treatment: forms.Treatment, channel: forms.Channel | None) -> str | None:
        """Its own deadline, where it has one."""
        deadline = treatment.deadline
        if deadline is None or channel is None:
            return deadline
        if channel.direction == "inbound":
            self._note(treatment, "deadline", f"{channel.id} is inbound: nothing is sent there")
        elif seconds(deadline) > LONGEST_DEADLINE_SECONDS:
            self._note(treatment, "deadline", "longer than 2 days")
        return deadline

    def _check_placement(self, treatment: forms.Treatment, channel: forms.Channel) -> None:
        placement = treatment.placement
        place = self._names.place(treatment, "placement")
        placements = {p.id for p in channel.placements}
        if channel.direction == "outbound":
            if placement is not None:
                self._names.problems.add(place, f"{channel.id} is outbound and has no placements")
        elif placement is None:
            if self._names.is_read(treatment, "placement"):
                self._names.problems.add(place, f"a treatment on {channel.id} needs a placement")
        elif placement not in placements:
            self._names.problems.add(
                place, f"{channel.id} has no placement {placement}", wrote=placement, known=placements
            )

    def _check_content(self, treatment: forms.Treatment) -> None:
        content = treatment.content
        place = self._names.place(treatment, "content")
        if self._names.is_read(treatment, "content"):
            written = {key.value for key, _ in place.node.value}
            needed = NEEDED_CONTENT.get(treatment.channel, ())
            if not written:
                self._names.problems.add(place, "the content is empty")
            for field in needed:
                if written and field not in written:
                    self._names.problems.add(place, f"{field} is missing")
        for field, text in content.items():
            self._templates.check(text, place.into(field))
