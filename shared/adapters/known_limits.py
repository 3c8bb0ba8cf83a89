"""What a process knows of the volumes and budgets of the revisions that it decides by, worked out once and at hand."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import NamedTuple

from shared.domain.allowance import Limit, cost
from shared.domain.catalogue import Revision, facts
from shared.domain.ledgers import ledger_id
from shared.domain.rules import Budget, Volume, in_scope

REVISIONS_KEPT = 8
COSTS_KEPT = 4096


class InPeriod(NamedTuple):
    """A limit in one period."""

    kind: str
    ledger_id: str
    ends_at: datetime


class KnownLimits:
    """The limits of revisions, what contacts take of them, and the periods they are in."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._limits: dict[str, tuple[Limit, ...]] = {}
        self._costs: dict[tuple[str, str], tuple[int, ...]] = {}
        self._keys: dict[tuple[str, str, str, str], tuple[datetime, InPeriod]] = {}

    def limits(self, revision: Revision) -> tuple[Limit, ...]:
        """The volumes and budgets of a revision."""
        limits = self._limits.get(revision.id)
        if limits is None:
            limits = tuple(rule for rule in revision.catalogue.rules if isinstance(rule, Volume | Budget))
            with self._lock:
                while len(self._limits) >= REVISIONS_KEPT:
                    self._limits.pop(next(iter(self._limits)))
                self._limits[revision.id] = limits
        return limits

    def costs(self, revision: Revision, treatment_id: str) -> tuple[int, ...]:
        """What a contact by a treatment takes of each limit, of most nothing; those asked about last are at hand."""
        asked = revision.id, treatment_id
        found = self._costs.get(asked)
        if found is None:
            action, treatment = revision.treatment(treatment_id)
            of, price = facts(action, treatment), revision.price(treatment)
            limits = self.limits(revision)
            found = tuple([cost(limit, price) if in_scope(limit.scope, of) else 0 for limit in limits])
            with self._lock:
                while len(self._costs) >= COSTS_KEPT:
                    self._costs.pop(next(iter(self._costs)))
                self._costs[asked] = found
        return found

    def key(self, limit: Limit, revision: Revision, now: datetime) -> InPeriod:
        """The limit in the period of now; the last one of each is at hand."""
        kind, time_zone = "volume" if isinstance(limit, Volume) else "budget", revision.catalogue.time_zone
        asked = kind, limit.id, limit.period, time_zone
        known = self._keys.get(asked)
        if known is not None and known[0] <= now < known[1].ends_at:
            return known[1]
        name, begins_at, ends_at = ledger_id(limit, time_zone, now)
        key = InPeriod(kind, name, ends_at)
        self._keys[asked] = begins_at, key
        return key
