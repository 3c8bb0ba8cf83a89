"""Arbitration of a few candidates, one after the other.

What `shared.domain.arbitration` reckons for all candidates at once, as columns, takes as long for five as for a
hundred. These are the same numbers: products and powers of doubles are the same however they are asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from shared.domain.catalogue.arbitration import Weights
from shared.domain.experiments import Way
from shared.domain.policy.factors import MAX_CONTEXT_WEIGHT, worth
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.policy.situation import Variables
from shared.domain.ranking import PARTS

MOST = 32
"""Candidates that are ranked in no more time by columns."""


_ONCE_EACH = Weights()


class FewRanked:
    """Some rows as they rank by priority.

    Attributes:
        parts: P of each, in parts of `PARTS`, by ascending row.
        order: the rows, best first.
        priorities: of each in this order.
        unlevered: the treatment that would be first if every lever were 1.
    """

    def __init__(
        self, policy: Policy, candidates: Rows, rows: Sequence[int], p: Sequence[float], situation: Variables, way: Way
    ) -> None:
        """Rank rows, which are the candidates ascending, with P of each and for who is in the arms of a way."""
        factors, w = policy.factors, policy.revision.catalogue.weights
        self.parts = [min(max(round(each * PARTS), 1), PARTS - 1) for each in p]
        values = _values(policy, rows, situation)
        weights = policy.context_weights(situation)
        levers = way.levers or factors.levers
        bare, priorities = [], []
        unweighted = w == _ONCE_EACH
        for row, part, value in zip(rows, self.parts, values, strict=True):
            effect = part / PARTS if factors.anyway is None else max(part / PARTS - factors.anyway[row], 0.0)
            context = _context(weights, row) if weights else 1.0
            if unweighted:
                each = effect * context * value
                bare.append(each)
                priorities.append(each * levers[row])
                continue
            each = _power(effect, w.propensity) * _power(context, w.context) * _power(value, w.value)
            bare.append(each)
            priorities.append(each * _power(levers[row], w.lever))
        places = sorted(range(len(rows)), key=priorities.__getitem__, reverse=True)
        first: Sequence[int] = range(len(rows))
        mandatory = factors.mandatory & candidates
        if mandatory:
            places.sort(key=lambda place: not mandatory >> rows[place] & 1)
            first = [place for place in first if mandatory >> rows[place] & 1]
        self.order = [rows[place] for place in places]
        self.priorities = [priorities[place] for place in places]
        # of several that are worth the most, the first row
        self.unlevered = policy.rows[rows[max(first, key=bare.__getitem__)]][1].id

    def packed(self) -> Mapping[str, bytes]:
        """The columns of a ranking."""
        count = len(self.order)
        return {
            "propensity_parts": struct.pack(f"<{count}I", *self.parts),
            "order": struct.pack(f"<{count}I", *self.order),
            "priorities": struct.pack(f"<{count}d", *self.priorities),
        }


def _values(policy: Policy, rows: Sequence[int], situation: Variables) -> list[float]:
    """V of each row; a value that cannot be computed is worth nothing."""
    factors = policy.factors
    computed: dict[str, float] = {}
    found = []
    for row in rows:
        value = factors.values[row]
        if value is None:
            text = str(policy.rows[row][0].value)
            number = computed.get(text)
            if number is None:
                number = computed[text] = policy.number(text, situation) or 0.0
            value = worth(number, factors.prices[row])
        found.append(value)
    return found


def _context(weights: Sequence[tuple[float, Rows]], row: int) -> float:
    """C of a row: the product of the weights in whose scope it lies."""
    found = 1.0
    for weight, concerned in weights:
        if concerned >> row & 1:
            found *= weight
    return min(found, MAX_CONTEXT_WEIGHT)


def _power(number: float, exponent: float) -> float:
    found: float = number if exponent == 1.0 else number**exponent
    return found
