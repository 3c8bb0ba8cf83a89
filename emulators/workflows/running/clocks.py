"""Clocks of a loop: the time as it is, and one in which nobody waits."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Protocol

Event = Callable[[], None]
"""What happened outside, as something to do in the loop's thread."""


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> float:
        """Seconds since 1970."""

    def wait(self, events: queue.SimpleQueue[Event], until: float | None, *, busy: bool) -> Event | None:
        """Wait for an event, at most until a time; `busy` says whether something is under way that will be one."""


class WallClock:
    """The time as it is."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def wait(self, events: queue.SimpleQueue[Event], until: float | None, *, busy: bool) -> Event | None:
        """Wait for an event."""
        del busy
        try:
            return events.get(timeout=None if until is None else max(0.0, until - self.now()))
        except queue.Empty:
            return None


class JumpingClock:
    """A time in which nobody waits: it goes to whatever is due next as soon as nothing else is to be done."""

    def __init__(self, start: float | None = None) -> None:
        """Begin at a time, in seconds since 1970; now, unless one is given."""
        self._now = time.time() if start is None else start

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def wait(self, events: queue.SimpleQueue[Event], until: float | None, *, busy: bool) -> Event | None:
        """Take what has happened, or else let the time come."""
        try:
            return events.get(block=busy or until is None)
        except queue.Empty:
            assert until is not None, "without an end it blocks"
            self._now = max(self._now, until)
            return None
