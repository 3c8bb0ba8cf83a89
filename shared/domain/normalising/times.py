"""Event times as sources write them: ISO 8601 with and without zone, and numbers since 1970 in whatever unit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shared.domain import zones
from shared.domain.errors import InvalidError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]+)?")
_PER_SECOND = ((10**11, 1), (10**14, 10**3), (10**17, 10**6))
"""Below which number how many of its unit make a second; beyond all, nanoseconds. Seconds reach the year 5138."""


def event_instant(value: Any, field: str, *, zone: str = "") -> datetime:
    """A point in time, UTC.

    Args:
        value: text of ISO 8601, a number since 1970, or such a number as text.
        field: where it stands.
        zone: the IANA time zone of a text without one.

    Raises:
        InvalidError: it is no such time, or has no zone and none is declared.
    """
    if not _is_written(value):
        raise InvalidError("expected a time: text of ISO 8601 or a number since 1970", field=field)
    if isinstance(value, str):
        written = value.strip()
        if not _NUMBER.fullmatch(written):
            return _written(written, field, zone)
        return _counted(float(written) if "." in written else int(written), field)
    return _counted(value, field)


def _is_written(value: Any) -> bool:
    return value.__class__ in (str, int, float)


def _counted(number: float, field: str) -> datetime:
    size = abs(number)
    return _since_epoch(number, next((unit for below, unit in _PER_SECOND if size < below), 10**9), field)


def _since_epoch(number: float, per_second: int, field: str) -> datetime:
    try:
        if isinstance(number, int):
            return _EPOCH + timedelta(microseconds=number * 10**6 // per_second)
        return _EPOCH + timedelta(seconds=number / per_second)
    except (OverflowError, ValueError):
        raise InvalidError("lies outside the years 1 to 9999", field=field) from None


def _written(text: str, field: str, zone: str) -> datetime:
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        try:
            at = datetime.fromisoformat(text.removesuffix(" UTC"))
        except ValueError:
            raise InvalidError(
                "is no time: neither ISO 8601 such as 2026-03-01T09:30:00Z nor a number since 1970", field=field
            ) from None
        if text.endswith(" UTC") and at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
    if at.tzinfo is None:
        declared = zones.zone(zone) if zone else None
        if declared is None:
            raise InvalidError("has no time zone, and the format declares none", field=field)
        at = at.replace(tzinfo=declared)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise InvalidError("lies outside the years 1 to 9999", field=field) from None
