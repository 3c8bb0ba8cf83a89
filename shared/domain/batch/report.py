"""What a simulation came to, as programs read it: the same bytes however the lines were split."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shared.domain.batch.differing import Difference, Shift, differences, shifts
from shared.domain.batch.judging import Compared, Judged, compare, judge
from shared.domain.batch.numbers import Summary
from shared.domain.batch.simulating import Came
from shared.domain.batch.weeks import Week
from shared.domain.catalogue import Revision


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from what lines came to.

    Attributes:
        revisions: one, or the one before and the one after.
        now: when all were decided, UTC; None where each record said it.
        came: of the lines.
        differences: between the two, of numbers of persons.
        shifts: of amounts.
        compared: parts of persons, by the last revision.
        judged: its limits of fairness.
    """

    revisions: tuple[Revision, ...]
    now: datetime | None
    came: Came
    differences: tuple[Difference, ...]
    shifts: tuple[Shift, ...]
    compared: tuple[Compared, ...]
    judged: tuple[Judged, ...]

    @property
    def after(self) -> Summary:
        """Of the last revision."""
        return self.came.summaries[-1]

    @property
    def before(self) -> Summary | None:
        """Of the one that it is held against."""
        return self.came.summaries[0] if len(self.revisions) == 2 else None


def findings(revisions: Sequence[Revision], now: datetime | None, came: Came) -> Findings:
    """Work out what follows."""
    before, after = came.summaries[0], came.summaries[-1]
    return Findings(
        revisions=tuple(revisions),
        now=now,
        came=came,
        differences=tuple(differences(before.counts, after.counts, came.moved)),
        shifts=tuple(shifts(before, after, came.moved)),
        compared=tuple(compare(revisions[-1], came.rates[-1])),
        judged=tuple(judge(revisions[-1], came.rates[-1])),
    )


def report(found: Findings, gates: Sequence[Any]) -> dict[str, Any]:
    """The report, for `encoded`, with the gates that the revision has to pass."""
    told: dict[str, Any] = {
        "revision": found.revisions[-1].id,
        "after": _summary(found.after),
        "fairness": found.compared,
        "limits": found.judged,
        "gates": gates,
    }
    weeks = found.came.weeks
    if weeks[-1]:
        told["weeks"] = [_week(week) for week in weeks[-1]]
    if found.before is not None:
        told |= {
            "against": found.revisions[0].id,
            "before": _summary(found.before),
            "differences": found.differences,
            "amounts": found.shifts,
        }
        if weeks[0]:
            told["weeks_before"] = [_week(week) for week in weeks[0]]
    return told


def encoded(value: Any) -> bytes:
    """As JSON, whose bytes say nothing of the order in which anything was counted."""
    return msgspec.json.encode(value, order="deterministic")


def _summary(of: Summary) -> dict[str, Any]:
    return {
        "persons": of.persons,
        "counts": of.counts,
        "sums": {**{name: of.amount(name) for name in of.amounts}, **of.falls},
    }


def _week(week: Week) -> dict[str, Any]:
    contacts = {str(number): persons for number, persons in week.contacts.items()}
    return {**msgspec.structs.asdict(week), "contacts": contacts, "pressure": week.pressure}
