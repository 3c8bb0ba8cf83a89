"""The bank on Kafka: the whole chain over its topics, and signals that come from others' topics by the bridge."""

from __future__ import annotations

import json
import os
import signal as signals
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from emulators.kafka import Broker, settings
from emulators.ports import Ports
from shared.adapters.intake import HttpIntake
from shared.adapters.kafka.records import record_at
from shared.domain.signal import decision_id
from tests.e2e.platforms import PATIENCE_SECONDS, ROOT, Running, run_embedded, signal


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Where the bank says where it is."""
    return tmp_path_factory.mktemp("kafka")


@pytest.fixture(scope="module")
def bank(state) -> Iterator[Running]:
    """The bank, with nothing between its stages but topics of Kafka."""
    yield from run_embedded(state, on_kafka=True)


@contextmanager
def bridged(state, *arguments):
    """`kairos bridge kafka` beside it."""
    environment = {**os.environ, "KAIROS_STATE": str(state)}
    command = [sys.executable, "-m", "cli", "bridge", "kafka", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def produce(brokers, topic, values):
    producer = Producer({"bootstrap.servers": brokers})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def test_signals_become_one_message_each_though_delivery_is_told_again_of_every_one(bank):
    people = bank.newcomers(10)
    with bank.providers(mode="accept_then_timeout", seconds=0.2):
        decisions = bank.send_at_once([signal(p, "application_abandoned", brand="northmoor") for p in people])
        bank.settle(decisions)

    assert {bank.ended(decision).outcome for decision in decisions} == {"sent"}
    assert [[each["attempts"] for each in messages] for messages in bank.messages(decisions).values()] == [[2]] * 10


def test_poison_is_parked_in_a_topic(bank):
    bank.platform.bus.publish("signals-received", b"rubbish", {})

    bank.eventually(
        lambda: next((p for p in bank.parked() if p.function == "identity" and p.data == b"rubbish"), None),
        "rubbish in quarantine",
    )


@pytest.mark.usefixtures("bank")
def test_a_source_that_the_platform_does_not_know_is_said_before_anything_is_read(state, capfd):
    with bridged(state, "--topic", "bank.core=nosuch") as bridge:
        assert bridge.wait(30) == 1
    assert "--topic bank.core=nosuch: no such source" in capfd.readouterr().err


def test_a_bridge_that_is_killed_and_started_again_loses_nothing_and_nothing_is_decided_twice(bank, state):
    people, brokers = bank.newcomers(60), {"bootstrap.servers": bank.platform.endpoints["kafka"]}
    sent = [signal(person, "application_abandoned", brand="northmoor", source="core") for person in people]
    decisions = [decision_id("core", each["id"]) for each in sent]
    produce(bank.platform.endpoints["kafka"], "bank.core", [json.dumps(each) for each in sent])
    produce(bank.platform.endpoints["kafka"], "bank.core", [b"no JSON", None])
    bridge = ("--topic", "bank.core=signals", "--batch", "1")

    with bridged(state, *bridge) as first:
        first.stdout.readline()
        assert first.stdout.readline() == "✓ 1 taken in\n"
        first.send_signal(signals.SIGKILL)
        first.wait()
        taken = 1 + first.stdout.read().count("taken in")
    assert taken < 60

    with bridged(state, *bridge) as second:
        bank.settle(decisions)
        parked = bank.eventually(
            lambda: next((p for p in bank.parked() if p.function == "bridge"), None), "no JSON in quarantine"
        )
        bank.eventually(lambda: committed(bank, "bank.core") == 62 or None, "all committed")
        second.send_signal(signals.SIGTERM)
        assert second.wait(30) == 0

    assert {bank.ended(decision).outcome for decision in decisions} == {"sent"}
    assert [len(messages) for messages in bank.messages(decisions).values()] == [1] * 60
    place = {name: parked.attributes[f"kafka_{name}"] for name in ("topic", "partition", "offset")}
    assert record_at(brokers, place["topic"], int(place["partition"]), int(place["offset"])).value == b"no JSON"


def committed(bank, topic):
    """How many records the bridge's group has dealt with."""
    consumer = Consumer({"bootstrap.servers": bank.platform.endpoints["kafka"], "group.id": "kairos-bridge"})
    partitions = [TopicPartition(topic, number) for number in consumer.list_topics(topic).topics[topic].partitions]
    offsets = [each.offset for each in consumer.committed(partitions, timeout=30)]
    consumer.close()
    return sum(offset for offset in offsets if offset > 0)


def test_the_door_says_of_each_of_many_what_it_says_of_it_alone(bank):
    intake = HttpIntake(bank.platform.endpoints["ingest"], bank.platform.headers["ingest"])
    well = json.dumps({"type": "track", "event": "Seen", "messageId": "m-1", "userId": "C000101"}).encode()
    nobody = json.dumps({"type": "track", "event": "Seen", "messageId": "m-2"}).encode()
    batch = json.dumps({"batch": [json.loads(well)]}).encode()
    items = [well, b"rubbish", nobody, batch, b'{"a": 1},{"a": 2}', b"", b'{"a": "\xff"}', b"[" * 10_000, well]

    together = intake.take("segment", items, {})

    assert together == [intake.take("segment", [item], {})[0] for item in items]
    assert [reason is None for reason in together] == [True, False, False, True, False, False, False, False, True]


@pytest.mark.emulators
def test_the_bridge_as_it_is_deployed_takes_in_and_tells_what_became_of_it(on_emulators, tmp_path):
    from google.cloud.pubsub_v1 import SubscriberClient  # noqa: PLC0415 - slow

    bank, ports = on_emulators, Ports()
    local = bank.platform.local
    with SubscriberClient() as client:
        client.create_subscription(
            name=f"projects/{local.project}/subscriptions/history-to-kafka",
            topic=f"projects/{local.project}/topics/history",
        )
    broker = Broker(ports.take(), tmp_path)
    broker.start()
    environment = {
        **os.environ,
        **local.environment(),
        "KAFKA": json.dumps(settings(broker.address)),
        "KAFKA_SOURCES": json.dumps({"bank.core": "signals"}),
        "KAFKA_HISTORY_TOPIC": "bank.history",
        "INGEST_URL": bank.platform.endpoints["ingest"],
        "INGEST_KEY": bank.platform.headers["ingest"]["x-api-key"],
    }
    [person] = bank.newcomers(1)
    sent = signal(person, "application_abandoned", brand="northmoor", source="core")
    produce(broker.address, "bank.core", [json.dumps(sent), b"no JSON"])
    process = subprocess.Popen([sys.executable, "-m", "workers.bridge.main"], cwd=ROOT, env=environment)
    try:
        rows = told(broker.address, "bank.history", decision_id("core", sent["id"]))
        parked = bank.eventually(
            lambda: next((p for p in bank.parked() if p.function == "bridge"), None), "no JSON in quarantine"
        )
        process.send_signal(signals.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        broker.stop()
        ports.release()

    assert parked.reason.startswith("bank.core partition ")
    assert {row["outcome"] for row in rows} == {"reserved", "sent"}
    assert all("sealed_as" in row["record"] for row in rows if row["kind"] == "decision")


def told(brokers, topic, decision):
    """The rows of a decision on a topic, once it and the end of its delivery are there."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(16)])
    rows = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while {row["kind"] for row in rows} < {"decision", "outcome"}:
        assert time.monotonic() < deadline, rows
        message = consumer.poll(0.2)
        if message is not None and message.error() is None and message.key() == decision.encode():
            assert dict(message.headers())["type"] == b"history.row"
            rows.append(json.loads(message.value()))
    consumer.close()
    return rows
