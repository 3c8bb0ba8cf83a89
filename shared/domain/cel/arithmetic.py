"""`+ - * / %` and negation. Integers do not wrap: what does not fit 64 bits is an error, and so is what leaves the
years 1 to 9999. Doubles follow IEEE 754. There is no arithmetic across types.
"""

from __future__ import annotations

import math
from typing import Any

from shared.domain.cel.ends import Failed
from shared.domain.cel.limits import MAX_SIZE
from shared.domain.cel.values import (
    DURATION_MAX,
    INT_MAX,
    INT_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    UINT_MAX,
    Duration,
    Timestamp,
    Uint,
    no_overload,
)

_OVERFLOW = Failed("integer overflow")
_UINT_OVERFLOW = Failed("unsigned integer overflow")
_ZERO_DIVISOR = Failed("division by zero")
_TIME_RANGE = Failed("timestamp out of range")
_DURATION_RANGE = Failed("duration out of range")
_TOO_LONG = Failed(f"a string, bytes or list of more than {MAX_SIZE} elements")


def _int(value: int) -> int | Failed:
    return value if INT_MIN <= value <= INT_MAX else _OVERFLOW


def _uint(value: int) -> Uint | Failed:
    return Uint(value) if 0 <= value <= UINT_MAX else _UINT_OVERFLOW


def timestamp_of(nanos: int) -> Timestamp | Failed:
    """The instant, an error beyond the years 1 to 9999."""
    return Timestamp(nanos) if TIMESTAMP_MIN <= nanos <= TIMESTAMP_MAX else _TIME_RANGE


def duration_of(nanos: int) -> Duration | Failed:
    """The length, an error beyond what a duration can hold."""
    return Duration(nanos) if -DURATION_MAX <= nanos <= DURATION_MAX else _DURATION_RANGE


def _computed_duration(nanos: int) -> Duration | Failed:
    """The length, an error beyond 64 bits: 292 years, to which Google's implementation limits sums and differences."""
    return Duration(nanos) if INT_MIN <= nanos <= INT_MAX else _OVERFLOW


def add(left: Any, right: Any) -> Any:
    """`left + right`: numbers of one type, strings, bytes, lists, timestamps with durations."""
    kind = left.__class__
    if kind is right.__class__:
        if kind is float:
            return left + right
        if kind is int:
            return _int(left + right)
        if kind in (str, list, bytes):
            return left + right if len(left) + len(right) <= MAX_SIZE else _TOO_LONG
        if kind is Uint:
            return _uint(int(left) + right)
        if kind is Duration:
            return _computed_duration(int(left) + right)
    elif (kind is Timestamp and right.__class__ is Duration) or (kind is Duration and right.__class__ is Timestamp):
        return timestamp_of(int(left) + right)
    return no_overload("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """`left - right`: numbers of one type, timestamps and durations."""
    kind = left.__class__
    if kind is right.__class__:
        if kind is Timestamp or kind is Duration:
            return _computed_duration(int(left) - right)
        if kind is float:
            return left - right
        if kind is int:
            return _int(left - right)
        if kind is Uint:
            return _uint(int(left) - right)
    elif kind is Timestamp and right.__class__ is Duration:
        return timestamp_of(int(left) - right)
    return no_overload("-", left, right)


def multiply(left: Any, right: Any) -> Any:
    """`left * right`: numbers of one type."""
    kind = left.__class__
    if kind is right.__class__:
        if kind is float:
            return left * right
        if kind is int:
            return _int(left * right)
        if kind is Uint:
            return _uint(int(left) * right)
    return no_overload("*", left, right)


def divide(left: Any, right: Any) -> Any:
    """`left / right`: integers truncate towards zero, doubles divide by zero to an infinity or NaN."""
    kind = left.__class__
    if kind is right.__class__:
        if kind is float:
            if right:
                return left / right
            return math.nan if left == 0 or left != left else math.copysign(math.inf, left) * math.copysign(1, right)  # noqa: PLR0124 - NaN alone differs from itself
        if kind is int:
            if not right:
                return _ZERO_DIVISOR
            quotient = abs(left) // abs(right)
            return _int(quotient if (left < 0) is (right < 0) else -quotient)
        if kind is Uint:
            return Uint(int(left) // right) if right else _ZERO_DIVISOR
    return no_overload("/", left, right)


def modulo(left: Any, right: Any) -> Any:
    """`left % right` of integers: the sign is the dividend's, not the divisor's as in Python."""
    kind = left.__class__
    if kind is right.__class__:
        if kind is int:
            if not right:
                return _ZERO_DIVISOR
            if left == INT_MIN and right == -1:
                return _OVERFLOW
            remainder = abs(left) % abs(right)
            return remainder if left >= 0 else -remainder
        if kind is Uint:
            return Uint(int(left) % right) if right else _ZERO_DIVISOR
    return no_overload("%", left, right)


def negate(value: Any) -> Any:
    """`-value` of an int, a double or a duration."""
    kind = value.__class__
    if kind is float:
        return -value
    if kind is int:
        return _int(-value)
    return no_overload("-", value)
