"""Conversions between types: `int() uint() double() string() bytes() bool() timestamp() duration() type() dyn()`.

What does not fit is an error. Text that stands for a number may have blanks around it, as Google's implementation
allows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from shared.domain.cel.arithmetic import timestamp_of
from shared.domain.cel.comparison import as_double
from shared.domain.cel.ends import Failed
from shared.domain.cel.times import duration_text, parse_duration, parse_timestamp, timestamp_text
from shared.domain.cel.values import (
    INT_MAX,
    INT_MIN,
    KINDS,
    NANOS,
    UINT_MAX,
    Duration,
    Timestamp,
    Uint,
    no_overload,
)

_BLANKS = " \t\n\v\f\r"
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity|nan)", re.IGNORECASE)
_TRUE, _FALSE = ("true", "TRUE", "True", "t", "1"), ("false", "FALSE", "False", "f", "0")


def to_int(value: Any) -> Any:
    """`int(value)`: of a double, towards zero; of a timestamp, whole seconds since 1970; of a bool, 0 or 1."""
    kind = value.__class__
    if kind is int:
        return value
    if kind is Uint:
        return int(value) if value <= INT_MAX else Failed(f"{value} does not fit an int")
    if kind is float:
        # the limits are exclusive: the double nearest to the largest int is one more than it
        return int(value) if -(2.0**63) < value < 2.0**63 else Failed(f"{value} does not fit an int")
    if kind is str:
        return _integer(value, INT_MIN, INT_MAX, "int")
    if kind is Timestamp:
        return int(value) // NANOS
    if kind is bool:
        return int(value)
    return no_overload("int", value)


def to_uint(value: Any) -> Any:
    """`uint(value)`."""
    kind = value.__class__
    if kind is Uint:
        return value
    if kind is int:
        return Uint(value) if 0 <= value <= UINT_MAX else Failed(f"{value} does not fit a uint")
    if kind is float:
        return Uint(value) if 0 <= value < 2.0**64 else Failed(f"{value} does not fit a uint")
    if kind is str:
        number = _integer(value, 0, UINT_MAX, "uint")
        return Uint(number) if number.__class__ is int else number
    return no_overload("uint", value)


def _integer(text: str, lowest: int, highest: int, name: str) -> int | Failed:
    body = text.strip(_BLANKS)
    if lowest == 0 and body.startswith("-"):
        return Failed(f"{text!r} is no {name}")
    if not _INTEGER.fullmatch(body) or not lowest <= int(body) <= highest:
        return Failed(f"{text!r} is no {name}")
    return int(body)


def to_double(value: Any) -> Any:
    """`double(value)`."""
    kind = value.__class__
    if kind is float:
        return value
    if kind is int or kind is Uint:
        return as_double(value)
    if kind is str:
        body = value.strip(_BLANKS)
        return float(body) if _DECIMAL.fullmatch(body) else Failed(f"{value!r} is no double")
    return no_overload("double", value)


def to_string(value: Any) -> Any:
    """`string(value)`."""
    convert = _TEXTS.get(value.__class__)
    return convert(value) if convert else no_overload("string", value)


def double_text(value: float) -> str:
    """The fewest digits that read back as the same double, with an exponent below -4 and from 6 on.

    NaN has no sign here, since machines differ in the one they give it.
    """
    if not math.isfinite(value):
        return str(value)
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, decimals = mantissa.partition(".")
    figures = (whole + decimals).lstrip("0")
    point = len(figures) - len(decimals) - 1 + int(power or 0) if value else 0
    figures = figures.rstrip("0") or "0"
    if not -4 <= point < 6:
        text = f"{figures[0]}.{figures[1:]}".rstrip(".") + f"e{point:+03}"
    elif point < 0:
        text = "0." + "0" * (-point - 1) + figures
    else:
        text = f"{figures.ljust(point + 1, '0')[: point + 1]}.{figures[point + 1 :]}".rstrip(".")
    return f"-{text}" if math.copysign(1, value) < 0 else text


def _decoded(value: bytes) -> str | Failed:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return Failed("bytes that are not UTF-8")


_TEXTS: dict[type, Callable[[Any], str | Failed]] = {
    str: lambda value: value,
    int: str,
    Uint: lambda value: str(int(value)),
    bool: lambda value: "true" if value else "false",
    float: double_text,
    bytes: _decoded,
    Timestamp: timestamp_text,
    Duration: duration_text,
}


def to_bytes(value: Any) -> Any:
    """`bytes(value)`: the UTF-8 of a string."""
    kind = value.__class__
    if kind is bytes:
        return value
    if kind is str:
        try:
            return value.encode()
        except UnicodeEncodeError:
            return Failed("a string that is not Unicode text")
    return no_overload("bytes", value)


def to_bool(value: Any) -> Any:
    """`bool(value)` of a bool or of its text."""
    kind = value.__class__
    if kind is bool:
        return value
    if kind is str:
        if value in _TRUE:
            return True
        return False if value in _FALSE else Failed(f"{value!r} is no bool")
    return no_overload("bool", value)


def to_timestamp(value: Any) -> Any:
    """`timestamp(value)` of a timestamp, of RFC 3339 text, or of whole seconds since 1970."""
    kind = value.__class__
    if kind is Timestamp:
        return value
    if kind is str:
        return parse_timestamp(value)
    if kind is int:
        return timestamp_of(value * NANOS)
    return no_overload("timestamp", value)


def to_duration(value: Any) -> Any:
    """`duration(value)` of a duration or of its text."""
    kind = value.__class__
    if kind is Duration:
        return value
    if kind is str:
        return parse_duration(value)
    return no_overload("duration", value)


def type_of(value: Any) -> Any:
    """`type(value)`."""
    return KINDS.get(value.__class__) or no_overload("type", value)


def dyn(value: Any) -> Any:
    """`dyn(value)`: the value; only the type checker knows a difference."""
    return value
