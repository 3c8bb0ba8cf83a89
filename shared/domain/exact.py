"""Sums of floats without rounding: the same in any order, and however what is added is split.

A float is a whole number of units of 2 to the power of -1074, and so is any sum of floats. That number is kept, and
made a float again when somebody wants to see it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from shared.domain.classifier import Vector

_UNIT = 1074
_MANTISSA = 53
_HALF = 27


def exact(values: Vector) -> int:
    """The sum of finite floats, in units."""
    mantissas, exponents = np.frexp(values)
    whole = np.ldexp(mantissas, _MANTISSA).astype(np.int64)
    total = 0
    for exponent in np.unique(exponents[whole != 0]).tolist():
        these = whole[exponents == exponent]
        high, low = these >> _HALF, these & ((1 << _HALF) - 1)  # sums of either fit into 64 bits
        units = (int(high.sum()) << _HALF) + int(low.sum())
        shift = exponent - _MANTISSA + _UNIT
        total += units << shift if shift >= 0 else units >> -shift  # below the unit are zeros
    return total


def real(units: int) -> float:
    """The float that is nearest to a sum."""
    return units / (1 << _UNIT)


def fraction(units: int) -> Fraction:
    """A sum to reckon on with."""
    return Fraction(units, 1 << _UNIT)
