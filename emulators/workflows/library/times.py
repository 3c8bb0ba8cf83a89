"""The module `time` of the standard library."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulators.workflows.library import arguments as given
from emulators.workflows.running.failures import failure

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[-+]\d\d:\d\d)?)?")


def to_text(seconds: Any, timezone: Any = "UTC") -> str:
    """A time as RFC 3339 has it, in a zone."""
    name = given.text("timezone", timezone)
    try:
        zone = ZoneInfo(name)
        at = (_EPOCH + timedelta(seconds=given.number("seconds", seconds))).astimezone(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise failure("ValueError", f"{name!r} is no time zone") from None
    except OverflowError:
        raise failure("ValueError", f"{seconds} is no time") from None
    fraction = f"{at.microsecond:06}".rstrip("0")
    offset = at.strftime("%z")
    shown = "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}"
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}{shown}"


def parse(value: Any) -> float:
    """The seconds since 1970 of a time such as `2022-01-02T03:04:05Z`."""
    text = given.text("value", value)
    found = _RFC3339.fullmatch(text.strip())
    if found is None:
        raise failure("ValueError", f"{text!r} is no time of RFC 3339")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError:
        raise failure("ValueError", f"{text!r} is no time") from None
    seconds = (at - _EPOCH).total_seconds() + float(f"0.{fraction or 0}")
    if offset and offset not in "Zz":
        sign = -1 if offset[0] == "-" else 1
        seconds -= sign * (int(offset[1:3]) * 3600 + int(offset[4:6]) * 60)
    return seconds
