"""Actions and their treatments as a revision holds them: with what they inherit worked out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from shared.authoring import forms
from shared.authoring.attributes import Attributes
from shared.authoring.conditions import Conditions
from shared.authoring.expressions import Checker, Declared
from shared.authoring.frames import Frames
from shared.authoring.names import Files, Names, by_id
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.templates import Templates
from shared.domain.catalogue import POLICY_KINDS, Action, ContentField, Treatment
from shared.domain.content import field_of
from shared.domain.delivery import LONGEST_DEADLINE_SECONDS
from shared.domain.part import seconds
from shared.domain.sms import segments

NEEDED_CONTENT: Mapping[str, tuple[str, ...]] = {
    "email": ("subject", "body"),
    "sms": ("text",),
    "push": ("title", "text"),
    "web": ("headline", "body"),
    "mobile_app": ("headline", "body"),
    "call_centre": ("say",),
    "branch": ("say",),
}
"""What treatments say on a channel that declares no fields of its own."""


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
        self._services = {s.id: s for file in files.connectors for s in file.content_services}
        self._groups = {g.id: g for g in files.bank.groups}
        self._issues = {i.id: i for i in files.bank.issues}
        self._actions = [action for file in files.actions for action in file.actions]
        self._names = names
        self._conditions = conditions
        self._checker = checker
        self._templates = Templates(declared.profile, template_problems)
        self._frames = Frames(files.frames, names, self._templates)
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
            anyway=action.anyway,
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
        if treatment.fragment is not None:
            self._names.refers("content service", treatment.fragment.service, treatment, "fragment", "service")
        content = self._content(action.brand, treatment, treatment.content, "content")
        translations = {
            language: self._content(action.brand, treatment, texts, "translations", language)
            for language, texts in sorted(treatment.translations.items())
        }
        conditions = self._conditions.add(f"treatment:{treatment_id}", treatment.policy)
        return Treatment(
            id=treatment_id,
            channel=treatment.channel,
            purpose=treatment.purpose or action.purpose,
            starting=treatment.starting or action.starting,
            content=content,
            translations=translations,
            fragment=treatment.fragment,
            placement=treatment.placement,
            conditions=tuple(i for kind in POLICY_KINDS for i in conditions[kind]),
            deadline=self._deadline(treatment, channel),
            segments=self._segments(treatment, channel),
        )

    def _segments(self, treatment: forms.Treatment, channel: forms.Channel | None) -> int:
        """How many text messages it becomes: counted where nothing is filled in, as declared, or as many as it may."""
        declared = treatment.segments
        if channel is None or channel.priced_by != "segment":
            if declared is not None and channel is not None:
                self._note(treatment, "segments", f"{channel.id} is not priced by segments")
            return 1
        counted = 0
        for name, field in channel.content.items():
            texts = [texts[name] for texts in (treatment.content, *treatment.translations.values()) if name in texts]
            if field.medium != "sms" or not texts:
                continue
            known = not any("{" in text for text in texts)
            counted += max(map(segments, texts)) if known else declared or field.most_segments or 1
            if known and declared is not None:
                self._note(treatment, "segments", f"is counted: {name} says the same to everybody")
        return max(1, counted)

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

    def _content(self, brand: str, treatment: forms.Treatment, texts: Mapping[str, str], *keys: str) -> dict[str, str]:
        """Texts as a revision holds them, each checked as its medium takes it."""
        channel = self._channels.get(treatment.channel)
        place = self._names.place(treatment, *keys)
        service = self._services.get(treatment.fragment.service) if treatment.fragment else None
        fragment = tuple(service.fields) if service else ()
        known = channel.content if channel is not None else {}
        if self._names.is_read(treatment, keys[0]) and len(keys) == 1:
            self._check_needed(treatment, place, known)
        built = {}
        for name, text in sorted(texts.items()):
            at = place.into(name)
            if known and name not in known:
                self._names.problems.add(at, f"{treatment.channel} has no field {name}", wrote=name, known=known)
            field = ContentField(medium="html") if channel is None else field_of(channel, name)
            language = keys[1] if len(keys) > 1 else None
            built[name] = self._frames.html(text, at, brand, treatment, language) if field.medium == "html" else text
            self._templates.check(text, at, field, fragment)
            if built[name] != text:
                self._templates.check_made(built[name], at, field, fragment)
        return built

    def _check_needed(self, treatment: forms.Treatment, place: Place, known: Mapping[str, ContentField]) -> None:
        written = {key.value for key, _ in place.node.value}
        if not written:
            self._names.problems.add(place, "the content is empty")
        needed = [name for name, field in known.items() if field.needed] if known else None
        for field in NEEDED_CONTENT.get(treatment.channel, ()) if needed is None else needed:
            if written and field not in written:
                self._names.problems.add(place, f"{field} is missing")
