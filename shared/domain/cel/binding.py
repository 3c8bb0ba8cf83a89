"""Attributes as expressions see them: JSON, corrected by what the catalogue declares of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain.cel.ends import Failed
from shared.domain.cel.times import parse_timestamp
from shared.domain.cel.values import Timestamp


class Binder:
    """Binds the attributes of one declared schema.

    JSON writes the double 5.0 as 5 and a timestamp as text. An attribute that is declared a double or a timestamp
    becomes one. Every other value stays what it is: an expression that reads it fails where it is of a wrong type.
    """

    def __init__(self, types: Mapping[str, str]) -> None:
        """Take the declared type of each attribute, by its name."""
        self._doubles = tuple(name for name, declared in types.items() if declared == "double")
        self._timestamps = tuple(name for name, declared in types.items() if declared == "timestamp")

    def bind(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes as CEL values.

        Text that is no timestamp where one is declared becomes `Failed`: `has` finds the attribute, whatever else reads
        it is an error.
        """
        bound = dict(attributes)
        for name in self._doubles:
            value = bound.get(name)
            if value.__class__ is int:
                bound[name] = _double(value)
        for name in self._timestamps:
            value = bound.get(name)
            if value.__class__ is str:
                bound[name] = timestamp_from_json(value)
            elif isinstance(value, datetime):
                bound[name] = Timestamp.of(value)
        return bound


def timestamp_from_json(text: str) -> Timestamp | Failed:
    """The instant that ISO 8601 text names; one without a time zone is UTC."""
    if len(text) > len("2024-01-01T00:00:00.000000+00:00"):
        return parse_timestamp(text)
    try:
        return Timestamp.of(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return parse_timestamp(text)


def _double(value: Any) -> float | Failed:
    try:
        return float(value)
    except OverflowError:
        return Failed("an integer too large for a double")
