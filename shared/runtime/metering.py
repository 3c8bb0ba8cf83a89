"""Metering: counts, for the request at hand, the operations that are paid for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.domain.usage import Usage


class RequestMeter:
    """A meter whose counts belong to the request that is being served; outside of one it counts for nobody."""

    def __init__(self) -> None:
        """Start with no request."""
        self._spent: ContextVar[list[int] | None] = ContextVar("spent", default=None)

    def add(self, *, reads: int = 0, writes: int = 0, messages: int = 0, bytes_: int = 0) -> None:
        """Count operations."""
        spent = self._spent.get()
        if spent is not None:
            for index, count in enumerate((reads, writes, messages, bytes_)):
                spent[index] += count

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count from zero for the request served within."""
        token = self._spent.set([0, 0, 0, 0])
        try:
            yield
        finally:
            self._spent.reset(token)

    def spent(self) -> Usage:
        """What the request at hand has cost so far."""
        reads, writes, messages, bytes_ = self._spent.get() or (0, 0, 0, 0)
        return Usage(reads=reads, writes=writes, messages=messages, bytes=bytes_)
