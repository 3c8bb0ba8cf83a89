"""Topics and subscriptions in memory: at least once, with back-off and dead letters, and without delay."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.adapters.envelope import DEAD_LETTERS, DELIVERY_COUNT, SOURCE_SUBSCRIPTION, dead_letter, envelope
from shared.messages import Publishable
from shared.ports import Meter, Quarantine

Deliver = Callable[[str, bytes, dict[str, str]], bool]
"""Takes a topic, the bytes and the attributes; True acknowledges, False or an exception asks for redelivery."""

_log = logging.getLogger(__name__)


class _Subscription(NamedTuple):
    name: str
    deliver: Deliver
    max_attempts: int


class _Task(NamedTuple):
    topic: str
    data: bytes
    attributes: Mapping[str, str]
    subscription: _Subscription
    attempt: int


class Bus:
    """Topics, their subscribers and a few threads that deliver."""

    def __init__(
        self,
        *,
        workers: int = 4,
        max_attempts: int = 20,
        minimum_backoff_seconds: float = 0.05,
        maximum_backoff_seconds: float = 10.0,
    ) -> None:
        """Deliver with `workers` threads, started by the first message; give up after `max_attempts`."""
        self._max_attempts = max_attempts
        self._backoff = (minimum_backoff_seconds, maximum_backoff_seconds)
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._subscriptions: dict[str, tuple[_Subscription, ...]] = {}
        self._at_once: dict[str, tuple[_Subscription, ...]] = {}
        self._ready: deque[_Task] = deque()
        self._later: list[tuple[float, int, _Task]] = []
        self._order = itertools.count()
        self._in_flight = 0
        self._closed = False
        self._dead: deque[tuple[bytes, dict[str, str]]] = deque()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)

    def subscribe(
        self, topic: str, deliver: Deliver, *, name: str = "", max_attempts: int | None = None, at_once: bool = False
    ) -> None:
        """Deliver what is published on a topic from now on.

        Args:
            topic: which.
            deliver: who takes it.
            name: what the dead letters call the subscription.
            max_attempts: before it goes to the dead letters.
            at_once: whoever publishes delivers, for a subscriber that takes no time and publishes nothing itself; only
                what it does not take waits for a thread of the bus.
        """
        subscription = _Subscription(name or topic, deliver, max_attempts or self._max_attempts)
        with self._lock:
            kept = self._at_once if at_once else self._subscriptions
            kept[topic] = (*kept.get(topic, ()), subscription)

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Queue a message for every subscriber of the topic; dead letters without a subscriber wait for `take_dead`."""
        if self._closed:
            raise RuntimeError("the bus is closed")
        refused: tuple[_Subscription, ...] = ()
        for each in self._at_once.get(topic, ()):
            if not self._taken(each, topic, data, attributes):
                refused = (*refused, each)
        if refused or topic in self._subscriptions or topic == DEAD_LETTERS:  # else there is nothing to queue
            with self._lock:
                self._publish(topic, data, attributes, refused)

    def take_dead(self, limit: int) -> list[tuple[bytes, dict[str, str]]]:
        """Take waiting dead letters, oldest first."""
        with self._lock:
            return [self._dead.popleft() for _ in range(min(limit, len(self._dead)))]

    def drain(self, timeout: float) -> bool:
        """Wait until nothing is queued, waiting for its next attempt or in flight; False when that takes too long."""
        with self._idle:
            return self._idle.wait_for(lambda: not (self._ready or self._later or self._in_flight), timeout)

    def close(self) -> None:
        """Let what is in flight end, and drop the rest."""
        with self._lock:
            self._closed = True
            self._ready.clear()
            self._later.clear()
            self._work.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        with self._lock:
            self._idle.notify_all()

    def _publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str], refused: Sequence[_Subscription] = ()
    ) -> None:
        """Queue for the topic's subscribers, and for those that did not take it at once. Hold the lock."""
        subscriptions = (*self._subscriptions.get(topic, ()), *refused)
        if topic == DEAD_LETTERS and not subscriptions and topic not in self._at_once:
            self._dead.append((data, dict(attributes)))
        for subscription in subscriptions:
            self._ready.append(_Task(topic, data, attributes, subscription, 1))
            self._work.notify()
        if subscriptions and not self._threads:
            for number in range(self._workers):
                thread = threading.Thread(target=self._deliver_forever, name=f"bus-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _deliver_forever(self) -> None:
        while (task := self._next()) is not None:
            taken = self._taken(task.subscription, task.topic, task.data, task.attributes)
            with self._lock:
                if not taken and not self._closed:
                    self._again(task)
                self._in_flight -= 1
                if not (self._ready or self._later or self._in_flight):
                    self._idle.notify_all()

    @staticmethod
    def _taken(subscription: _Subscription, topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        """Whether a subscriber took a message."""
        try:
            return subscription.deliver(topic, data, dict(attributes))
        except Exception:  # noqa: BLE001 - as with a push, whatever it raises asks for redelivery
            _log.exception("%s raised while taking a message of %s", subscription.name, topic)
            return False

    def _next(self) -> _Task | None:
        """The next message to deliver, once there is one; None once closed."""
        with self._work:
            while not self._closed:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    self._ready.append(heapq.heappop(self._later)[2])
                if self._ready:
                    self._in_flight += 1
                    if len(self._ready) > 1:
                        self._work.notify()
                    return self._ready.popleft()
                self._work.wait(self._later[0][0] - now if self._later else None)
            return None

    def _again(self, task: _Task) -> None:
        if task.attempt >= task.subscription.max_attempts:
            marks = {SOURCE_SUBSCRIPTION: task.subscription.name, DELIVERY_COUNT: str(task.attempt)}
            self._publish(DEAD_LETTERS, task.data, {**task.attributes, **marks})
            return
        minimum, maximum = self._backoff
        due = time.monotonic() + min(maximum, minimum * 2 ** (task.attempt - 1))
        heapq.heappush(self._later, (due, next(self._order), task._replace(attempt=task.attempt + 1)))
        self._work.notify()


class Publisher:
    """The port `Publisher`, onto a bus."""

    def __init__(self, bus: Bus, meter: Meter) -> None:
        """Publish on `bus`, counting on `meter`."""
        self._bus = bus
        self._meter = meter

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Queue the messages."""
        for message in messages:
            sent = envelope(message)
            self._bus.publish(*sent)
            self._meter.add(messages=1, bytes_=sent.size)


class DeadLetters:
    """The bus's dead letters: taken into quarantine, and published again from there."""

    def __init__(self, bus: Bus, topics: Mapping[str, str]) -> None:
        """Take from `bus`; `topics` says which topic each subscription is of."""
        self._bus = bus
        self._topics = topics

    def take_in(self, quarantine: Quarantine, *, now: datetime, limit: int = 1000) -> int:
        """Park what waits, and say how many."""
        letters = self._bus.take_dead(limit)
        for data, attributes in letters:
            quarantine.park(dead_letter(data, attributes, self._topics, now))
        return len(letters)

    def republish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish once more what was parked."""
        self._bus.publish(topic, data, attributes)
