"""Records of a consumer group: given again until they are accepted, and shared among its members."""

from __future__ import annotations

import threading
import time

import pytest
from confluent_kafka import Producer

from shared.adapters.kafka.records import Records, record_at
from shared.adapters.kafka.topics import make

PATIENCE = 60


@pytest.fixture
def group(broker):
    """Makes members of one group that reads one topic of four partitions; all leave at the end."""
    members, stop = [], threading.Event()
    make(broker, ["t"])

    def join(**options):
        members.append(Records(broker, "g", ["t"], stop, **options))
        return members[-1]

    yield join
    for member in members:
        member.until_closed(lambda: None)


@pytest.fixture
def produce(broker):
    producer = Producer({"bootstrap.servers": broker["bootstrap.servers"]})

    def produce(values, **options):
        for value in values:
            producer.produce("t", value, **options)
        assert producer.flush(PATIENCE) == 0

    return produce


def read(records, count):
    """The next so many records, however they come."""
    given, until = [], time.monotonic() + PATIENCE
    while len(given) < count:
        assert time.monotonic() < until, f"{len(given)} of {count} records came"
        given += records.next()
    return given


def test_a_record_says_where_it_stands_and_what_kind_of_event_it_is(group, produce):
    produce([b"{}"], partition=2, headers={"ce_id": "1", "ce_type": "seen", "trace": "x"})
    [record] = read(group(), 1)
    assert (record.topic, record.partition, record.offset, record.value) == ("t", 2, 0, b"{}")
    assert record.headers == {"ce-id": "1", "ce-type": "seen"}


def test_a_record_can_be_looked_up_by_its_place_for_as_long_as_it_stands_there(broker, produce):
    make(broker, ["t"])
    produce([b"1", b"2"], partition=0)
    assert record_at(broker, "t", 0, 1).value == b"2"
    assert record_at(broker, "t", 0, 2) is None


def test_what_was_given_back_comes_again_and_what_was_accepted_does_not_even_to_the_next(group, produce):
    produce([b"1", b"2", b"3"], partition=0)
    first = group(most=2)
    batch = read(first, 2)
    first.again(batch, 0.01)
    assert [record.value for record in read(first, 2)] == [b"1", b"2"]
    first.accept(batch[:1])
    first.until_closed(lambda: None)

    second = group(most=2)

    assert [record.value for record in read(second, 2)] == [b"2", b"3"]


def test_members_share_the_topic_and_what_one_gave_back_and_left_the_other_takes(group, produce):
    for partition in range(4):  # in each, so that whatever the second is given of them has records
        produce([b"%d" % number for number in range(25 * partition, 25 * partition + 25)], partition=partition)
    taken, first, second = set(), group(most=10), group(most=10)
    shared = threading.Event()

    def refuse_until_shared():
        while not shared.is_set():
            if batch := first.next():
                first.again(batch, 0.2)

    refusing = threading.Thread(target=lambda: first.until_closed(refuse_until_shared))
    refusing.start()
    until = time.monotonic() + PATIENCE
    while len(taken) < 100:
        if time.monotonic() > until:
            shared.set()
            pytest.fail(f"the second was given {len(taken)} of 100 records")
        if batch := second.next():
            taken |= {record.value for record in batch}
            second.accept(batch)
            shared.set()
    refusing.join()

    assert taken == {b"%d" % number for number in range(100)}
