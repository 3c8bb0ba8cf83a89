"""What an execution waits for. A coroutine awaits one of these; the loop does it and goes on with what came of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any


class _Awaited:
    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self)


@dataclass
class Sleep(_Awaited):
    """Wait until a time, in seconds since 1970."""

    until: float


@dataclass
class Now(_Awaited):
    """Ask for the time, in seconds since 1970."""


@dataclass
class Perform(_Awaited):
    """Do something that blocks, beside everything else; what it raises is raised."""

    work: Callable[[], Any]


@dataclass
class Arrival(_Awaited):
    """Wait for something from outside by its key, at most until a time; None where nothing came."""

    key: str
    until: float


@dataclass
class Together(_Awaited):
    """Run several at once, at most so many; a list of what each gave, or the error that it ended with."""

    tasks: Sequence[Callable[[], Coroutine[Any, Any, Any]]]
    limit: int
