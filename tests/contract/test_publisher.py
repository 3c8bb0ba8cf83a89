"""Publishing, and what was refused too often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from shared.adapters import kafka, memory
from shared.adapters.envelope import envelope
from shared.domain.errors import PermanentError, TransientError
from shared.domain.usage import Usage
from shared.messages import SignalReceived
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import NOW, PATIENCE_SECONDS, Counted, received, row

SUBSCRIPTION = "identity"
TOPIC = SignalReceived.topic


@dataclass
class Messaging:
    """A publisher, its dead letters, and a look at what arrives."""

    publisher: Any
    dead_letters: Any
    meter: Counted
    arrived: Callable[[int], list[tuple[bytes, dict[str, str]]]]
    refuse: Callable[[], None]
    accept: Callable[[], None]


@pytest.fixture(params=["memory", "kafka", pytest.param("pubsub", marks=ON_EMULATORS)])
def messaging(request: pytest.FixtureRequest, project: str) -> Iterator[Messaging]:
    origins, meter = {SUBSCRIPTION: TOPIC}, Counted()
    if request.param == "memory":
        bus = memory.Bus(minimum_backoff_seconds=0.001, max_attempts=5)
        yield from on_a_bus(bus, memory.Publisher(bus, meter), memory.DeadLetters(bus, origins), meter)
    elif request.param == "kafka":
        settings = request.getfixturevalue("broker")
        bus = kafka.Bus(settings, minimum_backoff_seconds=0.001, max_attempts=5)
        publisher = kafka.Publisher(bus, meter)
        yield from on_a_bus(bus, publisher, kafka.DeadLetters(settings, origins), meter)
    else:
        request.getfixturevalue("emulators")
        yield from on_pubsub(project)


def on_a_bus(bus: Any, publisher: Any, dead_letters: Any, meter: Counted) -> Iterator[Messaging]:
    arrived: list[tuple[bytes, dict[str, str]]] = []
    refusing: list[bool] = []
    changed = threading.Condition()

    def deliver(topic: str, data: bytes, attributes: dict[str, str]) -> bool:
        assert topic == TOPIC
        if refusing:
            return False
        with changed:
            arrived.append((data, attributes))
            changed.notify_all()
        return True

    def wait(count: int) -> list[tuple[bytes, dict[str, str]]]:
        with changed:
            assert changed.wait_for(lambda: len(arrived) >= count, PATIENCE_SECONDS)
        return arrived

    def refuse() -> None:
        refusing.append(True)

    bus.subscribe(TOPIC, deliver, name=SUBSCRIPTION)
    yield Messaging(publisher, dead_letters, meter, wait, refuse, refusing.clear)
    bus.close()


def on_pubsub(project: str) -> Iterator[Messaging]:
    from google.api_core.exceptions import DeadlineExceeded  # noqa: PLC0415 - slow, and not always there
    from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient  # noqa: PLC0415

    from shared.adapters import pubsub  # noqa: PLC0415

    publisher, subscriber, meter = PublisherClient(), SubscriberClient(), Counted()
    for topic in (TOPIC, "history", "dead-letters"):
        publisher.create_topic(name=f"projects/{project}/topics/{topic}")
    source, dead = (f"projects/{project}/subscriptions/{name}" for name in (SUBSCRIPTION, "dead-letters"))
    subscriber.create_subscription(
        request={
            "name": source,
            "topic": f"projects/{project}/topics/{TOPIC}",
            "dead_letter_policy": {
                "dead_letter_topic": f"projects/{project}/topics/dead-letters",
                "max_delivery_attempts": 5,
            },
        }
    )
    subscriber.create_subscription(name=dead, topic=f"projects/{project}/topics/dead-letters")

    def pull():
        try:
            return subscriber.pull(subscription=source, max_messages=100, timeout=0.5, retry=None).received_messages
        except DeadlineExceeded:
            return []

    def wait(count: int) -> list[tuple[bytes, dict[str, str]]]:
        arrived = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(arrived) < count and time.monotonic() < deadline:
            messages = pull()
            arrived += [(m.message.data, dict(m.message.attributes)) for m in messages]
            if messages:
                subscriber.acknowledge(subscription=source, ack_ids=[m.ack_id for m in messages])
        return arrived

    def refuse() -> None:
        for message in pull():
            subscriber.modify_ack_deadline(subscription=source, ack_ids=[message.ack_id], ack_deadline_seconds=0)

    dead_letters = pubsub.DeadLetters(project, {SUBSCRIPTION: TOPIC})
    yield Messaging(pubsub.Publisher(project, meter), dead_letters, meter, wait, refuse, lambda: None)
    publisher.stop()
    subscriber.close()


def test_a_message_arrives_whole(messaging):
    messaging.publisher.publish([received()])
    ((data, attributes),) = messaging.arrived(1)
    assert msgspec.json.decode(data, type=SignalReceived) == received()
    assert attributes == {
        "type": "signal.received",
        "message_id": "d-1:signal.received",
        "decision_id": "d-1",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }


def test_all_of_many_arrive(messaging):
    sent = [received(number) for number in range(50)]
    messaging.publisher.publish(sent)
    arrived = messaging.arrived(50)
    ids = {msgspec.json.decode(data, type=SignalReceived).message_id for data, _ in arrived}
    assert ids == {message.message_id for message in sent}


def test_nothing_to_publish_is_no_mistake(messaging):
    messaging.publisher.publish([])
    assert messaging.meter.total == Usage()


def test_messages_and_bytes_are_counted(messaging):
    messaging.publisher.publish([received(), row()])
    assert messaging.meter.total == Usage(messages=2, bytes=envelope(received()).size + envelope(row()).size)


def test_what_is_refused_too_often_is_taken_into_quarantine_and_published_again(messaging):
    quarantine = memory.Quarantine(memory.Store())
    messaging.refuse()
    messaging.publisher.publish([received()])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not quarantine.list() and time.monotonic() < deadline:
        messaging.refuse()
        messaging.dead_letters.take_in(quarantine, now=NOW)
    (parked,) = quarantine.list()
    assert (parked.function, parked.topic, parked.kind) == (SUBSCRIPTION, TOPIC, "dead_letter")
    assert parked.data == envelope(received()).data
    assert parked.attributes == envelope(received()).attributes
    assert "after 5 attempts" in parked.reason
    assert messaging.dead_letters.take_in(quarantine, now=NOW) == 0
    assert len(quarantine.list()) == 1

    messaging.accept()
    messaging.dead_letters.republish(parked.topic, parked.data, parked.attributes)

    assert messaging.arrived(1) == [(envelope(received()).data, envelope(received()).attributes)]


def test_rows_say_what_they_are():
    assert envelope(row()) == (
        "history",
        msgspec.json.encode(row()),
        {"type": "history.row", "message_id": "r-1", "decision_id": "d-1"},
    )


@ON_EMULATORS
def test_a_topic_that_is_not_there_yet_is_worth_another_try(emulators, project):
    from shared.adapters import pubsub  # noqa: PLC0415

    with pytest.raises(TransientError):
        pubsub.Publisher(project, Counted()).publish([received()])


@ON_EMULATORS
def test_a_message_that_no_topic_takes_is_refused_for_good(emulators, project):
    from shared.adapters import pubsub  # noqa: PLC0415

    meter = Counted()
    with pytest.raises(PermanentError):
        pubsub.Publisher(project, meter).publish([row(record="x" * 11_000_000)])
    assert meter.total == Usage()


@ON_EMULATORS
def test_when_pubsub_is_away_the_answer_comes_in_time(emulators, project, monkeypatch):
    from shared.adapters import pubsub  # noqa: PLC0415

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr(pubsub, "PUBLISH_TIMEOUT_SECONDS", 1.0)
    started = time.monotonic()
    with pytest.raises(TransientError):
        pubsub.Publisher(project, Counted()).publish([received()])
    assert time.monotonic() - started < PATIENCE_SECONDS
