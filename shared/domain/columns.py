"""Columns: numbers for all rows of a revision, or for some, and sets of rows as places among them."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows

FEW = 64
"""Candidates that are sorted in no more time by Python than by numpy."""

MANY = 512
"""Candidates above which a sort that keeps equals in their order takes longer than one that does not, and a look for
equals.
"""

Column = NDArray[np.float64]
"""A number for each of some rows, by ascending row."""

Positions = NDArray[Any]
"""Numbers of rows, or of places among some rows."""


class Columns:
    """The factors of a policy that no person changes, as columns over all its rows."""

    def __init__(self, policy: Policy) -> None:
        factors = policy.factors
        self.policy = policy
        self.size = len(policy.rows)
        self.ids = np.array([treatment.id for _, treatment in policy.rows], dtype=object)
        self.anyway = None if factors.anyway is None else np.array(factors.anyway, dtype=np.float64)
        self.levers = np.array(factors.levers, dtype=np.float64)
        self.prices = np.array(factors.prices, dtype=np.float64)
        self.values = np.array([0.0 if value is None else value for value in factors.values], dtype=np.float64)
        computed: dict[str, Rows] = {}
        for row, value in enumerate(factors.values):
            if value is None:
                text = str(policy.rows[row][0].value)
                computed[text] = computed.get(text, 0) | 1 << row
        self.computed = tuple((text, rows, bits(rows, self.size)) for text, rows in computed.items())

    def effects(self, propensities: Column, positions: Positions) -> Column:
        """What counts of some rows' P: all of it, or what goes beyond those who accept anyway."""
        if self.anyway is None:
            return propensities
        return np.maximum(propensities - self.anyway[positions], 0.0)


_of_policies: WeakKeyDictionary[Policy, Columns] = WeakKeyDictionary()


def columns_of(policy: Policy) -> Columns:
    """The columns of a policy, made once."""
    known = _of_policies.get(policy)
    if known is None:
        known = _of_policies[policy] = Columns(policy)
    return known


def places_by(priorities: Column) -> Positions:
    """Places by falling priority; those of one priority by ascending row.

    A few are sorted by Python: numpy lets go of the interpreter while it sorts, and of several threads that decide the
    others would take it.
    """
    if len(priorities) > MANY:
        order = (-priorities).argsort()  # half the time of one that keeps equals in their order
        falling = priorities[order]
        return (-priorities).argsort(kind="stable") if (falling[1:] == falling[:-1]).any() else order
    if len(priorities) > FEW:
        return (-priorities).argsort(kind="stable")
    known = priorities.tolist()
    return np.array(sorted(range(len(known)), key=known.__getitem__, reverse=True), dtype=np.intp)


def bits(rows: Rows, size: int) -> NDArray[np.bool_]:
    """A set of rows as one flag a row."""
    data = np.frombuffer(rows.to_bytes((size + 7) // 8, "little"), np.uint8)
    return np.unpackbits(data, count=size, bitorder="little").view(np.bool_)


def positions_of(rows: Rows, size: int) -> Positions:
    """The numbers of the rows, ascending."""
    return bits(rows, size).nonzero()[0]


def listed(column: Column, order: Positions) -> tuple[float, ...]:
    """The numbers of a column in an order."""
    return tuple(column[order].tolist())


def power(column: Column, exponent: float) -> Column:
    """Each number to a power: by the language's own function, and only where the exponent is not 1."""
    if exponent == 1.0:
        return column
    return np.array([number**exponent for number in column.tolist()])
