"""What a day or a month came to, measured once and kept."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from functions.records.measuring import Measure
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.measuring.report import Report
from shared.domain.measuring.uplift import Uplifts
from shared.domain.ready import ready
from shared.ports import Clock, Reports
from shared.runtime.days import day_of

WEEKS = timedelta(days=28)
"""The time that is measured for a day: it, and those before."""

_MONTH = re.compile(r"\d{4}-\d\d")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a time came to.

    Attributes:
        name: of a day, such as 2026-03-01, for the four weeks that end with it; of a month, such as 2026-03.
        since: when the time begins.
        until: when it ends.
        kept_at: when it was measured.
        report: next best action against the arms of the standing experiment and the control group.
        uplifts: what each action did that was held back from anybody.
    """

    name: str
    since: datetime
    until: datetime
    kept_at: datetime
    report: Report
    uplifts: Uplifts


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """That a time was measured: its name, and the problem where nothing is compared."""

    name: str
    since: datetime
    until: datetime
    problem: str


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """The times that were measured, the latest first."""

    names: tuple[str, ...]


class KeepMeasures:
    """The use case over its ports. What is measured again takes the other's place: outcomes come late."""

    def __init__(self, measure: Measure, reports: Reports, clock: Clock) -> None:
        """Measure by `measure` what has been by `clock`, and keep it in `reports`."""
        self._measure = measure
        self._reports = reports
        self._clock = clock

    def keep(self, name: str, experiment: str) -> Noted:
        """Measure a time and keep what it came to.

        Raises:
            InvalidError: it is no day or month.
            NotFoundError: the live revision has no such experiment.
            TransientError: the history or the store did not answer.
        """
        now = self._clock()
        name, since, until = self._time(name)
        until = min(until, datetime.combine(now.date(), time(), UTC) + timedelta(days=1))
        if until <= since:
            raise InvalidError("is yet to come", field="name")
        found = Measured(
            name=name,
            since=since,
            until=until,
            kept_at=now,
            report=self._measure.report(experiment, since, until),
            uplifts=self._measure.uplifts(since, until),
        )
        self._reports.put("measures", name, msgspec.json.encode(found), now)
        return Noted(name=name, since=since, until=until, problem=found.report.problem)

    def kept(self, name: str) -> Measured:
        """What a time came to when it was measured last.

        Raises:
            NotFoundError: it was not.
        """
        name, _, _ = self._time(name)
        data = self._reports.get("measures", name)
        if data is None:
            raise NotFoundError(f"nothing is kept of what {name} came to")
        return msgspec.json.decode(data, type=ready(Measured))

    def names(self) -> Names:
        """The times that were measured."""
        return Names(names=tuple(self._reports.names("measures")))

    def _time(self, name: str) -> tuple[str, datetime, datetime]:
        if _MONTH.fullmatch(name):
            first = day_of(f"{name}-01", self._clock)
            following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
            return name, _midnight(first), _midnight(following)
        day = day_of(name, self._clock)
        until = _midnight(day) + timedelta(days=1)
        return str(day), until - WEEKS, until


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
