"""Topics over Kafka."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from shared.adapters.envelope import Envelope
from shared.domain.errors import PermanentError, TransientError

Settings = Mapping[str, str | int | float | bool]
"""How to reach the brokers, by librdkafka's own names: `bootstrap.servers`, `security.protocol`, `sasl.username`, …"""

PUBLISH_TIMEOUT_SECONDS = 8.0
POLL_SECONDS = 0.1
"""How long a look for news may last; stopping takes at most as long."""

PARTITIONS = 4
"""Of a topic that is made here; one that is there already keeps its own number."""

_OF_CONSUMERS = ("auto.offset.", "fetch.", "group.", "heartbeat.", "max.poll.", "session.")

log = logging.getLogger(__name__)


def producing(settings: Settings) -> dict[str, str | int | float | bool]:
    """Settings without those that only a consumer knows, of which others complain."""
    return {name: value for name, value in settings.items() if not name.startswith(_OF_CONSUMERS)}


def make(
    settings: Settings, topics: Iterable[str], *, partitions: int = PARTITIONS, config: Mapping[str, str] | None = None
) -> None:
    """Make topics, but for those that are there.

    Raises:
        TransientError: some may not have been made.
    """
    wanted = [NewTopic(topic, partitions, -1, config=dict(config or {})) for topic in topics]
    admin = AdminClient(producing(settings), logger=log)
    try:
        for future in admin.create_topics(wanted, request_timeout=PUBLISH_TIMEOUT_SECONDS).values():
            try:
                future.result(PUBLISH_TIMEOUT_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
    except (KafkaException, TimeoutError) as error:
        raise TransientError(
            f"Kafka did not make the topics {', '.join(each.topic for each in wanted)}: {error}"
        ) from (error)


class Topics:
    """A producer, made at first use, and the thread that hears what became of each message."""

    def __init__(self, settings: Settings) -> None:
        """Publish through the brokers of `settings`."""
        self._settings = settings
        self._lock = threading.Lock()
        self._producer: Producer | None = None
        self._closed = threading.Event()

    def publish(self, envelopes: Sequence[Envelope]) -> list[Message]:
        """Publish all at once, and return when the brokers have them all: each as it stands in the log.

        Of one decision all goes into one partition.

        Raises:
            PermanentError: one is larger than the brokers take.
            TransientError: some may not have been accepted.
        """
        producer, reports = self._made(), _Reports(len(envelopes))
        try:
            for topic, data, attributes in envelopes:
                producer.produce(
                    topic,
                    data or None,  # compaction takes one without a value for forgotten
                    key=attributes.get("decision_id") or attributes.get("message_id"),
                    headers=list(attributes.items()),
                    on_delivery=reports.take,
                )
        except BufferError as error:
            raise TransientError(f"Kafka is behind: {error}") from error
        except KafkaException as error:
            raise _as_ours(error.args[0]) from error
        reports.wait()
        if reports.errors:
            raise _as_ours(reports.errors[0])
        return reports.messages

    def close(self) -> None:
        """Let what is on its way arrive, and end."""
        self._closed.set()
        with self._lock:
            if self._producer is not None:
                self._producer.flush(PUBLISH_TIMEOUT_SECONDS)

    def _made(self) -> Producer:
        if self._producer is None:
            with self._lock:
                if self._producer is None:
                    producer = Producer(
                        {
                            "acks": "all",
                            "linger.ms": 0,  # whoever publishes waits, and would wait for the batch to fill
                            "delivery.timeout.ms": int(PUBLISH_TIMEOUT_SECONDS * 1000),
                            "partitioner": "murmur2_random",  # a key's partition is that of any other client
                            **producing(self._settings),
                        },
                        logger=log,
                    )
                    threading.Thread(target=self._hear, args=(producer,), name="kafka-reports", daemon=True).start()
                    self._producer = producer
        return self._producer

    def _hear(self, producer: Producer) -> None:
        while not self._closed.is_set():
            producer.poll(POLL_SECONDS)


class _Reports:
    """What became of the messages that one caller waits for."""

    def __init__(self, count: int) -> None:
        self.messages: list[Message] = []
        self.errors: list[KafkaError] = []
        self._left = count
        self._changed = threading.Condition()

    def take(self, error: KafkaError | None, message: Message) -> None:
        with self._changed:
            if error is None:
                self.messages.append(message)
            else:
                self.errors.append(error)
            self._left -= 1
            if not self._left:
                self._changed.notify_all()

    def wait(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._left, PUBLISH_TIMEOUT_SECONDS + 1):
                raise TransientError(f"Kafka said nothing of {self._left} messages")


def _as_ours(error: KafkaError) -> PermanentError | TransientError:
    if error.code() in {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD}:
        return PermanentError(f"Kafka: {error.str()}")
    return TransientError(f"Kafka did not accept all messages: {error.str()}")


def attributes_of(message: Message) -> dict[str, str]:
    """The headers of a message as attributes; of several of one name the last."""
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return {name: _text(value) for name, value in pairs if value is not None}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")
