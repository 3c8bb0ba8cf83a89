"""Values as sources write them into the declared types of attributes: numbers as texts, words for yes and no."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from shared.domain.catalogue.surroundings import AttributeType
from shared.domain.errors import InvalidError
from shared.domain.normalising.times import event_instant

_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_INT64 = range(-(2**63), 2**63)
_YES_OR_NO = {"true": True, "false": False, "yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}


def coerced(value: Any, kind: AttributeType) -> Any:
    """The value in a declared type, None where it is none of that type.

    A timestamp is text of RFC 3339, UTC, as attributes hold it; a list of texts may come as one of them.
    """
    return _TO[kind](value)


def read_texts(values: dict[str, Any], kinds: Mapping[str, AttributeType]) -> dict[str, Any]:
    """The same values, texts among them in the types that are declared of them; what is no such thing stays text."""
    texts = {
        name: value
        for name, kind in kinds.items()
        if kind != "string" and values.get(name).__class__ is str and (value := coerced(values[name], kind)) is not None
    }
    return {**values, **texts} if texts else values


def _bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        return _YES_OR_NO.get(str(value).strip().lower())
    return None


def _int(value: Any) -> int | None:
    if isinstance(value, str) and _WHOLE.fullmatch(text := value.strip()):
        value = int(text)
    elif isinstance(value, str | float):
        number = _double(value)
        value = int(number) if number is not None and number.is_integer() else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return int(value) if value in _INT64 else None


def _double(value: Any) -> float | None:
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 64 or not _DECIMAL.fullmatch(text):
            return None
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _string(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _timestamp(value: Any) -> str | None:
    try:
        return event_instant(value, "").isoformat().replace("+00:00", "Z")
    except InvalidError:
        return None


def _strings(value: Any) -> list[str] | None:
    texts = [_string(item) for item in (value if isinstance(value, list) else [value])]
    return None if None in texts else [text for text in texts if text is not None]


_TO = {
    "bool": _bool,
    "int": _int,
    "double": _double,
    "string": _string,
    "timestamp": _timestamp,
    "list(string)": _strings,
}
