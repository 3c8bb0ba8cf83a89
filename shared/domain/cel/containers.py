"""Reading from lists and maps, and making them."""

from __future__ import annotations

from typing import Any

from shared.domain.cel.comparison import lookup_key
from shared.domain.cel.ends import Failed, Missing, is_end
from shared.domain.cel.values import NUMBERS, encode_key, kind_name, no_overload


def select(value: Any, field: str, missing: Missing) -> Any:
    """`value.field`: the entry of a map, `missing` where it has none."""
    if value.__class__ is dict:
        return value.get(field, missing)
    return value if is_end(value) else Failed(f"{kind_name(value)} has no field {field!r}")


def has(value: Any, field: str) -> Any:
    """`has(value.field)`: whether a map has the entry, be it null."""
    if value.__class__ is dict:
        return field in value
    return value if is_end(value) else Failed(f"{kind_name(value)} has no field {field!r}")


def index(container: Any, key: Any) -> Any:
    """`container[key]`: the entry of a map, or the element of a list, counted from 0."""
    kind = container.__class__
    if kind is dict:
        found = lookup_key(key)
        if found is not None:
            return container[found] if found in container else Missing((f"[{key!r}]",))
        if key.__class__ is float:
            return Missing((f"[{key!r}]",))
    elif kind is list and key.__class__ in NUMBERS:
        at = lookup_key(key)
        if at is not None and 0 <= at < len(container):
            return container[at]
        return Failed(f"no element {key!r} in a list of {len(container)}")
    return no_overload("[]", container, key)


def make_map(entries: list[tuple[Any, Any]]) -> Any:
    """A map of these keys and values; two keys that are equal are an error."""
    made: dict[Any, Any] = {}
    for key, value in entries:
        if is_end(key):
            return key
        if is_end(value):
            return value
        encoded = encode_key(key)
        if encoded is None:
            return Failed(f"{kind_name(key)} is no key of a map")
        if encoded in made:
            return Failed(f"a map with the key {key!r} twice")
        made[encoded] = value
    return made
