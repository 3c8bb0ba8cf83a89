"""Which days of the interaction history are looked through for a decision: few, since each that is read is paid for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

LOOK_BACK = timedelta(days=31)
"""How old a decision may be to be found without its day."""


def span(day: date | None, now: datetime) -> tuple[datetime, datetime]:
    """From when, and until when exclusively, rows are looked for: the last 31 days, or a day with those beside it."""
    if day is None:
        return now - LOOK_BACK, now + timedelta(days=1)
    midnight = datetime.combine(day, time(), UTC)
    return midnight - timedelta(days=1), midnight + timedelta(days=2)


def day_of(day: date) -> tuple[datetime, datetime]:
    """From when, and until when exclusively, a day is, UTC."""
    midnight = datetime.combine(day, time(), UTC)
    return midnight, midnight + timedelta(days=1)
