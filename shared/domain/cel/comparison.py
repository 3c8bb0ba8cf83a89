"""`== != < <= > >=` and what equality means inside lists and maps.

Equality is defined between any two values and is false between different types, numbers excepted: an int, a uint and a
double that stand for the same number are equal. Order is defined between numbers of any type, and within bool, string,
bytes, timestamp and duration. An integer meets a double as a double, as in Google's implementation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from shared.domain.cel.ends import Failed
from shared.domain.cel.limits import MAX_COMPARED
from shared.domain.cel.values import (
    INT_MIN,
    KINDS,
    NUMBERS,
    UINT_MAX,
    Duration,
    Kind,
    Timestamp,
    Uint,
    encode_key,
    no_overload,
)

ORDERED = frozenset({int, float, str, Timestamp, Duration, Uint, bytes, bool})
"""The classes that have an order."""

_SCALAR = ORDERED | {type(None), Kind}
_TOO_MANY = Failed(f"a comparison of more than {MAX_COMPARED} elements")


def as_double(number: float) -> float:
    """A number as the nearest double, an infinity where none is near."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def equal(left: Any, right: Any) -> Any:
    """`left == right`."""
    kind, other = left.__class__, right.__class__
    if kind is other:
        if kind in _SCALAR:
            return left == right
        if kind is list or kind is dict:
            return _equal_containers(left, right)
    elif kind in NUMBERS and other in NUMBERS:
        return _equal_numbers(left, right)
    elif kind in KINDS and other in KINDS:
        return False
    return no_overload("==", left, right)


def different(left: Any, right: Any) -> Any:
    """`left != right`."""
    same = equal(left, right)
    return not same if same.__class__ is bool else same


def _equal_numbers(left: float, right: float) -> bool:
    if left.__class__ is float or right.__class__ is float:
        return as_double(left) == as_double(right)
    return left == right


def _equal_containers(left: Any, right: Any) -> bool | Failed:
    """Compare without recursion and with a bound: shared parts can make a small value visit as many as a huge one."""
    pairs = [(left, right)]
    visited = 0
    while pairs:
        a, b = pairs.pop()
        kind = a.__class__
        if kind is b.__class__ and (kind is list or kind is dict):
            if len(a) != len(b):
                return False
            visited += len(a)
            if visited > MAX_COMPARED:
                return _TOO_MANY
            if kind is list:
                pairs.extend(zip(a, b, strict=True))
                continue
            for key, value in a.items():
                if key not in b:
                    return False
                pairs.append((value, b[key]))
            continue
        same = equal(a, b)
        if same is not True:
            return same  # type: ignore[no-any-return]  # a scalar's equality is a bool, an end for what is no value
    return True


def _ordering(symbol: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def order(left: Any, right: Any) -> Any:
        kind, other = left.__class__, right.__class__
        if kind is other:
            if kind in ORDERED:
                return compare(left, right)
        elif kind in NUMBERS and other in NUMBERS:
            if kind is float or other is float:
                return compare(as_double(left), as_double(right))
            return compare(left, right)
        return no_overload(symbol, left, right)

    return order


less = _ordering("<", operator.lt)
at_most = _ordering("<=", operator.le)
greater = _ordering(">", operator.gt)
at_least = _ordering(">=", operator.ge)


def member(wanted: Any, container: Any) -> Any:
    """`wanted in container`: an element of a list or a key of a map."""
    kind = container.__class__
    if kind is list:
        return _in_list(wanted, container)
    if kind is dict:
        key = lookup_key(wanted)
        if key is not None:
            return key in container
        if wanted.__class__ is float:
            return False
    return no_overload("in", wanted, container)


def _in_list(wanted: Any, items: list[Any]) -> Any:
    if wanted.__class__ is str:
        return wanted in items
    if wanted.__class__ not in KINDS:
        return no_overload("in", wanted, items)
    for item in items:
        same = equal(item, wanted)
        if same is not False:
            return same
    return False


def lookup_key(key: Any) -> Any:
    """The key under which a Python dict holds what this CEL value asks for; None where no map can hold it.

    A double asks for the integer that it equals.
    """
    kind = key.__class__
    if kind is float:
        return int(key) if key.is_integer() and INT_MIN <= key <= UINT_MAX else None
    return encode_key(key)
