"""Buses, in memory and over Kafka: delivery at least once."""

from __future__ import annotations

import threading

import pytest

from shared.adapters import kafka, memory
from shared.adapters.memory import Bus
from tests.contract.samples import NOW

PATIENCE = 30


@pytest.fixture(params=["memory", "kafka"])
def new_bus(request):
    """Makes buses, each closed at the end; and takes what is dead on the last one into quarantine."""
    made = []
    settings = request.getfixturevalue("broker") if request.param == "kafka" else None

    def make(**options):
        made.append(kafka.Bus(settings, **options) if settings else Bus(**options))
        return made[-1]

    def dead():
        quarantine = memory.Quarantine(memory.Store())
        letters = kafka.DeadLetters(settings, {}) if settings else memory.DeadLetters(made[-1], {})
        letters.take_in(quarantine, now=NOW)
        return quarantine.list()

    make.dead = dead
    yield make
    for bus in made:
        bus.close()


@pytest.fixture
def bus(new_bus):
    return new_bus(workers=4, max_attempts=4, minimum_backoff_seconds=0.002)


@pytest.fixture
def dead(new_bus):
    return new_bus.dead


@pytest.fixture
def in_memory():
    bus = Bus(minimum_backoff_seconds=0.002)
    yield bus
    bus.close()


def test_every_subscriber_gets_every_message(bus):
    got = []
    bus.subscribe("t", lambda *m: got.append(("a", *m)) or True, name="a")
    bus.subscribe("t", lambda *m: got.append(("b", *m)) or True, name="b")
    bus.publish("t", b"1", {"k": "v"})
    bus.publish("nobody-listens", b"2", {})
    assert bus.drain(PATIENCE)
    assert sorted(got) == [("a", "t", b"1", {"k": "v"}), ("b", "t", b"1", {"k": "v"})]


def test_a_refused_message_comes_again_and_so_does_one_that_raises(bus, dead):
    attempts, refusals = [], [lambda: False, lambda: 1 / 0]

    def deliver(*message):
        attempts.append(message)
        return True if len(attempts) == 3 else refusals[len(attempts) - 1]()

    bus.subscribe("t", deliver)
    bus.publish("t", b"1", {})
    assert bus.drain(PATIENCE)
    assert attempts == [("t", b"1", {})] * 3
    assert dead() == []


def test_a_refused_message_waits_for_its_next_attempt_while_others_arrive(new_bus):
    patient = new_bus(workers=1, minimum_backoff_seconds=3600, maximum_backoff_seconds=3600)
    attempts, taken = [], threading.Event()

    def deliver(_topic, data, _attributes):
        attempts.append(data)
        return data != b"refused" and (taken.set() or True)

    patient.subscribe("t", deliver)
    patient.publish("t", b"refused", {"decision_id": "d-1"})
    patient.publish("t", b"taken", {"decision_id": "d-1"})

    assert taken.wait(PATIENCE)
    assert not patient.drain(0.02)  # the refused one is still to come
    patient.close()
    assert attempts == [b"refused", b"taken"]


def test_a_message_refused_to_the_end_is_a_dead_letter(bus, dead):
    attempts = []
    bus.subscribe("t", lambda *m: attempts.append(m), name="reader", max_attempts=2)
    bus.publish("t", b"1", {"k": "v"})
    assert bus.drain(PATIENCE)
    assert len(attempts) == 2
    (letter,) = dead()
    assert (letter.function, letter.data, letter.attributes) == ("reader", b"1", {"k": "v"})
    assert "after 2 attempts" in letter.reason
    assert dead() == []


def test_poison_holds_up_nobody(bus, dead):
    got = []
    bus.subscribe("t", lambda _topic, data, _attributes: b"poison" not in data and (got.append(data) or True))
    for number in range(100):
        bus.publish("t", b"poison %d" % number if number % 10 == 0 else b"%d" % number, {})
    assert bus.drain(PATIENCE)
    assert len(got) == 90
    assert len(dead()) == 10


def test_attributes_are_not_shared(in_memory):
    bus = in_memory
    seen = []
    bus.subscribe("t", lambda _t, _d, attributes: seen.append(attributes.pop("k", None)) or len(seen) == 2)
    bus.publish("t", b"1", {"k": "v"})
    assert bus.drain(PATIENCE)
    assert seen == ["v", "v"]


def test_a_chain_drains_as_a_whole(bus):
    got, arrived, go_on = [], threading.Event(), threading.Event()
    bus.subscribe("one", lambda _t, data, a: bus.publish("two", data, a) or True)
    bus.subscribe("two", lambda _t, data, a: bus.publish("three", data, a) or True)
    bus.subscribe("three", lambda _t, data, _a: arrived.set() or (go_on.wait(PATIENCE) and (got.append(data) or True)))
    for number in range(20):
        bus.publish("one", b"%d" % number, {})
    assert arrived.wait(PATIENCE)
    assert not bus.drain(0)  # the last step is under way
    go_on.set()
    assert bus.drain(PATIENCE)
    assert sorted(got) == sorted(b"%d" % number for number in range(20))


def test_drain_says_when_it_took_too_long(in_memory):
    bus = in_memory
    go_on = threading.Event()
    bus.subscribe("t", lambda *_: go_on.wait(PATIENCE))
    bus.publish("t", b"1", {})
    assert not bus.drain(0.02)
    go_on.set()
    assert bus.drain(PATIENCE)


def test_workers_work_side_by_side(in_memory):
    bus = in_memory
    together = threading.Barrier(4, timeout=PATIENCE)
    bus.subscribe("t", lambda *_: together.wait() >= 0)
    for _ in range(4):
        bus.publish("t", b"", {})
    assert bus.drain(PATIENCE)


def test_a_closed_bus_takes_nothing(bus):
    bus.close()
    with pytest.raises(RuntimeError):
        bus.publish("t", b"1", {})
    bus.close()


def test_a_message_wakes_who_waits_at_each_of_seven_hops(in_memory):
    bus = in_memory
    arrived = threading.Event()
    for hop in range(7):
        bus.subscribe(f"t{hop}", lambda _t, data, a, hop=hop: bus.publish(f"t{hop + 1}", data, a) or True)
    bus.subscribe("t7", lambda *_: arrived.set() or True)
    for _ in range(50):
        arrived.clear()
        bus.publish("t0", b"", {})
        assert arrived.wait(5)


def test_who_takes_at_once_has_it_when_it_is_published_and_is_asked_again_when_it_refuses():
    bus, took = Bus(minimum_backoff_seconds=0.001), []

    def deliver(_topic, data, _attributes):
        took.append((data, threading.current_thread()))
        return len(took) != 2

    bus.subscribe("t", deliver, at_once=True)
    try:
        bus.publish("t", b"one", {})
        assert took == [(b"one", threading.current_thread())]

        bus.publish("t", b"two", {})
        assert bus.drain(PATIENCE)
        assert [data for data, _ in took] == [b"one", b"two", b"two"]
    finally:
        bus.close()


def test_what_a_bus_left_open_the_next_one_takes_and_nothing_else(broker):
    took, arrived = [], threading.Event()
    first = kafka.Bus(broker, maximum_backoff_seconds=3600, minimum_backoff_seconds=3600)
    first.subscribe("t", lambda _t, data, _a: took.append(data) or (data == b"later" and arrived.set()) or data == b"0")
    for data in (b"0", b"refused", b"later"):
        first.publish("t", data, {"decision_id": "d-1"})
    assert arrived.wait(PATIENCE)
    first.close()
    second = kafka.Bus(broker)
    second.subscribe("t", lambda _t, data, _a: took.append(data) or True)
    second.publish("t", b"new", {"decision_id": "d-1"})
    assert second.drain(PATIENCE)
    second.close()
    assert took == [b"0", b"refused", b"later", b"refused", b"later", b"new"]


def test_two_processes_share_a_group_and_one_takes_over_from_the_other(broker):
    took, both = [[], []], threading.Barrier(3, timeout=PATIENCE)
    buses = [kafka.Bus(broker, workers=1), kafka.Bus(broker, workers=1)]

    def deliver(number):
        met = []

        def take(_topic, data, _attributes):
            if not met:
                met.append(both.wait())
            took[number].append(data)
            return True

        return take

    for number, bus in enumerate(buses):
        bus.subscribe("t", deliver(number), name="g")
    for number in range(40):
        buses[0].publish("t", b"%d" % number, {"decision_id": f"d-{number}"})
    both.wait()  # each was given something
    buses[0].close()
    for number in range(40, 80):
        buses[1].publish("t", b"%d" % number, {"decision_id": f"d-{number}"})
    assert buses[1].drain(PATIENCE)
    buses[1].close()
    assert {int(data) for each in took for data in each} == set(range(80))
