"""The pace of a channel: which message may be sent when, over all instances together (`domain.md` 7).

Slots are moments at which one message may be sent, an interval apart. Who sends books them: some that passed in a quiet
time, as far as the burst goes, or coming ones, as far as its purpose may look ahead. What is to go out first looks
furthest ahead; so where there are too few slots the others find none, and take places in a queue of their own.

A breaker opens after failures, and lets one message at a time try whether the provider is back. What late news says of
a probe that was given up, or of a breaker that has moved on, changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.domain.catalogue import Breaker, SendRate
from shared.domain.instant import Instant
from shared.domain.part import seconds

RANKS: dict[str, int] = {"regulatory": 0, "service": 1, "targeted_support": 1, "marketing": 2}
"""What goes out first where not everything can: the lower the earlier."""

_AHEAD_SECONDS = (9.0, 5.0, 1.0)
_AHEAD_AGAIN_SECONDS = 2.0

SPARED = 4
"""Of the slots that passed and are free, one in so many is booked along for messages to come."""

MOST_PLACES = 50
MOST_PAUSE = timedelta(minutes=10)
MOST_HELD = timedelta(hours=1)
"""For so long at most a provider's word holds a channel; then it is asked again."""

PROBE_LEASE = timedelta(seconds=40)
"""How long a probe may take: longer than a message waits for its slot, and its provider may take, together."""


class Pace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all instances share of one channel.

    Attributes:
        booked_until: the next slot that is free.
        queued_until: by rank, the next place in the queue that is free.
        held_until: before it the provider, or an operator, wants nothing sent.
        held_by: who does.
        epoch: how often the breaker opened or closed.
        failed: since it opened, how often it was found that the provider fails; 0 where it is closed.
        probe_at: of an open breaker, when the next message may try.
        probe: the delivery that tries.
    """

    booked_until: Instant | None = None
    queued_until: dict[str, Instant] = {}
    held_until: Instant | None = None
    held_by: str = ""
    epoch: int = 0
    failed: int = 0
    probe_at: Instant | None = None
    probe: str = ""


class Booked(NamedTuple):
    """Slots that were booked: the first, how many, and how many of them are to spare for messages to come."""

    pace: Pace
    first: datetime
    slots: int
    spare: int


def ahead(purpose: str, *, waited: bool) -> timedelta:
    """How far ahead a message may book; one that has waited in the queue further than one that comes first."""
    return timedelta(seconds=_AHEAD_SECONDS[RANKS[purpose]] + (_AHEAD_AGAIN_SECONDS if waited else 0))


def interval(rate: SendRate) -> timedelta:
    """How far slots are apart."""
    return timedelta(seconds=1 / rate.per_second)


def in_bucket(rate: SendRate) -> float:
    """How many slots of a quiet time may be booked at once. The other half of the burst is for slots that are booked
    and used a little later.
    """
    return max(1.0, rate.at_once / 2)


def usable_for(rate: SendRate) -> timedelta:
    """For how long a slot to spare may be used."""
    return (rate.at_once - in_bucket(rate)) * interval(rate)


def next_slot(pace: Pace, rate: SendRate, now: datetime) -> datetime:
    """The first slot that is free."""
    oldest = now - (in_bucket(rate) - 1) * interval(rate)
    free = [at for at in (oldest, pace.booked_until, pace.held_until) if at is not None]
    return max(free)


def book(pace: Pace, rate: SendRate, now: datetime, wanted: int, look_ahead: timedelta) -> Booked | None:
    """Book slots, as many of those wanted as there are until `look_ahead` from now; None where there is none.

    Args:
        pace: as it stands.
        rate: of the channel.
        now: UTC.
        wanted: at least one.
        look_ahead: how far from now the last may be.
    """
    first, apart = next_slot(pace, rate, now), interval(rate)
    until = now + look_ahead
    if first > until:
        return None
    count = min(wanted, (until - first) // apart + 1)
    after = first + count * apart
    spare = 0
    if usable_for(rate) and after <= now:
        spare = ((now - after) // apart + 1) // SPARED
    booked = msgspec.structs.replace(pace, booked_until=after + spare * apart)
    return Booked(booked, first, count + spare, spare)


def queued(
    pace: Pace, rate: SendRate, now: datetime, rank: int, *, earliest: datetime
) -> tuple[Pace, tuple[datetime, ...]]:
    """Take places in the queue, a quarter of a second's worth: behind what is queued of this rank and those before.

    Args:
        pace: as it stands.
        rate: of the channel.
        now: UTC.
        rank: of the messages' purpose.
        earliest: before it nothing can be sent.
    """
    apart = interval(rate)
    taken = [at for of, at in pace.queued_until.items() if int(of) <= rank]
    first = max([earliest, now + apart, *taken])
    count = max(1, min(MOST_PLACES, round(rate.per_second / 4)))
    kept = {of: at for of, at in pace.queued_until.items() if at > now}
    after = {**kept, str(rank): first + count * apart}
    return msgspec.structs.replace(pace, queued_until=after), tuple(first + n * apart for n in range(count))


def held(pace: Pace, until: datetime, by: str) -> Pace:
    """Nothing is sent before `until`; who wants it longer prevails."""
    if pace.held_until is not None and until <= pace.held_until:
        return pace
    return msgspec.structs.replace(pace, held_until=until, held_by=by)


def opened(pace: Pace, breaker: Breaker, epoch: int, now: datetime) -> Pace:
    """The breaker opens, unless it has moved on since the `epoch` in which failures were seen."""
    if pace.failed or pace.epoch != epoch:
        return pace
    at = now + pause(breaker, 1)
    return msgspec.structs.replace(pace, epoch=pace.epoch + 1, failed=1, probe_at=at, probe="")


def probing(pace: Pace, delivery_id: str, now: datetime) -> Pace | None:
    """A message tries whether the provider is back; None where it may not. One that dies while trying is given up in
    time.
    """
    if not pace.failed or (pace.probe_at is not None and now < pace.probe_at):
        return None
    return msgspec.structs.replace(pace, probe=delivery_id, probe_at=now + PROBE_LEASE)


def probed(pace: Pace, delivery_id: str, breaker: Breaker, now: datetime, *, well: bool) -> Pace:
    """What came of a probe: the breaker closes, or waits longer. Of one that was given up nothing does."""
    if not pace.failed or pace.probe != delivery_id:
        return pace
    if well:
        return msgspec.structs.replace(pace, epoch=pace.epoch + 1, failed=0, probe_at=None, probe="")
    failed = pace.failed + 1
    return msgspec.structs.replace(pace, failed=failed, probe_at=now + pause(breaker, failed), probe="")


def unprobed(pace: Pace, delivery_id: str, now: datetime) -> Pace:
    """A probe that never got to ask the provider: another may at once."""
    if not pace.failed or pace.probe != delivery_id:
        return pace
    return msgspec.structs.replace(pace, probe_at=now, probe="")


def pause(breaker: Breaker, failed: int) -> timedelta:
    """How long nothing is sent after so many findings that the provider fails."""
    first = timedelta(seconds=seconds(breaker.pause))
    longer: timedelta = first * (1 << min(failed - 1, 16))
    return max(first, min(MOST_PAUSE, longer))
