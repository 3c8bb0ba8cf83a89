"""Periods of the bank's calendar: the hour, day, week or month that an instant lies in, on the bank's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.domain.rules import Period


class Span(NamedTuple):
    """A period: its first instant, and the first after it, UTC."""

    begins_at: datetime
    ends_at: datetime


def span(period: Period, now: datetime, time_zone: str) -> Span:
    """The period that `now` lies in. A day on which clocks change is 23 or 25 hours long; weeks begin on Monday."""
    local = now.astimezone(ZoneInfo(time_zone))
    if period == "hour":
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        begins_at = now.astimezone(UTC) - into
        return Span(begins_at, begins_at + timedelta(hours=1))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "day":
        first, after = midnight, midnight + timedelta(days=1)
    elif period == "week":
        first = midnight - timedelta(days=midnight.weekday())
        after = first + timedelta(days=7)
    else:
        first = midnight.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return Span(first.astimezone(UTC), after.astimezone(UTC))
