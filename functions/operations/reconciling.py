"""Reconciling: every signal that was accepted on a day was decided on, ended before, is parked, or is on its way.

What was accepted is known from what travelled: every signal that is let in is on one topic, whoever let it in, and a
subscription of the warehouse's own notes it there. What became of it is known from the rows that every decision tells
anyway. So nothing is read or written on a decision's way for this.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from functions.operations.redriving import parked_decisions
from shared.domain.errors import InvalidError
from shared.ports import Quarantine, Reckoning

SETTLED = timedelta(hours=1)
"""How long a signal may be on its way: Pub/Sub gives a message up before, to the dead letters."""

MOST_UNTOLD = 10_000
MOST_NAMED = 20


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """How a day adds up.

    Attributes:
        accepted: signals let in on that day for the first time.
        decided: of those, what a decision is told of, whichever it was.
        ended: of those, what started no decision, and is told why.
        quarantined: of those, what is parked.
        in_flight: of those, what came within the last hour.
        lost: of those, what is nowhere.
        unaccepted: decisions of that day that no signal let in had started: the note of what is let in has gaps.
        named: some of what is lost, by the ids of its decisions.
        agrees: whether nothing is lost, and the note has no gaps.
    """

    day: date
    accepted: int
    decided: int
    ended: int
    quarantined: int
    in_flight: int
    lost: int
    unaccepted: int
    named: tuple[str, ...]
    agrees: bool


class Reconcile:
    """The use case over its ports."""

    def __init__(self, reckoning: Reckoning, quarantine: Quarantine) -> None:
        """Add up by `reckoning`; what it does not know of is looked for in `quarantine`."""
        self._reckoning = reckoning
        self._quarantine = quarantine

    def __call__(self, day: date, now: datetime) -> Reconciled:
        """How a day, UTC, adds up. Dead letters that nobody has taken in are nowhere.

        Raises:
            InvalidError: it has not begun.
            TransientError: the history or the quarantine did not answer.
        """
        since = datetime.combine(day, time(), UTC)
        if since > now:
            raise InvalidError("has not begun", field="day")
        until = since + timedelta(days=1)
        counted = self._reckoning.counted(since, until)
        untold = self._reckoning.untold(since, until, MOST_UNTOLD) if counted.untold else ()
        parked = set(parked_decisions(self._quarantine)) if untold else set()
        quarantined = sum(each.decision_id in parked for each in untold)
        missing = [each for each in untold if each.decision_id not in parked]
        in_flight = sum(each.at > now - SETTLED for each in missing)
        named = [each.decision_id for each in missing if each.at <= now - SETTLED]
        told_since = counted.untold - len(untold) if len(untold) < MOST_UNTOLD else 0
        lost = counted.untold - told_since - quarantined - in_flight
        return Reconciled(
            day=day,
            accepted=counted.decided + counted.ended + counted.untold,
            decided=counted.decided + told_since,
            ended=counted.ended,
            quarantined=quarantined,
            in_flight=in_flight,
            lost=lost,
            unaccepted=counted.unaccepted,
            named=tuple(named[:MOST_NAMED]),
            agrees=not lost and not counted.unaccepted,
        )
