"""Quiet hours on the person's own clock: whether it is quiet, and when that ends.

A stretch of quiet time goes from the first moment that the clock shows its beginning to the last that it shows its end,
so that it is quiet whenever a clock in that zone says so, also on the days when clocks are put on or back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from shared.domain.contact_policy.windows import instant
from shared.domain.rules import DayKind, QuietHours

WEEKDAYS: tuple[DayKind, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = timedelta(days=366)
"""Beyond this nobody looks for an end."""

_DAY = timedelta(days=1)
_MOST_KEPT = 4096


class _Stretch(NamedTuple):
    begin: datetime
    end: datetime


class Quiet:
    """One rule of quiet hours."""

    def __init__(self, rule: QuietHours) -> None:
        """Sort its times by the days on which they begin."""
        self.rule = rule
        self._holidays = frozenset(map(date.fromisoformat, rule.holidays))
        self._times: dict[DayKind, list[tuple[time, time]]] = {}
        for quiet in rule.times:
            stretch = time.fromisoformat(quiet.from_), time.fromisoformat(quiet.until)
            for day in quiet.days or (*WEEKDAYS, "holiday"):
                self._times.setdefault(day, []).append(stretch)
        self._around: dict[tuple[tzinfo, date], tuple[_Stretch, ...]] = {}

    def end(self, at: datetime, zone: tzinfo) -> datetime | None:
        """The end of the stretch of quiet time in which an instant lies, None where it is not quiet. Another may begin
        then.
        """
        key = zone, at.astimezone(zone).date()
        around = self._around.get(key)
        if around is None:
            if len(self._around) >= _MOST_KEPT:
                self._around.clear()
            around = self._around[key] = self._stretches(*key)
        for stretch in around:
            if stretch.begin <= at < stretch.end:
                return stretch.end
        return None

    def _stretches(self, zone: tzinfo, day: date) -> tuple[_Stretch, ...]:
        """Those that may touch a day."""
        return tuple(
            _Stretch(
                instant(begins_on, begin, zone),
                instant(begins_on if begin < end else begins_on + _DAY, end, zone, last=True),
            )
            for begins_on in (day - _DAY, day, day + _DAY)
            for begin, end in self._times.get(self._kind(begins_on), ())
        )

    def _kind(self, day: date) -> DayKind:
        return "holiday" if day in self._holidays else WEEKDAYS[day.weekday()]


def allowed_from(rules: Iterable[Quiet], at: datetime, zone: tzinfo) -> datetime | None:
    """The first instant from one on at which none of these rules keeps quiet, None where there is none in sight."""
    asked = tuple(rules)
    allowed = at
    while allowed - at <= HORIZON:
        ends = [end for rule in asked if (end := rule.end(allowed, zone)) is not None]
        if not ends:
            return allowed
        allowed = max(ends)
    return None
