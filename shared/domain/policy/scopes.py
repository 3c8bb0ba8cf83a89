"""Which rows lie in a scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.domain.catalogue import Action, Treatment, facts
from shared.domain.policy.rows import Rows
from shared.domain.rules import Dimension, Scope

_FIELDS: dict[str, Dimension] = {
    "brands": "brand",
    "issues": "issue",
    "groups": "group",
    "actions": "action",
    "treatments": "treatment",
    "channels": "channel",
    "purposes": "purpose",
}


class Scopes:
    """The rows by each dimension of theirs.

    Attributes:
        all: every row.
    """

    def __init__(self, rows: Sequence[tuple[Action, Treatment]]) -> None:
        """Sort the rows."""
        self.all: Rows = (1 << len(rows)) - 1
        self._by: dict[Dimension, dict[Any, Rows]] = {dimension: {} for dimension in _FIELDS.values()}
        for number, row in enumerate(rows):
            bit = 1 << number
            known: dict[Any, Any] = facts(*row)
            for dimension, by_value in self._by.items():
                value = known[dimension]
                by_value[value] = by_value.get(value, 0) | bit

    def of(self, scope: Scope) -> Rows:
        """The rows in a scope."""
        found = self.all
        for field, dimension in _FIELDS.items():
            values = getattr(scope, field)
            if values:
                found &= self.any(dimension, values)
        return found

    def any(self, dimension: Dimension, values: Sequence[str]) -> Rows:
        """The rows that have one of these values."""
        by_value, found = self._by[dimension], 0
        for value in values:
            found |= by_value.get(value, 0)
        return found

    def values(self, dimension: Dimension) -> dict[Any, Rows]:
        """The rows by their value in a dimension."""
        return self._by[dimension]
