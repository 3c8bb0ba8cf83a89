"""What a process has at hand besides its stores: a meter, clocks and chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from shared.domain.usage import Usage


class Meter(Protocol):
    """Counts the operations that are paid for, for the request at hand."""

    def add(self, *, reads: int = 0, writes: int = 0, messages: int = 0, bytes_: int = 0) -> None:
        """Count operations."""

    def spent(self) -> Usage:
        """What the request at hand has cost so far."""


class Companions(Protocol):
    """The instances that take in the signals of a source."""

    def count(self, source: str) -> int:
        """How many there are, this one among them, as far as each has said so within the last minutes. Asked and said
        behind the answer; where it cannot be, as many as were known.
        """


Clock = Callable[[], datetime]
"""The time, UTC. Reading it is I/O: only entrypoints hold one."""

Timer = Callable[[], float]
"""Seconds from some start, for how long something took."""

NewId = Callable[[], str]
"""A random id. Drawing it is I/O too."""
