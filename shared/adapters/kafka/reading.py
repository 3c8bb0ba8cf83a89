"""Reads one topic for one consumer group, in a thread of its own, and commits what is dealt with."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from shared.adapters.kafka.offsets import Offsets
from shared.adapters.kafka.topics import POLL_SECONDS, Settings, log

COMMIT_SECONDS = 0.2
MOST_OPEN = 1000
"""Messages that may be on their way at once, before no more are read."""


class Place(NamedTuple):
    """Where a message stands in a topic, and in which assignment of its partition it was read."""

    assignment: int
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.assignment} {self.partition} {self.offset}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The place that a text names."""
        return cls(*map(int, text.split()))


class Reading:
    """A member of a consumer group, from `start` to `leave`."""

    def __init__(self, settings: Settings, topic: str, group: str, take: Callable[[Message, Place], None]) -> None:
        """Hand each message to `take`, in order within its partition; `end` tells that it is dealt with."""
        self.topic = topic
        self._take = take
        self._consumer = Consumer(
            {"auto.offset.reset": "earliest", **settings, "group.id": group, "enable.auto.commit": False}, logger=log
        )
        self._assignment = 0
        self._partitions: dict[int, Offsets] = {}
        self._reached: defaultdict[int, int] = defaultdict(lambda: -1)
        self._lock = threading.Lock()
        self._joined = threading.Event()
        self._stopping = threading.Event()
        self._consumer.subscribe([topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)
        self._thread = threading.Thread(target=self._read, name=group, daemon=True)

    def start(self) -> None:
        """Join the group and read."""
        self._thread.start()

    def joined(self, timeout: float) -> bool:
        """Wait until the group has said which partitions are ours; False when that takes too long."""
        return self._joined.wait(timeout)

    def end(self, place: Place) -> None:
        """Note that a message is dealt with. Of a partition that was taken away meanwhile it means nothing: whoever
        has it now reads the message again.
        """
        with self._lock:
            offsets = self._partitions.get(place.partition)
            if offsets is not None and offsets.assignment == place.assignment:
                offsets.end(place.offset)
                self._reached[place.partition] = max(self._reached[place.partition], offsets.reached)

    def reached(self, partition: int) -> int:
        """The offset before which all of a partition is dealt with, -1 where nothing is known of it."""
        return self._reached[partition]

    def stop(self) -> None:
        """Begin to read no more; `stopped` waits until it is so."""
        self._stopping.set()

    def stopped(self) -> None:
        """Wait until nothing is read any more."""
        self._thread.join()

    def leave(self) -> None:
        """Commit what was dealt with until now, and leave the group."""
        self._commit(self._partitions)
        self._consumer.close()

    def _read(self) -> None:
        told = time.monotonic()
        while not self._stopping.is_set():
            if self._is_full():
                self._consumer.pause(self._consumer.assignment())
            else:
                self._consumer.resume(self._consumer.assignment())
            message = self._consumer.poll(POLL_SECONDS)
            if message is not None and (error := message.error()) is not None:
                log.warning("%s: %s", self.topic, error.str())
            elif message is not None:
                self._take(message, self._begin(int(message.partition() or 0), int(message.offset() or 0)))
            if time.monotonic() - told > COMMIT_SECONDS:
                self._commit(self._partitions)
                told = time.monotonic()

    def _begin(self, partition: int, offset: int) -> Place:
        with self._lock:
            offsets = self._partitions[partition]
            offsets.begin(offset)
            return Place(offsets.assignment, partition, offset)

    def _is_full(self) -> bool:
        with self._lock:
            return sum(offsets.open for offsets in self._partitions.values()) >= MOST_OPEN

    def _commit(self, partitions: Sequence[int] | dict[int, Offsets]) -> None:
        """Tell the group how far these partitions are dealt with. What it does not hear comes again."""
        with self._lock:
            held = {number: self._partitions[number] for number in partitions if number in self._partitions}
            reached = {number: o.reached for number, o in held.items() if o.reached > o.committed}
        if not reached:
            return
        try:
            self._consumer.commit(
                offsets=[TopicPartition(self.topic, number, offset) for number, offset in reached.items()],
                asynchronous=False,
            )
        except KafkaException as error:
            log.warning("%s: the group was not told how far it is: %s", self.topic, error)
            return
        for number, offset in reached.items():
            held[number].committed = offset

    def _assigned(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        with self._lock:
            self._assignment += 1
            self._partitions |= {each.partition: Offsets(self._assignment) for each in partitions}
        self._joined.set()

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._commit([each.partition for each in partitions])
        self._lost(consumer, partitions)

    def _lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        with self._lock:
            for each in partitions:
                self._partitions.pop(each.partition, None)
