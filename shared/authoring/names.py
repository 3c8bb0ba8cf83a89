"""What a catalogue's files name: which ids there are, whether each is there once, and references to none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, get_args

import msgspec

from shared.authoring import forms
from shared.authoring.problems import Problems
from shared.authoring.reading import Reader
from shared.domain.catalogue import BUILT_IN_FORMATS
from shared.domain.rules import Purpose, Scope


class _Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


ItemT = TypeVar("ItemT", bound=_Identified)


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """All forms of a catalogue: `actions` and `connectors` by file, `formats` and their `examples` by name, and
    likewise the texts of `estimators`.
    """

    bank: forms.Bank
    schema: forms.Schema
    channels: forms.Channels
    identity: forms.Identity
    sources: forms.Sources
    callbacks: forms.Callbacks
    consent: forms.Consent
    features: forms.Features
    triggers: forms.Triggers
    arbitration: forms.Arbitration
    contact_policy: forms.ContactPolicy
    experiments: forms.Experiments
    fairness: forms.Fairness
    audiences: forms.Audiences
    gates: forms.Gates
    frames: forms.Frames
    actions: tuple[forms.Actions, ...]
    formats: Mapping[str, forms.Format] = {}
    examples: Mapping[str, forms.Examples] = {}
    connectors: tuple[forms.Connectors, ...] = ()
    estimators: Mapping[str, str] = {}


class Names:
    """The ids that the files give, and all that is wrong with how they are given and referred to."""

    def __init__(self, files: Files, reader: Reader, problems: Problems) -> None:
        """Know the ids of every file; what could not be read may hold any id."""
        self.place = reader.place
        self.is_read = reader.is_read
        self.problems = problems
        self._schema = files.schema
        actions = [action for file in files.actions for action in file.actions]
        self._known: dict[str, Collection[str]] = {
            "brand": {b.id for b in files.bank.brands},
            "issue": {i.id for i in files.bank.issues},
            "group": {g.id for g in files.bank.groups},
            "action": {a.id for a in actions},
            "treatment": {f"{a.id}.{t.id}" for a in actions for t in a.treatments},
            "channel": {c.id for c in files.channels.channels},
            "connector": {c.id for file in files.connectors for c in file.connectors},
            "content service": {s.id for file in files.connectors for s in file.content_services},
            "namespace": {n.id for n in files.identity.namespaces},
            "format": {*BUILT_IN_FORMATS, *files.formats},
            "signal": files.schema.signals,
        }
        listed: list[tuple[str, forms.Form, str]] = [
            ("brand", files.bank, "brands"),
            ("issue", files.bank, "issues"),
            ("group", files.bank, "groups"),
            *(("action", file, "actions") for file in files.actions),
            *(("treatment", file, "actions") for file in files.actions),
            ("channel", files.channels, "channels"),
            *(("connector", file, "connectors") for file in files.connectors),
            *(("content service", file, "content_services") for file in files.connectors),
            ("namespace", files.identity, "namespaces"),
            ("signal", files.schema, "signals"),
        ]
        self._unknowable = {what for what, form, field in listed if not reader.is_read(form, field)}

    def vocabulary(self) -> dict[str, Collection[str]]:
        """The only values that some texts have, by the attribute that expressions read."""
        schema = self._schema
        declared = {
            f"{root}.{name}": attribute.values
            for root, attributes in self._declared()
            for name, attribute in attributes.items()
            if attribute.values
        }
        if schema.signals:
            declared["signal.type"] = tuple(schema.signals)
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
        return {**declared, **self._of_properties(), **known, "treatment.purpose": get_args(Purpose)}

    def _declared(self) -> Iterator[tuple[str, Mapping[str, forms.Attribute | forms.PlainAttribute]]]:
        yield from (("profile", self._schema.profile), ("context", self._schema.context))
        yield "action", self._schema.action

    def _of_properties(self) -> dict[str, Collection[str]]:
        """The values of each property of signals that has a list of them wherever it is declared."""
        values: dict[str, set[str]] = {}
        free: set[str] = set()
        for signal in self._schema.signals.values():
            for name, found in signal.properties.items():
                values.setdefault(f"signal.properties.{name}", set()).update(found.values)
                if not found.values:
                    free.add(f"signal.properties.{name}")
        return {name: found for name, found in values.items() if name not in free}

    def unique(self, items: Iterable[msgspec.Struct], what: str, field: str = "id") -> None:
        """Note every item whose id another has already."""
        seen: set[str] = set()
        for item in items:
            value = getattr(item, field)
            if value in seen:
                self.problems.add(self.place(item, field), f"there are two {what}s {value}")
            if value:
                seen.add(value)

    def refers(self, what: str, value: str, form: msgspec.Struct, *keys: str | int) -> None:
        """Note a reference to what is not there, which stands in a form at some keys."""
        if value and value not in self._known[what] and what not in self._unknowable:
            place = self.place(form, *keys)
            self.problems.add(place, f"unknown {what} {value}", wrote=value, known=self._known[what])

    def attribute(self, name: str, wanted: str, form: msgspec.Struct, *keys: str | int) -> None:
        """Note a reference to an attribute of the profile that is not declared, or is of another type."""
        if not self.is_read(self._schema, "profile"):
            return
        declared, place = self._schema.profile.get(name), self.place(form, *keys)
        if declared is None:
            self.problems.add(place, f"unknown attribute profile.{name}", wrote=name, known=self._schema.profile)
        elif declared.type != wanted and self.is_read(declared, "type"):
            self.problems.add(place, f"profile.{name} is {declared.type}, not {wanted}")

    def set_of(self, form: msgspec.Struct, field: str) -> tuple[Any, ...]:
        """A list whose order means nothing: sorted, each value once."""
        values: tuple[str, ...] = getattr(form, field)
        for index, value in enumerate(values):
            if value in values[:index]:
                self.problems.add(self.place(form, field, index), f"{value} is here twice")
        return tuple(sorted(set(values)))

    def scope(self, scope: Scope) -> Scope:
        """A scope that refers to what is there."""
        for field in ("brands", "issues", "groups", "actions", "treatments", "channels"):
            for index, value in enumerate(getattr(scope, field)):
                self.refers(field.removesuffix("s"), value, scope, field, index)
        return msgspec.structs.replace(scope, **{field: self.set_of(scope, field) for field in Scope.__struct_fields__})


def by_id(items: Iterable[ItemT]) -> list[ItemT]:
    """The items in the order of their ids, whatever the order of the files."""
    return sorted(items, key=lambda item: item.id)
