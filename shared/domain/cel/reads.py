"""What a program reads of its variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_MACROS = frozenset({"exists", "all", "exists_one", "filter", "transform"})
_FIRST_NODE = {"call": 2, "get": 1, "has": 1}
_LEAVES = frozenset({"null", "bool", "int", "uint", "double", "string", "bytes", "type", "name"})


def static_path(node: Sequence[Any]) -> tuple[str, ...] | None:
    """The path that nothing but names and fields make: `("profile", "balance")`; None for any other node."""
    fields: list[str] = []
    while node[0] == "get":
        fields.append(node[2])
        node = node[1]
    return (node[1], *reversed(fields)) if node[0] == "name" else None


def read_paths(data: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
    """The paths that a program may read, longest as far as names and fields go, sorted and each once.

    `profile.balance > 5.0 && has(signal.properties.x)` reads `("profile", "balance")` and
    `("signal", "properties", "x")`. What a macro's own variable reads is a part of the macro's range.

    Args:
        data: a program that `program` takes.
    """
    return tuple(sorted(set(_paths(data, frozenset()))))


def _paths(node: Sequence[Any], bound: frozenset[str]) -> Iterator[tuple[str, ...]]:
    kind = node[0]
    path = static_path(("get", *node[1:]) if kind == "has" else node)
    if path is not None:
        if path[0] not in bound:
            yield path
    elif kind in _MACROS:
        yield from _paths(node[2], bound)
        for part in node[3:]:
            yield from _paths(part, bound | {node[1]})
    elif kind not in _LEAVES:
        for part in node[_FIRST_NODE.get(kind, 1) :]:
            if part.__class__ is not str:
                yield from _paths(part, bound)
