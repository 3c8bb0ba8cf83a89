"""What a simulation came to, as programs read it: the same bytes however the lines were split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from shared.domain.batch.differing import Difference, Shift, differences, shifts
from shared.domain.batch.judging import Compared, Judged, compare, judge
from shared.domain.batch.numbers import Summary
from shared.domain.batch.simulating import Came
from shared.domain.batch.weeks import DAYS, WEEK, Week
from shared.domain.catalogue import Revision
from shared.domain.exact import real
from shared.domain.rules import Budget, Period, Volume


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a volume or a budget would have to give, and what it has.

    Attributes:
        rule: its id.
        kind: `volume` of contacts, or `budget` of pounds.
        period: of its limit.
        limit: what it has in one.
        wanted: at the time that is simulated.
        most: in the period of the weeks that follow that wants most; what is wanted of an hour comes together.
        short: in how many of these periods it has less than is wanted.
        periods: how many there are.
    """

    rule: str
    kind: Literal["volume", "budget"]
    period: Period
    limit: float
    wanted: float
    most: float
    short: int
    periods: int


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
        capacities: its volumes and budgets.
    """

    revisions: tuple[Revision, ...]
    now: datetime | None
    came: Came
    differences: tuple[Difference, ...]
    shifts: tuple[Shift, ...]
    compared: tuple[Compared, ...]
    judged: tuple[Judged, ...]
    capacities: tuple[Capacity, ...]

    def differing(self, *, later: bool) -> tuple[Difference, ...]:
        """The differences of the time that is simulated, or those of the weeks that follow."""
        return tuple(each for each in self.differences if each.name.startswith(WEEK) is later)

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
        capacities=tuple(_capacities(revisions[-1], now, came)),
    )


def report(found: Findings, gates: Sequence[Any]) -> dict[str, Any]:
    """The report, for `encoded`, with the gates that the revision has to pass."""
    told: dict[str, Any] = {
        "revision": found.revisions[-1].id,
        "after": _summary(found.after),
        "fairness": found.compared,
        "limits": found.judged,
        "gates": gates,
        "capacities": found.capacities,
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


def _capacities(revision: Revision, now: datetime | None, came: Came) -> Iterator[Capacity]:
    for rule in revision.catalogue.rules:
        match rule:
            case Volume():
                kind, limit = "volume", float(rule.limit)
            case Budget():
                kind, limit = "budget", rule.pounds
            case _:
                continue
        name = f"{kind}:{rule.id}"
        by_period: dict[str, int] = {}
        for number, week in enumerate(came.weeks[-1]):
            for day, taken in enumerate(week.taken.get(name, ())):
                assert now is not None, "weeks begin at a time"
                period = _period(now + timedelta(days=DAYS * number + day), rule.period)
                by_period[period] = by_period.get(period, 0) + taken
        wanted = [real(taken) for taken in by_period.values()]
        yield Capacity(
            rule=rule.id,
            kind=kind,  # type: ignore[arg-type]
            period=rule.period,
            limit=limit,
            wanted=came.summaries[-1].amount(name),
            most=max(wanted, default=0.0),
            short=sum(each > limit for each in wanted),
            periods=len(wanted),
        )


def _period(day: datetime, period: Period) -> str:
    """Of which period a day is; all that is wanted on a day is wanted within an hour."""
    form = {"hour": "%Y-%m-%d", "day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m"}
    return day.strftime(form[period])


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
    taken = {rule: [real(day) for day in days] for rule, days in week.taken.items()}
    return {**msgspec.structs.asdict(week), "contacts": contacts, "taken": taken, "pressure": week.pressure}
