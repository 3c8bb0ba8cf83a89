"""The bus in memory: delivery at least once."""

from __future__ import annotations

import threading

import pytest

from shared.adapters.memory import Bus


@pytest.fixture
def bus():
    bus = Bus(workers=4, max_attempts=4, minimum_backoff_seconds=0.002)
    yield bus
    bus.close()


def test_every_subscriber_gets_every_message(bus):
    got = []
    bus.subscribe("t", lambda *m: got.append(("a", *m)) or True)
    bus.subscribe("t", lambda *m: got.append(("b", *m)) or True)
    bus.publish("t", b"1", {"k": "v"})
    bus.publish("nobody-listens", b"2", {})
    assert bus.drain(5)
    assert sorted(got) == [("a", "t", b"1", {"k": "v"}), ("b", "t", b"1", {"k": "v"})]


@pytest.mark.parametrize("refusal", [lambda: False, lambda: 1 / 0])
def test_a_refused_message_comes_again(bus, refusal):
    attempts = []

    def deliver(*message):
        attempts.append(message)
        return True if len(attempts) == 3 else refusal()

    bus.subscribe("t", deliver)
    bus.publish("t", b"1", {})
    assert bus.drain(5)
    assert attempts == [("t", b"1", {})] * 3
    assert bus.take_dead(10) == []


def test_a_refused_message_waits_for_its_next_attempt_while_others_arrive():
    patient = Bus(workers=1, minimum_backoff_seconds=3600, maximum_backoff_seconds=3600)
    attempts = []
    patient.subscribe("t", lambda _topic, data, _attributes: attempts.append(data) or data != b"refused")

    patient.publish("t", b"refused", {})
    patient.publish("t", b"taken", {})

    assert not patient.drain(0.02)  # the refused one is still to come
    patient.close()
    assert attempts == [b"refused", b"taken"]


def test_a_message_refused_to_the_end_is_a_dead_letter(bus):
    attempts = []
    bus.subscribe("t", lambda *m: attempts.append(m), name="reader", max_attempts=2)
    bus.publish("t", b"1", {"k": "v"})
    assert bus.drain(5)
    assert len(attempts) == 2
    marks = {
        "CloudPubSubDeadLetterSourceSubscription": "reader",
        "CloudPubSubDeadLetterSourceDeliveryCount": "2",
    }
    assert bus.take_dead(10) == [(b"1", {"k": "v", **marks})]


def test_poison_holds_up_nobody(bus):
    got = []
    bus.subscribe("t", lambda _topic, data, _attributes: data != b"poison" and (got.append(data) or True))
    for number in range(100):
        bus.publish("t", b"poison" if number % 10 == 0 else b"%d" % number, {})
    assert bus.drain(10)
    assert len(got) == 90
    assert len(bus.take_dead(100)) == 10


def test_attributes_are_not_shared(bus):
    seen = []
    bus.subscribe("t", lambda _t, _d, attributes: seen.append(attributes.pop("k", None)) or len(seen) == 2)
    bus.publish("t", b"1", {"k": "v"})
    assert bus.drain(5)
    assert seen == ["v", "v"]


def test_a_chain_drains_as_a_whole(bus):
    got, arrived, go_on = [], threading.Event(), threading.Event()
    bus.subscribe("one", lambda _t, data, a: bus.publish("two", data, a) or True)
    bus.subscribe("two", lambda _t, data, a: bus.publish("three", data, a) or True)
    bus.subscribe("three", lambda _t, data, _a: arrived.set() or (go_on.wait(5) and (got.append(data) or True)))
    for number in range(20):
        bus.publish("one", b"%d" % number, {})
    assert arrived.wait(5)
    assert not bus.drain(0)  # the last step is under way
    go_on.set()
    assert bus.drain(5)
    assert sorted(got) == sorted(b"%d" % number for number in range(20))


def test_drain_says_when_it_took_too_long(bus):
    go_on = threading.Event()
    bus.subscribe("t", lambda *_: go_on.wait(5))
    bus.publish("t", b"1", {})
    assert not bus.drain(0.02)
    go_on.set()
    assert bus.drain(5)


def test_workers_work_side_by_side(bus):
    together = threading.Barrier(4, timeout=5)
    bus.subscribe("t", lambda *_: together.wait() >= 0)
    for _ in range(4):
        bus.publish("t", b"", {})
    assert bus.drain(5)
    assert bus.take_dead(1) == []


def test_a_closed_bus_takes_nothing(bus):
    bus.close()
    with pytest.raises(RuntimeError):
        bus.publish("t", b"1", {})
    bus.close()


def test_a_message_wakes_who_waits_at_each_of_seven_hops(bus):
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
        assert bus.drain(5)
        assert [data for data, _ in took] == [b"one", b"two", b"two"]
    finally:
        bus.close()
