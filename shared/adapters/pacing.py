"""The pace of channels as a process keeps it: slots booked for many messages at once, and what the others found, looked
up from time to time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from shared.adapters.known_paces import LOOK_EVERY, Known, KnownPaces, Shared, Slot, Timing
from shared.domain.catalogue import Channel, SendRate
from shared.domain.delivery import Delivery
from shared.domain.errors import TransientError
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
from shared.ports import NotNow, Turn

ASK_AGAIN_AFTER = timedelta(seconds=0.5)
"""After how long slots are asked for again where there were none."""

HELD_WITHOUT_WORD = timedelta(seconds=1)

TELL_AGAIN_AFTER = timedelta(minutes=1)


class Tell(Protocol):
    """Hears what operators want to know: in words, and for machines the channel and what happened to it."""

    def __call__(self, said: str, /, *, channel: str, event: str) -> None:
        """Hear of one event."""


class Pacing:
    """The port `Paces`, over what is shared."""

    def __init__(self, shared: Shared, timing: Timing, tell: Tell) -> None:
        """Keep to what `shared` says; `tell` hears what operators want to know."""
        self._paces = KnownPaces(shared, timing)
        self._clock, self._wait_until, _ = timing
        self._tell = tell

    def turn(self, channel: Channel, delivery: Delivery) -> Turn | NotNow:
        """Whether this message may be sent, and when."""
        known = self._paces.of(channel.id)
        known.waiting.add(threading.get_ident())
        try:
            with known.lock:
                turn = self._turn(channel, known, delivery)
        finally:
            known.waiting.discard(threading.get_ident())
        if isinstance(turn, Turn):
            self._wait_until(turn.at)
        return turn

    def give_back(self, channel: Channel, delivery: Delivery, turn: Turn) -> None:
        """Nothing was sent in this turn."""
        known = self._paces.of(channel.id)
        with known.lock:
            if turn.is_probe:
                now = self._clock()
                self._change(known, lambda pace: unprobed(pace, delivery.delivery_id, now))
            elif turn.usable_until is not None:
                known.slots.appendleft(Slot(turn.at, turn.usable_until))

    def took(self, channel: Channel, delivery: Delivery, turn: Turn) -> None:
        """The provider answered as one that works."""
        known = self._paces.of(channel.id)
        if not (known.failing or turn.is_probe):
            return
        with known.lock:
            known.failing.clear()
            if turn.is_probe:
                self._probed(channel, known, delivery, well=True)

    def failed(self, channel: Channel, delivery: Delivery, turn: Turn, error: TransientError) -> NotNow | None:
        """The provider did not take it this time."""
        known = self._paces.of(channel.id)
        with known.lock:
            now = self._clock()
            if error.retry_after is not None:
                until = now + min(MOST_HELD, max(HELD_WITHOUT_WORD, timedelta(seconds=error.retry_after)))
                self._hold(known, until)
            if turn.is_probe:
                self._probed(channel, known, delivery, well=False)
            elif error.retry_after is None:
                known.failing.add(delivery.delivery_id)
                if len(known.failing) >= channel.breaker.failures:
                    self._open(channel, known, now)
            return self._holds_off(channel, known, delivery, now)

    def _turn(self, channel: Channel, known: Known, delivery: Delivery) -> Turn | NotNow:
        now = self._clock()
        self._paces.look(known, now)
        holds_off = self._holds_off(channel, known, delivery, now)
        if holds_off is not None:
            return holds_off
        if known.pace.failed:
            return self._probe(channel, known, delivery, now)
        rate = channel.rate_limit
        if rate is None:
            return Turn(max(now, known.pace.held_until or now))
        look_ahead = _ahead(delivery)
        lately = known.lately(now)
        slot = known.booked(now, look_ahead)
        if slot is None and known.full_until.get(look_ahead, now) <= now:
            slot = self._book(rate, known, look_ahead, lately // 2)
        if slot is not None:
            return Turn(max(now, slot.at), usable_until=slot.usable_until)
        return NotNow(self._place(rate, known, delivery, now), f"{channel.id} is sent no faster")

    def _book(self, rate: SendRate, known: Known, look_ahead: timedelta, expected: int) -> Slot | None:
        """Book slots for all that wait here or are expected, and some to spare."""

        def change(pace: Pace, now: datetime) -> tuple[Pace, tuple[Slot, ...]]:
            wanted = max(len(known.waiting), expected)
            booked = book(pace, rate, now, wanted, look_ahead)
            if booked is None:
                known.full_until[look_ahead] = max(next_slot(pace, rate, now) - look_ahead, now + ASK_AGAIN_AFTER)
                self._tell_full(known, rate, now)
                return pace, ()
            apart, usable = interval(rate), usable_for(rate)
            until = [max(now, booked.first + n * apart) + usable for n in range(booked.slots)]
            slots = tuple(Slot(booked.first + n * apart, until[n]) for n in range(booked.slots))
            return booked.pace, slots

        slots = self._paces.commit(known, change)
        known.slots.extend(slots[1:])
        return slots[0] if slots else None

    def _place(self, rate: SendRate | None, known: Known, delivery: Delivery, earliest: datetime) -> datetime:
        """When a message that finds no slot tries again: at its place in the queue, of a channel with a rate; where
        none can be had now, soon.
        """
        if rate is None:
            return earliest
        rank = RANKS[delivery.purpose]
        places = known.places.setdefault(rank, deque())
        while places and places[0] < earliest:
            places.popleft()
        if not places:
            with suppress(TransientError):
                places.extend(
                    self._paces.commit(known, lambda pace, now: queued(pace, rate, now, rank, earliest=earliest))
                )
        return places.popleft() if places else earliest + HELD_WITHOUT_WORD

    def _probe(self, channel: Channel, known: Known, delivery: Delivery, now: datetime) -> Turn | NotNow:
        """Where nobody else does, and the time has come, this message finds out whether the provider is back."""
        mine = delivery.delivery_id

        def change(pace: Pace, at: datetime) -> tuple[Pace, tuple[str, ...]]:
            trying = probing(pace, mine, at)
            return (pace, ()) if trying is None else (trying, (mine,))

        if self._paces.commit(known, change):
            said = f"{channel.id}: half open, {mine} tries whether the provider is back"
            self._tell(said, channel=channel.id, event="breaker_half_open")
            return Turn(max(now, known.pace.held_until or now), is_probe=True)
        if not known.pace.failed:
            return self._turn(channel, known, delivery)
        holds_off = self._holds_off(channel, known, delivery, now)
        return holds_off or NotNow(now + HELD_WITHOUT_WORD, f"{channel.id} is tried by another message")

    def _holds_off(self, channel: Channel, known: Known, delivery: Delivery, now: datetime) -> NotNow | None:
        """When to try again where the breaker is open, or a hold is longer than the message may wait."""
        pace = known.pace
        if pace.failed and pace.probe_at is not None and now < pace.probe_at:
            why = f"the provider of {channel.id} fails"
            at = min(pace.probe_at, now + LOOK_EVERY) if pace.probe else pace.probe_at
            return NotNow(self._place(channel.rate_limit, known, delivery, at), why)
        if pace.held_until is not None and pace.held_until > now + _ahead(delivery):
            why = f"{channel.id} is held by {pace.held_by}"
            return NotNow(self._place(channel.rate_limit, known, delivery, pace.held_until), why)
        return None

    def _tell_full(self, known: Known, rate: SendRate, now: datetime) -> None:
        """Let it be heard, once a minute, that messages are deferred."""
        if known.told_full_at is None or now >= known.told_full_at + TELL_AGAIN_AFTER:
            known.told_full_at = now
            said = f"{known.channel}: messages are deferred, since it is sent no faster than {rate}"
            self._tell(said, channel=known.channel, event="rate_limited")

    def _hold(self, known: Known, until: datetime) -> None:
        before = known.pace.held_until
        if before is not None and before >= until - HELD_WITHOUT_WORD:
            return
        self._change(known, lambda pace: held(pace, until, "its provider"))
        said = f"{known.channel}: held by its provider until {until:%H:%M:%S} UTC"
        self._tell(said, channel=known.channel, event="held")

    def _open(self, channel: Channel, known: Known, now: datetime) -> None:
        epoch = known.pace.epoch
        self._change(known, lambda pace: opened(pace, channel.breaker, epoch, now))
        known.failing.clear()
        said = f"{channel.id}: the breaker is open, since {channel.breaker.failures} messages failed in a row"
        self._tell(said, channel=channel.id, event="breaker_open")

    def _probed(self, channel: Channel, known: Known, delivery: Delivery, *, well: bool) -> None:
        now, mine = self._clock(), delivery.delivery_id
        self._change(known, lambda pace: probed(pace, mine, channel.breaker, now, well=well))
        known.failing.clear()
        state, event = ("closed again", "breaker_closed") if well else ("open still", "breaker_open")
        self._tell(f"{channel.id}: the breaker is {state}, as {mine} found", channel=channel.id, event=event)

    def _change(self, known: Known, change: Callable[[Pace], Pace]) -> None:
        """Change what is shared; where that cannot be done now it stays as it is, and who fails next tries again."""
        try:
            self._paces.commit(known, lambda pace, _now: (change(pace), ()))
        except TransientError as error:
            said = f"{known.channel}: its pace could not be written: {error}"
            self._tell(said, channel=known.channel, event="pace_not_written")


def _ahead(delivery: Delivery) -> timedelta:
    return ahead(delivery.purpose, waited=delivery.state == "deferred")
