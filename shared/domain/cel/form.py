"""The form of a program's data: arrays and constants that JSON can carry.

A node is an array: its kind, then its parts.

| node | means |
| --- | --- |
| `["null"]`, `["bool", b]`, `["int", n]`, `["uint", n]`, `["string", s]`, `["type", name]` | a constant |
| `["double", x]`, x a number `"inf"` or `"-inf"`; `["bytes", base64]` | a constant |
| `["name", n]`, `["get", of, field]`, `["has", of, field]` | a variable, a field of it, whether it has the field |
| `["call", function, argument, …]` | a function of `FUNCTIONS` |
| `["not", a]`, `["and", a, b, …]`, `["or", a, b, …]`, `["if", condition, then, otherwise]` | logic |
| `["list", item, …]`, `["map", key, value, key, value, …]` | a list, a map |
| `["exists" or "all" or "exists_one" or "filter", variable, range, condition]` | a macro |
| `["transform", variable, range, result]`, with a condition as an optional last part | the macro `map` |
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any

from shared.domain.cel.values import INT_MAX, INT_MIN, KIND_NAMES, UINT_MAX, Kind, Uint
from shared.domain.errors import InvalidError

Place = tuple[int, ...]
"""The positions that lead to a node, outermost first."""


def constant(kind: str, parts: Sequence[Any], place: Place) -> Any:
    """The value of a constant's node.

    Raises:
        InvalidError: it is none of its kind.
    """
    count_parts(parts, 0 if kind == "null" else 1, place)
    value = CONSTANTS[kind](parts[0] if parts else None)
    if value is _NONE:
        raise invalid(place, f"no {kind}: {parts[0]!r:.40}")
    return value


def texts(parts: Sequence[Any], place: Place, count: int, *, first: int = 1) -> Sequence[str]:
    """Parts that are that many texts; `first` is the position of the first of them.

    Raises:
        InvalidError: they are not.
    """
    count_parts(parts, count, place)
    for i, part in enumerate(parts):
        if part.__class__ is not str or not part:
            raise invalid((*place, first + i), "a name is a text")
    return parts


def name(parts: Sequence[Any], place: Place) -> str:
    """The name of a variable, which stands first.

    Raises:
        InvalidError: it is none.
    """
    found = texts(parts[:1], place, 1)[0]
    if found.startswith("@"):
        raise invalid((*place, 1), f"no variable: {found!r}")
    return found


def count_parts(parts: Sequence[Any], count: int, place: Place) -> None:
    """Refuse another number of parts.

    Raises:
        InvalidError: there are more or fewer.
    """
    if len(parts) != count:
        raise invalid(place, f"a node of this kind has {count} parts, not {len(parts)}")


def invalid(place: Place, detail: str) -> InvalidError:
    """What to raise for a node."""
    return InvalidError(f"this is no CEL program: {detail}", field=".".join(map(str, place)))


_NONE = object()


def _int(value: Any) -> Any:
    return value if value.__class__ is int and INT_MIN <= value <= INT_MAX else _NONE


def _uint(value: Any) -> Any:
    return Uint(value) if value.__class__ is int and 0 <= value <= UINT_MAX else _NONE


def _double(value: Any) -> Any:
    if value.__class__ is float and math.isfinite(value):
        return value
    return _INFINITE.get(value, _NONE) if value.__class__ is str else _NONE


def _bytes(value: Any) -> Any:
    if value.__class__ is not str:
        return _NONE
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:  # no base64
        return _NONE


_INFINITE = {"inf": math.inf, "-inf": -math.inf}

CONSTANTS: dict[str, Callable[[Any], Any]] = {
    "null": lambda _: None,
    "bool": lambda value: value if value.__class__ is bool else _NONE,
    "int": _int,
    "uint": _uint,
    "double": _double,
    "string": lambda value: value if value.__class__ is str else _NONE,
    "bytes": _bytes,
    "type": lambda value: Kind(value) if value.__class__ is str and value in KIND_NAMES else _NONE,
}
"""The kinds of constants, and how the value of each is read."""
