"""The factors of priority that a revision fixes, row by row, and those that models and situations bring."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from shared.domain.catalogue import Action, Revision, Treatment
from shared.domain.policy.tables import rows_at
from shared.domain.propensity import NO_EVIDENCE, Counts, model_id, propensity, version

PROPENSITY_DIGITS = 8
"""Decimals that a propensity is rounded to, so that records stay short and hold what was reckoned with."""

MAX_VALUE = 1e9
"""Pounds. No acceptance is worth more, and with exponents up to 10 a priority stays a finite number."""


class Factors:
    """P, V and L of every row."""

    def __init__(self, revision: Revision, rows: Sequence[tuple[Action, Treatment]]) -> None:
        """Take the constants of every row."""
        self._rows = rows
        self._models = tuple([model_id(treatment.id, treatment.channel) for _, treatment in rows])
        self.prices = tuple([revision.channels[treatment.channel].price for _, treatment in rows])
        self.levers = tuple([float(action.lever) for action, _ in rows])
        self.values = tuple(
            [
                None if action.value.__class__ is str else worth(float(action.value), price)
                for (action, _), price in zip(rows, self.prices, strict=True)
            ]
        )
        self.mandatory = rows_at([row for row, (action, _) in enumerate(rows) if action.mandatory])
        self._propensities: tuple[Mapping[str, Counts] | None, tuple[float, ...], str] = None, (), ""

    def propensities(self, counts: Mapping[str, Counts]) -> tuple[tuple[float, ...], str]:
        """P of every row by the models' evidence, and the models' version; worked out once for as long as the same
        mapping is given.
        """
        known, found, version_ = self._propensities
        if known is not counts:
            found, version_ = self.starting(counts), version(counts)
            self._propensities = counts, found, version_
        return found, version_

    def starting(self, counts: Mapping[str, Counts]) -> tuple[float, ...]:
        """P of every row by some evidence."""
        return tuple(
            _rounded(propensity(treatment.starting, counts.get(model, NO_EVIDENCE)))
            for (_, treatment), model in zip(self._rows, self._models, strict=True)
        )


def worth(value: float, price: float) -> float:
    """V: pounds of an acceptance less the price of the contact, from 0 to `MAX_VALUE`. A value that is no finite number
    cannot be reckoned with and is worth nothing.
    """
    return min(max(0.0, value - price), MAX_VALUE) if math.isfinite(value) else 0.0


def _rounded(p: float) -> float:
    least: float = 10**-PROPENSITY_DIGITS
    return min(max(round(p, PROPENSITY_DIGITS), least), 1 - least)
