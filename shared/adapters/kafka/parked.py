"""What was given up: the dead letters' topic, and a quarantine that is a topic too."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from shared.adapters.envelope import DEAD_LETTERS, Envelope, dead_letter
from shared.adapters.kafka.topics import POLL_SECONDS, Settings, Topics, attributes_of, log, make
from shared.adapters.parking import fitting, paged
from shared.domain.errors import TransientError
from shared.domain.ready import ready
from shared.ports import Parked, Place
from shared.ports import Quarantine as QuarantinePort

QUARANTINE = "quarantine"
"""The topic: one partition, a message for each that is parked, and one without a value for each that is forgotten."""

READ_SECONDS = 10.0
"""How long reading to the end of a topic may take without a message."""


class DeadLetters:
    """What a subscription refused too often: taken into quarantine, and published again from there."""

    def __init__(self, settings: Settings, topics: Mapping[str, str]) -> None:
        """Take through the brokers of `settings`; `topics` says which topic each subscription is of."""
        self._settings = settings
        self._origins = topics
        self._publishing = Topics(settings)

    def take_in(self, quarantine: QuarantinePort, *, now: datetime, limit: int = 1000) -> int:
        """Park what waits, tell the group, and say how many.

        Raises:
            TransientError: the brokers or the quarantine did not answer; what was not committed waits on.
        """
        taken = 0
        with _reader(self._settings, DEAD_LETTERS, "kairos-dead-letters") as (consumer, partitions):
            for message in _to_the_end(consumer, partitions):
                quarantine.park(dead_letter(message.value() or b"", attributes_of(message), self._origins, now))
                consumer.commit(message=message, asynchronous=False)
                taken += 1
                if taken == limit:
                    break
        return taken

    def republish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish once more what was parked.

        Raises:
            TransientError: it may not have been accepted.
        """
        self._publishing.publish([Envelope(topic, data, dict(attributes))])


class Quarantine:
    """The port `Quarantine`, on a compacted topic: what is parked can be seen with any client of Kafka."""

    def __init__(self, settings: Settings) -> None:
        """Keep with the brokers of `settings`."""
        self._settings = settings
        self._topics = Topics(settings)
        self._made = False

    def park(self, parked: Parked) -> None:
        """Keep it; the same id again takes the place of what was kept."""
        kept = fitting(parked)
        told = msgspec.structs.replace(kept, data=b"")
        self._write(parked.id, kept.data, msgspec.json.encode(told).decode())

    def list(self, limit: int = 100) -> Sequence[Parked]:
        """What is parked, newest first."""
        return sorted(self._read().values(), key=lambda parked: parked.at, reverse=True)[:limit]

    def page(self, limit: int, after: Place | None = None) -> Sequence[Parked]:
        """What is parked, oldest first; only what comes `after` a place."""
        return paged(self._read().values(), limit, after)

    def get(self, parked_id: str) -> Parked | None:
        """One of them."""
        return self._read().get(parked_id)

    def remove(self, parked: Parked) -> None:
        """Forget it, once redriven, unless it was parked again since: what is put back may come back at once."""
        kept = self.get(parked.id)
        if kept is not None and kept.at == parked.at:
            self._write(parked.id, b"", "")

    def close(self) -> None:
        """Let go of the brokers."""
        self._topics.close()

    def _write(self, parked_id: str, data: bytes, told: str) -> None:
        self._make()
        self._topics.publish([Envelope(QUARANTINE, data, {"message_id": parked_id, "parked": told})])

    def _read(self) -> dict[str, Parked]:
        self._make()
        found: dict[str, Parked] = {}
        with _reader(self._settings, QUARANTINE, "kairos-quarantine", from_the_beginning=True) as (consumer, all_of_it):
            for message in _to_the_end(consumer, all_of_it):
                attributes = attributes_of(message)
                parked_id, told = attributes["message_id"], attributes["parked"]
                if told:
                    parked = msgspec.json.decode(told, type=ready(Parked))
                    found[parked_id] = msgspec.structs.replace(parked, data=message.value() or b"")
                else:
                    found.pop(parked_id, None)
        return found

    def _make(self) -> None:
        if not self._made:
            make(self._settings, [QUARANTINE], partitions=1, config={"cleanup.policy": "compact"})
            self._made = True


@contextmanager
def _reader(
    settings: Settings, topic: str, group: str, *, from_the_beginning: bool = False
) -> Iterator[tuple[Consumer, list[TopicPartition]]]:
    """A reader of all partitions of a topic, which joins no group and so waits for none; what the group has committed
    is where it begins, unless told otherwise.

    Raises:
        TransientError: the brokers did not answer.
    """
    options = {"enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings, **options, "group.id": group}, logger=log)
    try:
        known = consumer.list_topics(topic, timeout=READ_SECONDS).topics[topic].partitions
        partitions = [TopicPartition(topic, number) for number in known]
        if from_the_beginning:
            partitions = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in known]
        consumer.assign(partitions)
        yield consumer, partitions
    except KafkaException as error:
        raise TransientError(f"Kafka: {error}") from error
    finally:
        consumer.close()


def _to_the_end(consumer: Consumer, partitions: Sequence[TopicPartition]) -> Iterator[Message]:
    """Every message of these partitions, until each has no more."""
    left = {each.partition for each in partitions}
    deadline = time.monotonic() + READ_SECONDS
    while left:
        message = consumer.poll(POLL_SECONDS)
        if message is None:
            if time.monotonic() > deadline:
                raise TransientError(f"Kafka: the end of {partitions[0].topic} was not reached")
            continue
        deadline = time.monotonic() + READ_SECONDS
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name
            left.discard(int(message.partition() or 0))
        else:
            raise KafkaException(error)
