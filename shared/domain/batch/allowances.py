"""What volumes and budgets would have to give, person by person."""

from __future__ import annotations

import numpy as np

from shared.domain.batch.deciding import Chosen
from shared.domain.batch.packed import places
from shared.domain.classifier import Vector
from shared.domain.policy.policy import Policy
from shared.domain.rules import Volume


class Allowances:
    """The volumes and budgets of a revision.

    Attributes:
        prices: pounds of a contact, by row.
    """

    def __init__(self, policy: Policy) -> None:
        """Work out what a contact takes of each."""
        self.prices: Vector = np.array(policy.factors.prices, np.float64)
        self._takes: dict[str, Vector] = {}
        for number, rule in policy.contact_rules.allowances:
            judged = np.zeros(len(policy.rows), np.bool_)
            judged[places(policy.contact_rules.judged[number], len(policy.rows))] = True
            kind, each = ("volume", np.ones_like(self.prices)) if isinstance(rule, Volume) else ("budget", self.prices)
            self._takes[f"{kind}:{rule.id}"] = np.where(judged, each, 0.0)

    def __call__(self, chosen: Chosen) -> dict[str, Vector]:
        """By rule, what each person would take of it: contacts, or pounds."""
        return {name: each_of(chosen, takes) for name, takes in self._takes.items()}


def each_of(chosen: Chosen, of_row: Vector) -> Vector:
    """What the chosen rows of each person come to."""
    total: Vector = np.zeros(len(chosen.rows))
    for rows in chosen.rows.T:  # one slot after the other, so that it does not matter how wide the widest is
        total += np.where(rows >= 0, of_row[rows], 0.0)
    return total
