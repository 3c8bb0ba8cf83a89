"""A bus over Kafka: each subscription is a consumer group, and what this process takes is delivered as in memory.

A partition is read in order, and its messages are delivered side by side: one that is refused waits for its next
attempt while those after it go on. The group is told only how far everything is dealt with, so a process that dies
leaves no gap, and what it had dealt with beyond one that still waited comes again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from confluent_kafka import Message

from shared.adapters.envelope import DEAD_LETTERS, SOURCE_SUBSCRIPTION, Envelope, envelope
from shared.adapters.kafka.reading import Place, Reading
from shared.adapters.kafka.topics import Settings, Topics, attributes_of, make
from shared.adapters.memory.bus import Bus as Deliveries
from shared.adapters.memory.bus import Deliver
from shared.messages import Publishable
from shared.ports import Meter

_PLACE = "kafka-place"
"""The attribute that carries a message's place in the log through this process."""

_NEVER = 1_000_000_000


class Bus:
    """Topics, their subscribers, and the threads that read for them and deliver."""

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int = 4,
        max_attempts: int = 20,
        minimum_backoff_seconds: float = 0.05,
        maximum_backoff_seconds: float = 10.0,
    ) -> None:
        """Read from the brokers of `settings` and deliver with `workers` threads; give up after `max_attempts`."""
        self.topics = Topics(settings)
        self._settings = settings
        self._max_attempts = max_attempts
        self._deliveries = Deliveries(
            workers=workers,
            minimum_backoff_seconds=minimum_backoff_seconds,
            maximum_backoff_seconds=maximum_backoff_seconds,
        )
        self._deliveries.subscribe(DEAD_LETTERS, self._give_up, name="given-up", max_attempts=_NEVER)
        self._readings: dict[str, Reading] = {}
        self._published: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._closed = False

    def subscribe(
        self,
        topic: str,
        deliver: Deliver,
        *,
        name: str = "",
        max_attempts: int | None = None,
        at_once: bool = False,  # noqa: ARG002 - there is always a broker in between
    ) -> None:
        """Deliver what is published on a topic, from where the group of this name has come to, else from its beginning.

        Args:
            topic: which; made if it is not there.
            deliver: who takes it.
            name: of the consumer group, without `kairos-`, and what the dead letters call the subscription.
            max_attempts: before it goes to the dead letters.
            at_once: of no effect here.

        Raises:
            ValueError: there is a subscription of this name.
            TransientError: the topic may not be there.
        """
        name = name or topic
        if name in self._readings:
            raise ValueError(f"{name} is subscribed already")

        def take(_name: str, data: bytes, attributes: dict[str, str]) -> bool:
            place = attributes.pop(_PLACE)
            if not deliver(topic, data, attributes):
                return False
            self._dealt_with(name, place)
            return True

        make(self._settings, [topic, DEAD_LETTERS])
        self._deliveries.subscribe(name, take, name=name, max_attempts=max_attempts or self._max_attempts)
        reading = self._readings[name] = Reading(
            self._settings, topic, f"kairos-{name}", lambda message, place: self._deliver(name, message, place)
        )
        reading.start()

    def joined(self, timeout: float) -> bool:
        """Wait until every group has let us in; False when that takes too long for one of them."""
        return all(reading.joined(timeout) for reading in self._readings.values())

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish one message.

        Raises:
            RuntimeError: the bus is closed.
            TransientError: it may not have been accepted.
        """
        self.publish_all([Envelope(topic, data, dict(attributes))])

    def publish_all(self, envelopes: Sequence[Envelope]) -> None:
        """Publish several at once, likewise."""
        if self._closed:
            raise RuntimeError("the bus is closed")
        for message in self.topics.publish(envelopes):
            where = str(message.topic()), int(message.partition() or 0)
            with self._lock:
                self._published[where] = max(self._published.get(where, -1), int(message.offset() or 0))

    def drain(self, timeout: float) -> bool:
        """Wait until every subscriber has dealt with all that was published here; False when that takes too long."""
        with self._changed:
            return self._changed.wait_for(self._idle, timeout)

    def close(self) -> None:
        """Let what is being delivered end, tell the groups how far they have come, and leave them."""
        self._closed = True
        for reading in self._readings.values():
            reading.stop()
        for reading in self._readings.values():
            reading.stopped()
        self._deliveries.close()
        for reading in self._readings.values():
            reading.leave()
        self.topics.close()

    def _deliver(self, name: str, message: Message, place: Place) -> None:
        attributes = {**attributes_of(message), _PLACE: str(place)}
        self._deliveries.publish(name, message.value() or b"", attributes)

    def _give_up(self, _topic: str, data: bytes, attributes: dict[str, str]) -> bool:
        place, name = attributes.pop(_PLACE), attributes[SOURCE_SUBSCRIPTION]
        self.topics.publish([Envelope(DEAD_LETTERS, data, attributes)])
        self._dealt_with(name, place)
        return True

    def _dealt_with(self, name: str, place: str) -> None:
        self._readings[name].end(Place.read(place))
        with self._changed:
            self._changed.notify_all()

    def _idle(self) -> bool:
        return all(
            reading.reached(partition) > offset
            for reading in self._readings.values()
            for (topic, partition), offset in self._published.items()
            if topic == reading.topic
        )


class Publisher:
    """The port `Publisher`: each message goes to the topic it names, with its type, ids and trace as headers."""

    def __init__(self, bus: Bus, meter: Meter) -> None:
        """Publish on `bus`, counting on `meter`."""
        self._bus = bus
        self._meter = meter

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Publish, and return once all are accepted."""
        envelopes = [envelope(message) for message in messages]
        self._bus.publish_all(envelopes)
        self._meter.add(messages=len(envelopes), bytes_=sum(each.size for each in envelopes))
