"""What functions are given, checked for its type."""

from __future__ import annotations

from typing import Any

from emulators.workflows.running.failures import failure
from emulators.workflows.running.values import is_number, type_of


def _wanted(what: str, kind: str, value: Any) -> Exception:
    return failure("TypeError", f"{what} must be of type {kind}, and is of type {type_of(value)}")


def text(what: str, value: Any) -> str:
    """A string, or TypeError."""
    if not isinstance(value, str):
        raise _wanted(what, "string", value)
    return value


def raw(what: str, value: Any) -> bytes:
    """Bytes, or TypeError."""
    if not isinstance(value, bytes):
        raise _wanted(what, "bytes", value)
    return value


def items(what: str, value: Any) -> list[Any]:
    """A list, or TypeError."""
    if not isinstance(value, list):
        raise _wanted(what, "list", value)
    return value


def table(what: str, value: Any) -> dict[str, Any]:
    """A map, or TypeError."""
    if not isinstance(value, dict):
        raise _wanted(what, "map", value)
    return value


def integer(what: str, value: Any) -> int:
    """An integer, or TypeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wanted(what, "integer", value)
    return value


def number(what: str, value: Any) -> float:
    """An integer or double, or TypeError."""
    if not is_number(value):
        raise _wanted(what, "integer or double", value)
    return value  # type: ignore[no-any-return]


def flag(what: str, value: Any) -> bool:
    """A boolean, or TypeError."""
    if not isinstance(value, bool):
        raise _wanted(what, "boolean", value)
    return value
