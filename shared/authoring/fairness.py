"""Fairness as a revision holds it: limits of attributes that are protected and have parts."""

from __future__ import annotations

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import Fairness, FairnessLimit

_NUMBERS = ("int", "double")
_PARTED = ("string", "bool")


def build_fairness(file: forms.Fairness, schema: forms.Schema, names: Names) -> Fairness:
    """Where parts meet, and the limits by their ids."""
    names.unique(file.limits, "limit")
    for name, edges in file.parts.items():
        place = names.place(file, "parts", name)
        declared = _protected(name, schema, names, file, "parts", name)
        if declared is not None and declared.type not in _NUMBERS:
            names.problems.add(place, f"profile.{name} is {declared.type}: only numbers are parted where they meet")
        for index, edge in enumerate(edges):
            if edge in edges[:index]:
                names.problems.add(place.into(index), f"{edge:g} is here twice")
    for limit in file.limits:
        names.refers("issue", limit.issue, limit, "issue")
        if limit.least_ratio is None and limit.most_difference is None:
            message = "limits nothing: say least_ratio, most_difference or both"
            names.problems.add(names.place(limit, "id"), message)
        for index, name in enumerate(limit.attributes):
            declared = _protected(name, schema, names, limit, "attributes", index)
            if declared is not None:
                _check_parted(name, declared, file, names, limit, index)
    return Fairness(
        fewest=file.fewest,
        parts={name: tuple(sorted({*edges})) for name, edges in sorted(file.parts.items())},
        limits=tuple(
            msgspec.structs.replace(
                each, attributes=names.set_of(each, "attributes"), after=names.set_of(each, "after")
            )
            for each in by_id(file.limits)
        ),
    )


def _protected(
    name: str, schema: forms.Schema, names: Names, form: msgspec.Struct, *keys: str | int
) -> forms.Attribute | None:
    """The declaration of a protected attribute; any other is noted."""
    if not names.is_read(schema, "profile"):
        return None
    declared, place = schema.profile.get(name), names.place(form, *keys)
    if declared is None:
        names.problems.add(place, f"unknown attribute profile.{name}", wrote=name, known=schema.profile)
    elif not declared.protected:
        known = [each for each, attribute in schema.profile.items() if attribute.protected]
        names.problems.add(place, f"profile.{name} is not protected by schema.yaml", wrote=name, known=known)
    else:
        return declared
    return None


def _check_parted(
    name: str, declared: forms.Attribute, file: forms.Fairness, names: Names, limit: FairnessLimit, index: int
) -> None:
    place = names.place(limit, "attributes", index)
    if declared.type in _NUMBERS and name not in file.parts:
        names.problems.add(place, f"profile.{name} is {declared.type}: say under parts where its parts meet")
    elif declared.type not in (*_NUMBERS, *_PARTED):
        names.problems.add(place, f"profile.{name} is {declared.type}: its values part nobody")
