"""A circuit: who fails some times in a row is left alone for a time, and then tried once."""

from __future__ import annotations

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
        self._failures = 0
        self._closed_until = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether to leave it alone."""
        return self._failures >= OPENS_AFTER and self._monotonic() < self._closed_until

    def note(self, *, failed: bool) -> None:
        """A try failed or did not."""
        self._failures = self._failures + 1 if failed else 0
        if failed:
            self._closed_until = self._monotonic() + OPEN_SECONDS
