"""Days as paths and schedules name them."""

from __future__ import annotations

from datetime import date, timedelta

from shared.domain.errors import InvalidError
from shared.ports import Clock


def day_of(text: str, clock: Clock) -> date:
    """A day as a path names it: `2026-03-01`, or for schedules `yesterday`, UTC."""
    if text == "yesterday":
        return (clock() - timedelta(days=1)).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidError("is no day such as 2026-03-01, nor yesterday", field="day") from None
    if not 1970 <= day.year <= 9000:
        raise InvalidError("is in no year of which there is a history", field="day")
    return day
