"""What a process knows and holds of the pace of each channel, and how it changes what is shared."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from shared.domain.errors import StaleError, TransientError
from shared.domain.pace import Pace
from shared.ports import Clock, Versioned

ATTEMPTS = 12
"""Tries of the guarded commit before the message is given back to be delivered again."""

LOOK_EVERY = timedelta(seconds=5)
"""How old what is known of the others may be."""

LATELY = timedelta(seconds=1)

T = TypeVar("T")


class Timing(NamedTuple):
    """The time, what returns when one has come, and what waits, with jitter, before the n-th try again of a commit."""

    clock: Clock
    wait_until: Callable[[datetime], None]
    pause: Callable[[int], None]


class Shared(Protocol):
    """Where paces are kept, by channel."""

    def load(self, channel: str, *, counted: bool = True) -> Versioned[Pace]:
        """A pace; an empty one, of version None, where there is none yet. One that is not `counted` is charged to no
        message: it is read for all of them.
        """

    def store(self, channel: str, pace: Versioned[Pace]) -> str:
        """Write a pace in a commit that is guarded by the version read and sent once; its new version.

        Raises:
            StaleError: it changed since it was read; nothing is written.
            TransientError: it may not have been written.
        """


class Slot(NamedTuple):
    """A slot that this process has booked, and until when it may be used."""

    at: datetime
    usable_until: datetime


class Known:
    """What this process knows and holds of one channel. Whoever reads or changes it holds `lock`.

    Attributes:
        channel: its id.
        pace: as it was last read.
        looked_at: when.
        slots: booked and not used yet.
        places: in the queue, taken and not given to a message yet, by rank.
        full_until: by how far ahead was looked, until when there are no slots.
        failing: deliveries that failed in a row.
        told_full_at: when it was last told that there are no slots.
        waiting: the threads whose messages ask for a slot right now; this alone is changed without the lock.
    """

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.lock = threading.Lock()
        self.pace = Pace()
        self.looked_at: datetime | None = None
        self.slots: deque[Slot] = deque()
        self.places: dict[int, deque[datetime]] = {}
        self.full_until: dict[timedelta, datetime] = {}
        self.failing: set[str] = set()
        self.told_full_at: datetime | None = None
        self.waiting: set[int] = set()
        self._asked: deque[datetime] = deque()

    def lately(self, now: datetime) -> int:
        """How many messages asked for a slot within the last second, this one included."""
        self._asked.append(now)
        while self._asked[0] < now - LATELY:
            self._asked.popleft()
        return len(self._asked)

    def booked(self, now: datetime, look_ahead: timedelta) -> Slot | None:
        """A slot that was booked, and that is early enough; what may not be used any more is let go."""
        held_until = self.pace.held_until or now
        while self.slots and (self.slots[0].usable_until < now or self.slots[0].at < held_until > now):
            self.slots.popleft()
        if self.slots and self.slots[0].at <= now + look_ahead:
            return self.slots.popleft()
        return None


class KnownPaces:
    """The paces that this process knows, by channel."""

    def __init__(self, shared: Shared, timing: Timing) -> None:
        """Know nothing yet."""
        self._shared = shared
        self._clock, _, self._pause = timing
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}

    def of(self, channel: str) -> Known:
        """What is known of a channel."""
        known = self._known.get(channel)
        if known is None:
            with self._lock:
                known = self._known.setdefault(channel, Known(channel))
        return known

    def look(self, known: Known, now: datetime) -> None:
        """Look what the others found, unless that was a moment ago.

        Raises:
            TransientError: the store did not answer, and nothing was known before.
        """
        if known.looked_at is not None and now - known.looked_at < LOOK_EVERY:
            return
        try:
            known.pace = self._shared.load(known.channel, counted=False).value
        except TransientError:
            if known.looked_at is None:
                raise
        known.looked_at = now

    def commit(self, known: Known, change: Callable[[Pace, datetime], tuple[Pace, tuple[T, ...]]]) -> tuple[T, ...]:
        """Change what is shared in a guarded commit, which gives something; nothing is written where nothing changes.

        Raises:
            TransientError: contention did not end, or the store did not answer.
        """
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            read = self._shared.load(known.channel)
            now = self._clock()
            pace, given = change(read.value, now)
            known.pace, known.looked_at = read.value, now
            if pace == read.value:
                return given
            try:
                self._shared.store(known.channel, Versioned(pace, read.version))
            except StaleError:
                continue
            known.pace = pace
            return given
        raise TransientError(f"the pace of {known.channel} is contended")
