"""Timestamps and durations: their text forms and the parts that people name.

Text of a timestamp is RFC 3339, of a duration a sum of decimal numbers with units (`1h30m`, `-1.5s`). Parts are read in
UTC or in a time zone, which is an IANA name or an offset such as `+05:30`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.cel.arithmetic import duration_of, timestamp_of
from shared.domain.cel.ends import Failed
from shared.domain.cel.values import NANOS, Duration, Timestamp, no_overload
from shared.domain.zones import zone

_DAY = 86_400 * NANOS
_EPOCH_ORDINAL = 719_163
_CYCLE_DAYS, _CYCLE_YEARS = 146_097, 400
_LAST_ORDINAL = date.max.toordinal()

# Google's implementation asks for no leading zeros, and lets the colon and the minutes of an offset go.
_TIMESTAMP = re.compile(
    r"\s*0*(\d{1,4})-(\d\d?)-(\d\d?)[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)\s*",
    re.ASCII,
)
_DURATION = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|ms|h|m|s)", re.ASCII)
_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": NANOS, "m": 60 * NANOS, "h": 3_600 * NANOS}
_OFFSET = re.compile(r"([+-]?)(\d\d?):(\d\d)", re.ASCII)


def parse_timestamp(text: str) -> Timestamp | Failed:
    """The instant that RFC 3339 text names, to the nanosecond; further digits are dropped."""
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        return Failed(f"{text!r} is no RFC 3339 timestamp")
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        return Failed(f"{text!r} names no day")
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60 or int(hours or 0) > 23 or int(minutes or 0) > 59:
        return Failed(f"{text!r} names no time of a day")
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * (-60 if sign == "-" else 60)
    seconds = days * 86_400 + int(hour) * 3_600 + int(minute) * 60 + int(second) - offset
    # a leap second is the next second, and has no decimals
    nanos = 0 if second == "60" else int((fraction or "").ljust(9, "0")[:9])
    return timestamp_of(seconds * NANOS + nanos)


def parse_duration(text: str) -> Duration | Failed:
    """The length that text such as `1h30m`, `-1.5s` or `0` names, cut to whole nanoseconds."""
    body = text[1:] if text[:1] in ("+", "-") else text
    total, at = 0, 0
    while at < len(body) and (found := _DURATION.match(body, at)):
        whole, fraction, unit = found[1], found[2] or "", _UNITS.get(found[3])
        if unit is None or not (whole or fraction) or len(whole) > 19:
            break
        total += int(whole or 0) * unit + int(fraction[:18] or 0) * unit // 10 ** len(fraction[:18])
        at = found.end()
    if body == "0":
        return Duration(0)
    if not body or at < len(body):
        return Failed(f"{text!r} is no duration, such as 1h30m or 90s")
    return duration_of(-total if text[0] == "-" else total)


def timestamp_text(at: int) -> str:
    """RFC 3339 in UTC, with as many decimals as the instant needs."""
    seconds, nanos = divmod(at, NANOS)
    days, rest = divmod(seconds, 86_400)
    day = date.fromordinal(days + _EPOCH_ORDINAL)
    return f"{day.isoformat()}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}{_decimals(nanos)}Z"


def duration_text(length: int) -> str:
    """Seconds with as many decimals as the length needs: `5400s`, `-1.5s`."""
    seconds, nanos = divmod(abs(length), NANOS)
    return f"{'-' if length < 0 else ''}{seconds}{_decimals(nanos)}s"


def _decimals(nanos: int) -> str:
    """Three, six or nine decimals, as many as it takes; none for none."""
    if not nanos:
        return ""
    digits = f"{nanos:09}"
    return "." + (digits[:3] if digits.endswith("000000") else digits[:6] if digits.endswith("000") else digits)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | int | None:
    """A time zone by name, or an offset in nanoseconds; None where there is no such zone."""
    if found := _OFFSET.fullmatch(name):
        minutes = int(found[2]) * 60 + int(found[3])
        return (-minutes if found[1] == "-" else minutes) * 60 * NANOS
    return zone(name) if name else 0


def _local(at: int, zone: Any) -> int | Failed:
    """The instant as nanoseconds of local time since 1970."""
    if zone.__class__ is not str:
        return Failed(f"a time zone is text, not {zone!r}")
    known = _zone(zone)
    if known is None:
        return Failed(f"{zone!r} is no time zone")
    if isinstance(known, int):
        return at + known
    moment = datetime(1970, 1, 1, tzinfo=UTC)
    # the last days of the calendar would leave it in some zones; their offset is that of two days nearer
    seconds = min(max(at // NANOS, -62_135_424_000), 253_402_128_000)
    offset = (moment + timedelta(seconds=seconds)).astimezone(known).utcoffset()
    return at + (round(offset.total_seconds()) if offset else 0) * NANOS


def _date(local: int) -> tuple[int, date]:
    """The year and a date with the same month, day and weekday; the year may be 0 or 10000, which dates cannot say."""
    ordinal = local // _DAY + _EPOCH_ORDINAL
    if ordinal < 1:
        day = date.fromordinal(ordinal + _CYCLE_DAYS)
        return day.year - _CYCLE_YEARS, day
    if ordinal > _LAST_ORDINAL:
        day = date.fromordinal(ordinal - _CYCLE_DAYS)
        return day.year + _CYCLE_YEARS, day
    day = date.fromordinal(ordinal)
    return day.year, day


def _part(
    name: str, of_time: Callable[[int], int], of_length: Callable[[int], int] | None = None
) -> Callable[..., Any]:
    """A part of a timestamp, in UTC or a zone, or of a duration."""

    def read(value: Any, *zone: Any) -> Any:
        if value.__class__ is Timestamp:
            if not zone:
                return of_time(value)
            local = _local(value, zone[0]) if zone[0].__class__ is str else no_overload(name, value, *zone)
            return of_time(local) if local.__class__ is int else local
        if value.__class__ is Duration and of_length is not None and not zone:
            return of_length(value)
        return no_overload(name, value, *zone)

    return read


def _whole(unit: int) -> Callable[[int], int]:
    """Whole units of a length, towards zero."""

    def count(length: int) -> int:
        units = abs(length) // unit
        return units if length >= 0 else -units

    return count


def _milliseconds_of_second(length: int) -> int:
    millis = abs(length) % NANOS // 1_000_000
    return millis if length >= 0 else -millis


PARTS: dict[str, Callable[..., Any]] = {
    "getFullYear": _part("getFullYear", lambda local: _date(local)[0]),
    "getMonth": _part("getMonth", lambda local: _date(local)[1].month - 1),
    "getDate": _part("getDate", lambda local: _date(local)[1].day),
    "getDayOfMonth": _part("getDayOfMonth", lambda local: _date(local)[1].day - 1),
    "getDayOfWeek": _part("getDayOfWeek", lambda local: _date(local)[1].isoweekday() % 7),
    "getDayOfYear": _part("getDayOfYear", lambda local: _date(local)[1].timetuple().tm_yday - 1),
    "getHours": _part("getHours", lambda local: local // _UNITS["h"] % 24, _whole(_UNITS["h"])),
    "getMinutes": _part("getMinutes", lambda local: local // _UNITS["m"] % 60, _whole(_UNITS["m"])),
    "getSeconds": _part("getSeconds", lambda local: local // NANOS % 60, _whole(NANOS)),
    "getMilliseconds": _part("getMilliseconds", lambda local: local // 1_000_000 % 1_000, _milliseconds_of_second),
}
"""What reads a part of a timestamp or a duration. Months, days of the month and of the year count from 0, `getDate`
counts from 1, days of the week count from 0 on Sunday.
"""
