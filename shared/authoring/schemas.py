"""JSON Schemas of a catalogue's files, from the forms by which they are read: for completion and errors in any editor.

A schema knows the shape of one file. What one file says of another, and what expressions say, only a build can check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

import msgspec

from shared.authoring import forms
from shared.domain.part import Part

FORMS: dict[str, type[forms.Form]] = {
    "bank": forms.Bank,
    "schema": forms.Schema,
    "channels": forms.Channels,
    "connectors": forms.Connectors,
    "identity": forms.Identity,
    "sources": forms.Sources,
    "callbacks": forms.Callbacks,
    "consent": forms.Consent,
    "features": forms.Features,
    "triggers": forms.Triggers,
    "arbitration": forms.Arbitration,
    "contact_policy": forms.ContactPolicy,
    "experiments": forms.Experiments,
    "fairness": forms.Fairness,
    "audiences": forms.Audiences,
    "gates": forms.Gates,
    "frames": forms.Frames,
    "actions": forms.Actions,
    "formats": forms.Format,
    "examples": forms.Examples,
}
"""By the name of a file, or of the folder that files of this form stand in."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"
_FIELD = re.compile(r"^        (\w+): (.+(?:\n {10,}.+)*)", re.MULTILINE)


def schemas() -> dict[str, bytes]:
    """The text of each schema by the name of its file, such as `bank.schema.json`."""
    return {f"{name}.schema.json": _text(name, form) for name, form in FORMS.items()}


def _text(name: str, form: type[forms.Form]) -> bytes:
    (reference,), definitions = msgspec.json.schema_components([form], ref_template=_REFERENCE)
    _describe(definitions)
    root = definitions.pop(reference["$ref"].rpartition("/")[2])
    schema = {"$schema": _DIALECT, "title": name, **root, "$defs": dict(sorted(definitions.items()))}
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"


def _describe(definitions: dict[str, Any]) -> None:
    """Put what docstrings say where an editor shows it."""
    documented = {form.__name__: form for base in (Part, forms.Form) for form in _below(base)}
    for definition in definitions.values():
        form = documented[definition["title"]]
        definition["description"] = _summary(form)
        said = _fields(form)
        fields = {field.encode_name: field for field in msgspec.structs.fields(form)}
        for name, found in definition["properties"].items():
            if name in fields:
                # beside a reference, a description tells more than that of what it refers to
                written = {**_written(found, fields[name].type), "description": said[fields[name].name]}
                definition["properties"][name] = written
            else:
                found["description"] = "Which kind it is."


def _written(schema: dict[str, Any], annotation: Any) -> dict[str, Any]:
    """What may stand in a file, in which a field that has no value is left out, not null."""
    if "default" not in schema or schema["default"] is not None:
        return schema
    if datetime in get_args(annotation):
        return {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
    (one,) = [other for other in schema["anyOf"] if other != {"type": "null"}]
    return dict(one)


def _below(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in base.__subclasses__():
        yield child
        yield from _below(child)


def _summary(form: type[msgspec.Struct]) -> str:
    return _joined((form.__doc__ or "").partition("\n\n")[0])


def _fields(form: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstrings of a form and its bases say of each field."""
    said: dict[str, str] = {}
    for cls in reversed(form.__mro__):
        said.update((name, _joined(text)) for name, text in _FIELD.findall(cls.__doc__ or ""))
    return {name: text[0].upper() + text[1:] for name, text in said.items()}


def _joined(text: str) -> str:
    return " ".join(text.split())
