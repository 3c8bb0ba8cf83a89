"""The pace of channels as a process keeps it: slots booked for many messages at once, and what the others found, looked
up from time to time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from shared.domain.catalogue import Channel, SendRate
from shared.domain.delivery import Delivery
from shared.domain.errors import StaleError, TransientError
from shared.domain.pace import (
    MOST_HELD,
    RANKS,
    Pace,
    ahead,
    book,
    held,
    interval,
    next_slot,
    opened,
    probed,
    probing,
    queued,
    unprobed,
    usable_for,
)
from shared.ports import Clock, NotNow, Turn, Versioned

ATTEMPTS = 12
"""Tries of the guarded commit before the message is given back to be delivered again."""

LOOK_EVERY = timedelta(seconds=5)
"""How old what is known of the others may be."""

ASK_AGAIN_AFTER = timedelta(seconds=0.5)
"""After how long slots are asked for again where there were none."""

HELD_WITHOUT_WORD = timedelta(seconds=1)

Tell = Callable[[str], None]


class Timing(NamedTuple):
    """The time, what returns when one has come, and what waits, with jitter, before the n-th try again of a commit."""

    clock: Clock
    wait_until: Callable[[datetime], None]
    pause: Callable[[int], None]


T = TypeVar("T")


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


class _Slot(NamedTuple):
    at: datetime
    usable_until: datetime


class _Known:
    """What this process knows and holds of one channel. Whoever reads or changes it holds `lock`.

    Attributes:
        pace: as it was last read.
        looked_at: when.
        slots: booked and not used yet.
        places: in the queue, taken and not given to a message yet, by rank.
        full_until: by how far ahead was looked, until when there are no slots.
        failing: deliveries that failed in a row.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pace = Pace()
        self.looked_at: datetime | None = None
        self.slots: deque[_Slot] = deque()
        self.places: dict[int, deque[datetime]] = {}
        self.full_until: dict[timedelta, datetime] = {}
        self.failing: set[str] = set()


class Pacing:
    """The port `Paces`, over what is shared."""

    def __init__(self, shared: Shared, timing: Timing, tell: Tell) -> None:
        """Keep to what `shared` says; `tell` hears what operators want to know."""
        self._shared = shared
        self._clock, self._wait_until, self._pause = timing
        self._tell = tell
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._waiting: dict[str, int] = {}

    def turn(self, channel: Channel, delivery: Delivery) -> Turn | NotNow:
        """Whether this message may be sent, and when."""
        known = self._of(channel.id)
        with self._lock:
            self._waiting[channel.id] = self._waiting.get(channel.id, 0) + 1
        try:
            with known.lock:
                turn = self._turn(channel, known, delivery)
        finally:
            with self._lock:
                self._waiting[channel.id] -= 1
        if isinstance(turn, Turn):
            self._wait_until(turn.at)
        return turn

    def give_back(self, channel: Channel, delivery: Delivery, turn: Turn) -> None:
        """Nothing was sent in this turn."""
        known = self._of(channel.id)
        with known.lock:
            if turn.is_probe:
                now = self._clock()
                self._change(channel.id, known, lambda pace: unprobed(pace, delivery.delivery_id, now))
            elif channel.rate_limit is not None:
                known.slots.appendleft(_Slot(turn.at, turn.at + usable_for(channel.rate_limit)))

    def took(self, channel: Channel, delivery: Delivery, turn: Turn) -> None:
        """The provider answered as one that works."""
        known = self._of(channel.id)
        if not (known.failing or turn.is_probe):
            return
        with known.lock:
            known.failing.clear()
            if turn.is_probe:
                self._probed(channel, known, delivery, well=True)

    def failed(self, channel: Channel, delivery: Delivery, turn: Turn, error: TransientError) -> NotNow | None:
        """The provider did not take it this time."""
        known = self._of(channel.id)
        with known.lock:
            now = self._clock()
            if error.retry_after is not None:
                until = now + min(MOST_HELD, max(HELD_WITHOUT_WORD, timedelta(seconds=error.retry_after)))
                self._hold(channel.id, known, until)
            if turn.is_probe:
                self._probed(channel, known, delivery, well=False)
            elif error.retry_after is None:
                known.failing.add(delivery.delivery_id)
                if len(known.failing) >= channel.breaker.failures:
                    self._open(channel, known, now)
            return self._holds_off(channel, known, delivery, now)

    def _turn(self, channel: Channel, known: _Known, delivery: Delivery) -> Turn | NotNow:
        now = self._clock()
        self._look(channel.id, known, now)
        if known.pace.failed:
            return self._probe(channel, known, delivery, now)
        holds_off = self._holds_off(channel, known, delivery, now)
        if holds_off is not None:
            return holds_off
        rate = channel.rate_limit
        if rate is None:
            return Turn(max(now, known.pace.held_until or now))
        look_ahead = _ahead(delivery)
        slot = _booked(known, now, look_ahead)
        if slot is None and known.full_until.get(look_ahead, now) <= now:
            slot = self._book(channel, rate, known, look_ahead)
        if slot is not None:
            return Turn(max(now, slot.at))
        return NotNow(self._place(channel, rate, known, delivery, now), f"{channel.id} is sent no faster")

    def _book(self, channel: Channel, rate: SendRate, known: _Known, look_ahead: timedelta) -> _Slot | None:
        """Book slots for all that wait here, and some to spare."""

        def change(pace: Pace, now: datetime) -> tuple[Pace, tuple[_Slot, ...]]:
            booked = book(pace, rate, now, self._waiting.get(channel.id, 1), look_ahead)
            if booked is None:
                known.full_until[look_ahead] = max(next_slot(pace, rate, now) - look_ahead, now + ASK_AGAIN_AFTER)
                return pace, ()
            apart, usable = interval(rate), usable_for(rate)
            until = [max(now, booked.first + n * apart) + usable for n in range(booked.slots)]
            slots = tuple(_Slot(booked.first + n * apart, until[n]) for n in range(booked.slots))
            return booked.pace, slots

        slots = self._commit(channel.id, known, change)
        known.slots.extend(slots[1:])
        return slots[0] if slots else None

    def _place(
        self, channel: Channel, rate: SendRate | None, known: _Known, delivery: Delivery, earliest: datetime
    ) -> datetime:
        """When a message that finds no slot tries again: at its place in the queue, of a channel with a rate."""
        if rate is None:
            return earliest
        rank = RANKS[delivery.purpose]
        places = known.places.setdefault(rank, deque())
        while places and places[0] < earliest:
            places.popleft()
        if not places:
            places.extend(
                self._commit(channel.id, known, lambda pace, now: queued(pace, rate, now, rank, earliest=earliest))
            )
        return places.popleft()

    def _probe(self, channel: Channel, known: _Known, delivery: Delivery, now: datetime) -> Turn | NotNow:
        """Where nobody else does, and the time has come, this message finds out whether the provider is back."""
        if known.pace.probe_at is None or now >= known.pace.probe_at:
            mine = delivery.delivery_id

            def change(pace: Pace, at: datetime) -> tuple[Pace, tuple[str, ...]]:
                trying = probing(pace, mine, at)
                return (pace, ()) if trying is None else (trying, (mine,))

            if self._commit(channel.id, known, change):
                self._tell(f"{channel.id}: half open, {mine} tries whether the provider is back")
                return Turn(max(now, known.pace.held_until or now), is_probe=True)
            if not known.pace.failed:
                return self._turn(channel, known, delivery)
        holds_off = self._holds_off(channel, known, delivery, now)
        return holds_off or NotNow(now + HELD_WITHOUT_WORD, f"{channel.id} is tried by another message")

    def _holds_off(self, channel: Channel, known: _Known, delivery: Delivery, now: datetime) -> NotNow | None:
        """When to try again where the breaker is open, or a hold is longer than the message may wait."""
        pace = known.pace
        if pace.failed and pace.probe_at is not None and now < pace.probe_at:
            why = f"the provider of {channel.id} fails"
            at = min(pace.probe_at, now + LOOK_EVERY) if pace.probe else pace.probe_at
            return NotNow(self._place(channel, channel.rate_limit, known, delivery, at), why)
        if pace.held_until is not None and pace.held_until > now + _ahead(delivery):
            why = f"{channel.id} is held by {pace.held_by}"
            return NotNow(self._place(channel, channel.rate_limit, known, delivery, pace.held_until), why)
        return None

    def _hold(self, channel: str, known: _Known, until: datetime) -> None:
        before = known.pace.held_until
        if before is not None and before >= until - HELD_WITHOUT_WORD:
            return
        self._change(channel, known, lambda pace: held(pace, until, "its provider"))
        self._tell(f"{channel}: held by its provider until {until:%H:%M:%S} UTC")

    def _open(self, channel: Channel, known: _Known, now: datetime) -> None:
        epoch = known.pace.epoch
        self._change(channel.id, known, lambda pace: opened(pace, channel.breaker, epoch, now))
        known.failing.clear()
        self._tell(f"{channel.id}: the breaker is open, since {channel.breaker.failures} messages failed in a row")

    def _probed(self, channel: Channel, known: _Known, delivery: Delivery, *, well: bool) -> None:
        now, mine = self._clock(), delivery.delivery_id
        self._change(channel.id, known, lambda pace: probed(pace, mine, channel.breaker, now, well=well))
        known.failing.clear()
        said = "closed again" if well else "open still"
        self._tell(f"{channel.id}: the breaker is {said}, as {mine} found")

    def _change(self, channel: str, known: _Known, change: Callable[[Pace], Pace]) -> None:
        """Change what is shared; where that cannot be done now it stays as it is, and who fails next tries again."""
        try:
            self._commit(channel, known, lambda pace, _now: (change(pace), ()))
        except TransientError as error:
            self._tell(f"{channel}: its pace could not be written: {error}")

    def _commit(
        self, channel: str, known: _Known, change: Callable[[Pace, datetime], tuple[Pace, tuple[T, ...]]]
    ) -> tuple[T, ...]:
        """Change what is shared in a guarded commit; nothing is written where nothing changes."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            read = self._shared.load(channel)
            now = self._clock()
            pace, given = change(read.value, now)
            known.pace, known.looked_at = read.value, now
            if pace == read.value:
                return given
            try:
                self._shared.store(channel, Versioned(pace, read.version))
            except StaleError:
                continue
            known.pace = pace
            return given
        raise TransientError(f"the pace of {channel} is contended")

    def _look(self, channel: str, known: _Known, now: datetime) -> None:
        """Look what the others found, unless that was a moment ago."""
        if known.looked_at is not None and now - known.looked_at < LOOK_EVERY:
            return
        try:
            known.pace = self._shared.load(channel, counted=False).value
        except TransientError:
            if known.looked_at is None:
                raise
        known.looked_at = now

    def _of(self, channel: str) -> _Known:
        known = self._known.get(channel)
        if known is None:
            with self._lock:
                known = self._known.setdefault(channel, _Known())
        return known


def _ahead(delivery: Delivery) -> timedelta:
    return ahead(delivery.purpose, waited=delivery.state == "deferred")


def _booked(known: _Known, now: datetime, look_ahead: timedelta) -> _Slot | None:
    """A slot that this process has booked, and that is early enough."""
    held_until = known.pace.held_until or now
    while known.slots and (known.slots[0].usable_until < now or known.slots[0].at < held_until > now):
        known.slots.popleft()
    if known.slots and known.slots[0].at <= now + look_ahead:
        return known.slots.popleft()
    return None
