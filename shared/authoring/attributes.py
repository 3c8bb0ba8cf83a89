"""Attributes of actions: what each action says of itself, by the types that the catalogue declares."""

from __future__ import annotations

from collections.abc import Mapping

from shared.authoring import forms
from shared.authoring.names import Names
from shared.authoring.places import Place
from shared.domain.catalogue import AttributeValue, PlainType

_WORDS: dict[PlainType, str] = {
    "bool": "true or false",
    "int": "a whole number",
    "double": "a number",
    "string": "text",
    "list(string)": "a list of texts",
}
_CLASSES: dict[PlainType, type] = {"bool": bool, "int": int, "double": float, "string": str, "list(string)": tuple}


class Attributes:
    """Checks the attributes of actions against their declarations."""

    def __init__(self, declared: Mapping[str, forms.PlainAttribute], names: Names) -> None:
        """Take what schema.yaml declares under `action`."""
        self._declared = declared
        self._names = names

    def of_action(self, action: forms.Action) -> dict[str, AttributeValue]:
        """The values that an action gives, by name, each of its declared type."""
        place = self._names.place(action, "attributes")
        given: dict[str, AttributeValue] = {}
        for name, value in sorted(action.attributes.items()):
            if name in self._declared:
                found = self._value(self._declared[name], value, place.into(name))
                if found is not None:
                    given[name] = found
            else:
                message = f"unknown attribute action.{name}"
                self._names.problems.add(place.into(name), message, wrote=name, known=self._declared)
        if self._names.is_read(action, "attributes"):
            for name in sorted(self._declared.keys() - action.attributes.keys()):
                if self._declared[name].required:
                    self._names.problems.add(place, f"attribute {name} is missing")
        return given

    def _value(self, declared: forms.PlainAttribute, value: AttributeValue, place: Place) -> AttributeValue | None:
        kind = declared.type
        if kind == "double" and type(value) is int:
            value = float(value)
        if type(value) is not _CLASSES[kind]:
            self._names.problems.add(place, f"expected {_WORDS[kind]}, as schema.yaml declares it, got {_said(value)}")
            return None
        texts = value if isinstance(value, tuple) else (str(value),)
        for text in texts if declared.values else ():
            if text not in declared.values:
                listed = ", ".join(sorted(declared.values))
                self._names.problems.add(place, f"{text!r} is none of {listed}", wrote=text, known=declared.values)
        return value


def _said(value: AttributeValue) -> str:
    """A value as it stands in a file."""
    if isinstance(value, tuple):
        return "a list"
    return str(value).lower() if isinstance(value, bool) else repr(value)
