"""The windows in which contacts are counted: one model for those that roll and those of a calendar.

A contact is in a window from its own instant until it leaves it: a length of time later, or when the calendar's day,
week or month in which it was ends. A calendar is that of a time zone. Its days are of 23, 24 or 25 hours, as the clocks
of the zone go, and each begins with its first instant, be there no midnight on it or two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from shared.domain.rules import Cap, Cooldown, Period

LONGEST_SECONDS = {"hour": 3600, "day": 26 * 3600, "week": 7 * 86400 + 7200, "month": 31 * 86400 + 7200}
"""The most that a calendar's unit can span: no zone sets its clocks by more than two hours."""

INSTANT = timedelta(microseconds=1)
"""The least that two times differ by."""


def instant(day: date, clock: time, zone: tzinfo, *, last: bool = False) -> datetime:
    """When the clocks of a zone come to show a time, in UTC. Where they are put on and skip it, that is the moment when
    they are put on.

    Args:
        day: of the zone's calendar.
        clock: hours and minutes.
        zone: whose clocks.
        last: where clocks are put back and come to show it again, the second time.
    """
    local = datetime.combine(day, clock)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if _shown(first, zone) == local:
        # put back to the very time, they do not come to show it from an earlier one
        return second if last and _shown(second - INSTANT, zone) < local else first
    skips, shows = second, first
    while shows - skips > INSTANT:
        middle = skips + (shows - skips) / 2
        skips, shows = (middle, shows) if _shown(middle, zone) < local else (skips, middle)
    return shows


def _shown(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def period(unit: Period, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The hour, day, week (from Monday) or month of a zone's calendar in which an instant lies: its first instant, and
    the first after it, in UTC.
    """
    local = at.astimezone(zone)
    if unit == "hour":
        begin = at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return begin, begin + timedelta(hours=1)
    first = _first_day(unit, local.date())
    begin, end = _starts(first, zone), _starts(_following(unit, first), zone)
    if at < end:
        return begin, end
    first = _following(unit, first)  # clocks were put back over midnight: the new day goes on under the old date
    return end, _starts(_following(unit, first), zone)


def _starts(day: date, zone: tzinfo) -> datetime:
    return instant(day, time(), zone)


def _first_day(unit: Period, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _following(unit: Period, first: date) -> date:
    if unit == "month":
        return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return first + timedelta(days=7 if unit == "week" else 1)


def leaves(cap: Cap, at: datetime, zone: tzinfo) -> datetime:
    """When a contact leaves the window of a cap."""
    if cap.calendar is None:
        return at + timedelta(seconds=cap.window_seconds)
    return period(cap.calendar, at, zone)[1]


def reach(rule: Cap | Cooldown) -> timedelta:
    """How long ago the oldest may be that a rule can count."""
    if isinstance(rule, Cap):
        return timedelta(seconds=rule.window_seconds)
    return timedelta(seconds=rule.period_seconds + rule.within_seconds)
