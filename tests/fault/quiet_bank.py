"""The sample bank under further rules, each compiled once for all worlds."""

from __future__ import annotations

from functools import cache

import msgspec

from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy
from shared.domain.rules import Budget, QuietHours, QuietTime, Rule, Scope, Volume
from tests.fault.world import bank_revision
from tests.ungoverned import Ungoverned

NIGHTS = QuietHours(
    id="nights",
    times=(QuietTime(from_="21:00", until="08:00"),),
    reason="Nobody is written to at night.",
    scope=Scope(channels=("email", "sms", "push")),
    max_defer_seconds=12 * 3600,
)


class Under(Ungoverned):
    """The port `Catalogues`: the sample bank with these rules before its own."""

    def __init__(self, *rules: Rule) -> None:
        self._policy = bank_under(rules)

    def current(self) -> Policy:
        return self._policy

    def get(self, _revision: str) -> Policy:
        return self._policy


@cache
def bank_under(rules: tuple[Rule, ...]) -> Policy:
    """The sample bank with these rules before its own; of a rule of the same id the new one stands, and of quiet hours,
    volumes and budgets only the new ones.
    """
    catalogue = bank_revision().catalogue
    ids = {rule.id for rule in rules}
    others = tuple(
        rule for rule in catalogue.rules if rule.id not in ids and not isinstance(rule, QuietHours | Volume | Budget)
    )
    return Policy(Revision(msgspec.structs.replace(catalogue, rules=(*rules, *others))))
