"""The bank on Kafka: the whole chain over its topics, and signals that come from others' topics by the bridge."""

from __future__ import annotations

import json
import os
import signal as signals
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from shared.adapters.intake import HttpIntake
from shared.domain.signal import decision_id
from tests.e2e.platforms import ROOT, Running, run_embedded, signal


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


def produce(bank, topic, values):
    producer = Producer({"bootstrap.servers": bank.platform.endpoints["kafka"]})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def test_a_signal_becomes_a_message_while_providers_fail_and_functions_are_told_again(bank):
    people = bank.newcomers(10)
    with bank.providers(mode="fail", share=0.5):
        decisions = bank.send_at_once([signal(p, "application_abandoned", brand="northmoor") for p in people])
        bank.settle(decisions)

    assert {bank.ended(decision).outcome for decision in decisions} == {"sent"}
    assert [len(messages) for messages in bank.messages(decisions).values()] == [1] * 10


def test_poison_is_parked_in_a_topic(bank):
    bank.platform.bus.publish("signals-received", b"rubbish", {})

    bank.eventually(
        lambda: next((p for p in bank.parked() if p.function == "identity" and p.data == b"rubbish"), None),
        "rubbish in quarantine",
    )


def test_a_bridge_that_is_killed_and_started_again_loses_nothing_and_nothing_is_decided_twice(bank, state):
    people = bank.newcomers(150)
    sent = [signal(person, "application_abandoned", brand="northmoor", source="core") for person in people]
    decisions = [decision_id("core", each["id"]) for each in sent]
    produce(bank, "bank.core", [json.dumps(each) for each in sent])
    produce(bank, "bank.core", [b"no JSON", None])
    bridge = ("--topic", "bank.core=signals", "--batch", "1")

    with bridged(state, *bridge) as first:
        first.stdout.readline()
        assert first.stdout.readline() == "✓ 1 taken in\n"
        first.send_signal(signals.SIGKILL)
        first.wait()
        taken = 1 + first.stdout.read().count("taken in")
    assert taken < 150

    with bridged(state, *bridge) as second:
        bank.settle(decisions)
        parked = bank.eventually(
            lambda: next((p for p in bank.parked() if p.function == "bridge"), None), "no JSON in quarantine"
        )
        bank.eventually(lambda: committed(bank, "bank.core") == 152 or None, "all committed")
        second.send_signal(signals.SIGTERM)
        assert second.wait(30) == 0

    assert {bank.ended(decision).outcome for decision in decisions} == {"sent"}
    assert [len(messages) for messages in bank.messages(decisions).values()] == [1] * 150
    assert parked.data == b"no JSON"
    assert parked.attributes["kafka_topic"] == "bank.core"


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
