"""The canonical form of what is kept: the same content has the same bytes, wherever it was stored meanwhile.

Stores that keep JSON as values and not as text give it back with its keys in another order, and may write the double
5.0 as 5. So keys are sorted, and a double that is a whole number is written as one.
"""

from __future__ import annotations

from typing import Any

import msgspec

_WHOLE = float(2**53)


def canonical(value: Any) -> bytes:
    """The canonical JSON of a struct, or of JSON as msgspec decodes it."""
    return msgspec.json.encode(plain(value), order="sorted")


def plain(value: Any) -> Any:
    """The same as JSON values: objects, arrays, texts, numbers, bools and null."""
    return _plain(msgspec.to_builtins(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return int(value)
    return value
