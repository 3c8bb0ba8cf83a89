"""What it costs to keep the pace of a channel: instances that share a limit, in a time of their own making."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from cli.bench.counts import Counts
from cli.bench.results import Result, result
from shared.adapters.known_paces import Timing
from shared.adapters.memory.paces import Paces
from shared.adapters.memory.store import Store
from shared.domain.catalogue import Channel, SendRate
from shared.domain.delivery import Delivery
from shared.ports import NotNow
from shared.runtime.metering import RequestMeter

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
RATES = (SendRate(limit=20, burst=20), SendRate(limit=500, burst=1000))
INSTANCES = (1, 10, 100)
LOADS = (0.8, 2.0)
"""How many messages come, as a part of those that may be sent."""

MOST = 4.0
"""Reads and writes for each message that is sent, places in the queue included, where more come than may be sent."""


class Paced(NamedTuple):
    """What came of a simulation.

    Attributes:
        sent: when each message was sent, in seconds.
        reads, writes: of what is shared, over all messages.
        deferred: how often messages were.
    """

    sent: list[float]
    reads: int
    writes: int
    deferred: int


def simulated(rate: SendRate, instances: int, load: float, seconds: float) -> Paced:
    """Let messages come by chance to instances by chance, and go on until all are sent."""
    chance = random.Random(1)  # noqa: S311 - the same run each time
    now = BEGIN
    store, meter = Store(), RequestMeter()
    timing = Timing(lambda: now, lambda _at: None, lambda _attempt: None)
    pacing = [Paces(store, meter, timing, lambda _said, **_fields: None) for _ in range(instances)]
    channel = Channel(id="c", name="C", direction="outbound", medium="text", price=0.0, rate_limit=rate)
    coming: list[tuple[float, int, Delivery]] = []
    at = 0.0
    while (at := at + chance.expovariate(load * rate.per_second)) < seconds:
        heapq.heappush(coming, (at, len(coming), _delivery(len(coming))))
    sent: list[float] = []
    deferred = 0
    with meter.request():
        while coming:
            at, number, delivery = heapq.heappop(coming)
            now = BEGIN + timedelta(seconds=at)
            turn = chance.choice(pacing).turn(channel, delivery)
            if isinstance(turn, NotNow):
                deferred += 1
                again = max(at, (turn.until - BEGIN).total_seconds()) + chance.random()
                heapq.heappush(coming, (again, number, msgspec.structs.replace(delivery, state="deferred")))
            else:
                sent.append(max(at, (turn.at - BEGIN).total_seconds()))
        spent = meter.spent()
    return Paced(sorted(sent), spent.reads, spent.writes, deferred)


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Reads and writes for each message, for each rate, load and number of instances."""
    results = []
    for rate in RATES:
        for load in LOADS:
            for instances in INSTANCES:
                tell(f"{instances} instances at {load:g} × {rate}")
                paced = simulated(rate, instances, load, counts.pace_seconds)
                each = (paced.reads + paced.writes) / len(paced.sent)
                name = f"delivery.pace.{rate.limit}-{rate.per}.{load:g}x.{instances}"
                results.append(result(name, "reads and writes a message", [each], most=MOST))
    return results


def _delivery(number: int) -> Delivery:
    return Delivery(
        delivery_id=f"v-{number}",
        decision_id=f"d-{number}",
        person_id="p",
        revision="r",
        brand="b",
        issue="i",
        group="g",
        action="a",
        treatment="t",
        channel="c",
        purpose="marketing",
        model="t@c",
        state="reserved",
        at=BEGIN,
    )
