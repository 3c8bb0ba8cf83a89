"""What items of a source hold in a form of its own: identities in lists, and fields that are named by ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.errors import InvalidError
from shared.domain.normalising.raw import beside


def identity_values(held: Any, field: str) -> Iterator[Any]:
    """The values of an identity: one, or a list; of objects the `id`, the `primary` one first."""
    several = held if held.__class__ is list else [held]
    for value in sorted(several, key=lambda one: one.__class__ is not dict or one.get("primary") is not True):
        told = value.get("id") if value.__class__ is dict else value
        if told.__class__ not in (str, int):
            raise InvalidError("expected text, or an object with an id", field=field)
        if told != "":
            yield told


def renamed_fields(item: dict[str, Any], rename: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The fields whose names are ids, under their words; a word that is taken gets an underscore in front."""
    renamed: dict[str, Any] = {}
    for field, names in rename.items():
        if item.get(field).__class__ is dict:
            held = {name: value for name, value in item[field].items() if name not in names}
            for name, word in names.items():
                if name in item[field]:
                    held = (
                        beside({word: item[field][name]}, held) if word in held else {**held, word: item[field][name]}
                    )
            renamed[field] = held
    return renamed
