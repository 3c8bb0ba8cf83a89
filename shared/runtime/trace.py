"""Trace context: W3C `traceparent`, carried by every request, message and log line."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar
from typing import NamedTuple

_FORMAT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = 1
"""The bit of the flags that says so."""


class Ids(NamedTuple):
    """What a `traceparent` says: the trace, the span within it, and whether its caller records it."""

    trace: str
    span: str
    sampled: bool


_current: ContextVar[str] = ContextVar("traceparent", default="")


def continue_from(traceparent: str | None) -> str:
    """Enter a new span of the trace given, or of a new one where none valid is given; returns its `traceparent`."""
    match = _FORMAT.fullmatch(traceparent or "")
    if match and set(match[1]) != {"0"} and set(match[2]) != {"0"}:
        here = f"00-{match[1]}-{_digits(16)}-{match[3]}"
    else:
        here = f"00-{_digits(32)}-{_digits(16)}-01"
    _current.set(here)
    return here


def current() -> str:
    """The `traceparent` of the request at hand, empty outside of one."""
    return _current.get()


def ids(traceparent: str) -> Ids | None:
    """What a `traceparent` says, None where there is no trace."""
    match = _FORMAT.fullmatch(traceparent)
    return Ids(match[1], match[2], sampled=bool(int(match[3], 16) & _SAMPLED)) if match else None


def _digits(count: int) -> str:
    """Random hex digits, at least one of them not 0. They guard nothing, so the operating system is not asked."""
    return f"{random.getrandbits(4 * count) or 1:0{count}x}"  # an id to tell traces apart
