"""Floats one by one."""

from __future__ import annotations

import struct
from collections.abc import Callable


def between(low: float, high: float, holds: Callable[[float], bool]) -> float:
    """The greatest float at which something does not hold yet, of what holds from some float on.

    Args:
        low: a float, at least 0, at which it does not hold.
        high: a greater one at which it does.
        holds: what is asked, 64 times at most.
    """
    first, last = _number(low), _number(high)
    while last - first > 1:
        middle = (first + last) // 2
        if holds(_float(middle)):
            last = middle
        else:
            first = middle
    return _float(first)


def _number(value: float) -> int:
    """The floats from 0 on, numbered in their order."""
    number: int = struct.unpack(">q", struct.pack(">d", value))[0]
    return number


def _float(number: int) -> float:
    value: float = struct.unpack(">d", struct.pack(">q", number))[0]
    return value
