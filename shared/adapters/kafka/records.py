"""Topics that others write, read for a consumer group, and a topic that we write for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from shared.adapters.envelope import Envelope
from shared.adapters.kafka.topics import POLL_SECONDS, Settings, Topics, attributes_of, log
from shared.domain.errors import TransientError
from shared.ports import Record, Row

MOST_AT_ONCE = 500
LOOK_SECONDS = 10.0
_CLOUDEVENT = "ce_"
"""How Kafka's binding of CloudEvents begins the name of an attribute; HTTP's has a dash."""


class Records:
    """The port `Records`, as a member of a consumer group from its making to `close`."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        topics: Sequence[str],
        stop: threading.Event,
        *,
        most: int = MOST_AT_ONCE,
    ) -> None:
        """Join a group that reads topics, at most so many records at once. `stop` ends every wait.

        A group that is new begins with what is there, unless the settings say otherwise by `auto.offset.reset`.
        """
        self._consumer = Consumer(
            {"auto.offset.reset": "earliest", **settings, "group.id": group, "enable.auto.commit": False}, logger=log
        )
        self._stop = stop
        self._most = most
        self._consumer.subscribe(list(topics))

    def until_closed(self, loop: Callable[[], None]) -> None:
        """Run a loop over the records, and leave the group when it ends, however it ends."""
        try:
            loop()
        finally:
            self._consumer.close()

    def next(self) -> Sequence[Record]:
        """What comes next; none where nothing came for a moment.

        Raises:
            TransientError: the brokers refuse us for good.
        """
        first = self._consumer.poll(POLL_SECONDS)
        if first is None:
            return ()
        more = self._consumer.consume(self._most - 1, 0) if self._most > 1 else []
        return [_record(message) for message in (first, *more) if not _is_error(message)]

    def accept(self, records: Sequence[Record]) -> None:
        """Let the group know that these are dealt with; where it was given to another meanwhile, they come again."""
        last = {(each.topic, each.partition): each.offset for each in records}
        offsets = [TopicPartition(topic, partition, offset + 1) for (topic, partition), offset in last.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            log.warning("the group was not told of %d records, which come again: %s", len(records), error)

    def again(self, records: Sequence[Record], pause_seconds: float) -> None:
        """Go back to the first of them in each partition, and stay a member without reading for a while."""
        for each in reversed(records):
            self._go_back(each.topic, each.partition, each.offset)
        until = time.monotonic() + pause_seconds
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            self._consumer.pause(self._consumer.assignment())
            message = self._consumer.poll(min(left, POLL_SECONDS))
            if message is not None and not _is_error(message):  # of a partition that came to us just now
                record = _record(message)
                self._go_back(record.topic, record.partition, record.offset)
        self._consumer.resume(self._consumer.assignment())

    def _go_back(self, topic: str, partition: int, offset: int) -> None:
        try:
            self._consumer.seek(TopicPartition(topic, partition, offset))
        except KafkaException as error:
            log.warning("%s %d: is read by another now: %s", topic, partition, error)


def record_at(settings: Settings, topic: str, partition: int, offset: int) -> Record | None:
    """The record that stands at a place, None where it stands no more.

    Raises:
        TransientError: the brokers did not answer.
    """
    options = {"group.id": "kairos-look", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**settings, **options, "auto.offset.reset": "earliest"}, logger=log)
    try:
        consumer.assign([TopicPartition(topic, partition, offset)])
        message = consumer.poll(LOOK_SECONDS)
    except KafkaException as error:
        raise TransientError(f"Kafka: {error}") from error
    finally:
        consumer.close()
    if message is None:
        raise TransientError(f"Kafka did not say what stands in {topic} {partition} at {offset}")
    if message.error() is not None or message.offset() != offset:
        return None
    return _record(message)


class Outlet:
    """The port `Outlet`, on a topic: each row as JSON, keyed by its decision, with its type among the headers."""

    def __init__(self, topics: Topics, topic: str) -> None:
        """Append to a topic."""
        self._topics = topics
        self._topic = topic

    def tell(self, rows: Sequence[Row]) -> None:
        """Append rows, and return once the brokers have them."""
        self._topics.publish([Envelope(self._topic, row.data, dict(row.attributes)) for row in rows])


def _is_error(message: Message) -> bool:
    """Whether it is no message but news of trouble.

    Raises:
        TransientError: trouble that does not pass.
    """
    error = message.error()
    if error is None:
        return False
    if error.fatal():
        raise TransientError(f"Kafka: {error.str()}")
    log.warning("%s", error.str())
    return True


def _record(message: Message) -> Record:
    headers = {
        f"ce-{name.removeprefix(_CLOUDEVENT)}": value
        for name, value in attributes_of(message).items()
        if name.startswith(_CLOUDEVENT)
    }
    return Record(
        topic=str(message.topic()),
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        written_ms=message.timestamp()[1],
        value=message.value(),
        headers=headers,
    )
