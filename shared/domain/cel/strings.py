"""Functions of text: lengths, parts and patterns. Lengths count characters (code points) of strings, bytes of bytes."""

from __future__ import annotations

from typing import Any

from shared.domain.cel.values import no_overload


def size(value: Any) -> Any:
    """Characters of a string, bytes of bytes, elements of a list, entries of a map."""
    if value.__class__ in (str, list, dict, bytes):
        return len(value)
    return no_overload("size", value)


def contains(text: Any, part: Any) -> Any:
    """`text.contains(part)`."""
    if text.__class__ is str and part.__class__ is str:
        return part in text
    return no_overload("contains", text, part)


def starts_with(text: Any, part: Any) -> Any:
    """`text.startsWith(part)`."""
    if text.__class__ is str and part.__class__ is str:
        return text.startswith(part)
    return no_overload("startsWith", text, part)


def ends_with(text: Any, part: Any) -> Any:
    """`text.endsWith(part)`."""
    if text.__class__ is str and part.__class__ is str:
        return text.endswith(part)
    return no_overload("endsWith", text, part)
