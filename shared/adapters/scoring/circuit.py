"""A circuit: who fails some times in a row is left alone for a time, and then tried once."""

from __future__ import annotations

import threading
from collections.abc import Callable

OPENS_AFTER = 3
"""Failures in a row after which somebody is left alone."""

OPEN_SECONDS = 30.0
"""For how long."""


class Circuit:
    """What became of the last tries, in this process."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Nothing failed yet."""
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_until = float("-inf")

    def lets(self) -> bool:
        """Whether to try now. Of all who ask once the time is over, one is told to, and the rest wait for what comes of
        it, as long again at the most.
        """
        if self._failures < OPENS_AFTER:
            return True
        with self._lock:
            now = self._monotonic()
            if now < self._closed_until:
                return False
            self._closed_until = now + OPEN_SECONDS
            return True

    def note(self, *, failed: bool) -> None:
        """A try failed or did not."""
        self._failures = self._failures + 1 if failed else 0
        if failed:
            self._closed_until = self._monotonic() + OPEN_SECONDS
