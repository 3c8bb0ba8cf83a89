"""Leases: take back what dead processes hold of volumes and budgets, so that the living have blocks to take from.

What a dead process has used of its block nobody knows but the history, which tells of every contact. So it says how
much of a limit is gone; what it does not know of yet was used in the last minutes, by processes whose blocks are
younger than those that are taken back. Limits that inbound channels fall under are left alone: of an offer the columns
of the history name the first treatment only. What is held of those is under a hundredth, and ends with their period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shared.domain.allowance import Limit, cost, lapsed, taken_back
from shared.domain.catalogue import Revision, facts
from shared.domain.errors import StaleError
from shared.domain.ledgers import ledger_id
from shared.domain.rules import Budget, Volume, in_scope
from shared.ports import Catalogues, Ledgers, Reckoning, Versioned

LAPSED_AFTER = timedelta(hours=1)
"""How old a block is that nobody takes from any more: who takes from one settles it every ten minutes."""


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sweep.

    Attributes:
        found: blocks that nobody takes from any more.
        taken_back: those of them that others may have now, less what was used of them.
        left: those of limits of which the history does not say how much was used.
    """

    found: int
    taken_back: int
    left: int


class SweepLeases:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, ledgers: Ledgers, reckoning: Reckoning) -> None:
        """Take back in `ledgers` of the live revision's limits what `reckoning` does not know to have been used."""
        self._catalogues = catalogues
        self._ledgers = ledgers
        self._reckoning = reckoning

    def __call__(self, now: datetime) -> Released:
        """Take back what lapsed of every limit in its present period.

        Raises:
            TransientError: a store or the history did not answer; what was taken back is.
        """
        revision = self._catalogues.current().revision
        before = int((now - LAPSED_AFTER).timestamp())
        found = back = 0
        for limit in revision.catalogue.rules:
            if not isinstance(limit, Volume | Budget):
                continue
            name, begins_at, _ = ledger_id(limit, revision.catalogue.time_zone, now)
            kind = "volume" if isinstance(limit, Volume) else "budget"
            read = self._ledgers.load(kind, name)
            gone = lapsed(read.value, before)
            found += len(gone)
            if not gone or not _is_outbound(limit, revision):
                continue
            used = _used(limit, revision, self._reckoning.reserved(begins_at))
            try:
                self._ledgers.store(kind, name, Versioned(taken_back(read.value, gone, used), read.version))
            except StaleError:
                continue  # somebody takes from it right now; the next sweep finds it again
            back += len(gone)
        return Released(found=found, taken_back=back, left=found - back)


def _is_outbound(limit: Limit, revision: Revision) -> bool:
    """Whether no inbound channel falls under a limit."""
    return all(
        revision.channels[treatment.channel].direction == "outbound"
        for action in revision.catalogue.actions
        for treatment in action.treatments
        if in_scope(limit.scope, facts(action, treatment))
    )


def _used(limit: Limit, revision: Revision, reserved: Mapping[str, int]) -> int:
    """How much of a limit contacts took, in its units; what the live revision does not know may have been of it."""
    total = 0
    for treatment_id, contacts in reserved.items():
        if treatment_id not in revision.treatments:
            total += contacts * cost(limit, max(revision.dearest.values()))
            continue
        action, treatment = revision.treatment(treatment_id)
        if in_scope(limit.scope, facts(action, treatment)):
            total += contacts * cost(limit, revision.price(treatment))
    return total
