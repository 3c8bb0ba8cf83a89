"""The bridge: whatever fails and wherever it dies, nothing is lost, and what is parked is parked once."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters import memory
from shared.domain.errors import TransientError
from shared.ports import Record
from tests.contract.samples import NOW
from workers.bridge.handler import Bridge, take_in, tell_history, together

POISON = b"poison"


class DiedError(BaseException):
    """The process is no more."""


class World:
    """A log of two partitions, a door and a quarantine, which all outlive the bridge; each step may fail or be the
    last.
    """

    def __init__(self, values: list[bytes], steps: list[str], batch: int) -> None:
        self.log = [Record("t", n % 2, n // 2, 0, value, {}) for n, value in enumerate(values)]
        self.committed = {0: 0, 1: 0}
        self.position = dict(self.committed)
        self.taken: list[bytes] = []
        self.kept = memory.Quarantine(memory.Store())
        self.parked = 0
        self.stop = threading.Event()
        self._steps, self._batch = list(steps), batch

    def step(self) -> None:
        what = self._steps.pop() if self._steps else "well"
        if what == "fails":
            raise TransientError("not now")
        if what == "dies":
            raise DiedError

    # records

    def next(self):
        waiting = [r for r in self.log if r.offset >= self.position[r.partition]][: self._batch]
        if not waiting:
            self.stop.set()
        for record in waiting:
            self.position[record.partition] = record.offset + 1
        return waiting

    def accept(self, records):
        try:
            self.step()
        except TransientError:
            return  # the group was not told
        for record in records:
            self.committed[record.partition] = record.offset + 1

    def again(self, records, pause_seconds):
        for record in reversed(records):
            self.position[record.partition] = record.offset

    # the door

    def take(self, source, items, headers):
        assert (source, headers) == ("web", {})
        self.step()
        self.taken += [item for item in items if item != POISON]
        self.step()
        return ["not JSON" if item == POISON else None for item in items]

    # the quarantine

    def park(self, parked):
        self.step()
        self.parked += 1
        self.kept.park(parked)

    def run(self) -> None:
        bridge = Bridge(self, self, {"t": "web"}, lambda: NOW, brokers="b", revision="r")
        while not self.stop.is_set():
            try:
                take_in(self, bridge, self.stop)
            except DiedError:
                self.position = dict(self.committed)


@given(
    values=st.lists(st.sampled_from([b"a", b"b", b"c", POISON]), max_size=12),
    steps=st.lists(st.sampled_from(["well", "fails", "dies"]), max_size=30),
    batch=st.integers(1, 5),
)
def test_whatever_fails_and_wherever_it_dies_every_record_is_taken_in_or_parked(values, steps, batch):
    world = World(values, steps, batch)

    world.run()

    assert set(world.taken) == set(values) - {POISON}
    assert len(world.kept.list(100)) == values.count(POISON)
    if not {"fails", "dies"} & set(steps):
        assert sorted(world.taken) == sorted(value for value in values if value != POISON)
        assert world.parked == values.count(POISON)
        assert sum(world.committed.values()) == len(values)


def test_what_is_parked_says_where_it_stood():
    world = World([b"a", b"b", POISON], [], 5)

    world.run()

    (parked,) = world.kept.list()
    assert (parked.function, parked.revision, parked.topic) == ("bridge", "r", "t")
    assert parked.data == b""  # what a source wrote is kept by the log alone
    assert parked.reason == "t partition 0 offset 1: not JSON"
    assert parked.attributes == {
        "kafka_brokers": "b",
        "kafka_topic": "t",
        "kafka_partition": "0",
        "kafka_offset": "1",
        "source": "web",
    }


def test_what_a_compacted_topic_forgets_is_no_signal():
    world = World([b"a", b"b"], [], 5)
    world.log[1] = world.log[1]._replace(value=None)

    world.run()

    assert world.taken == [b"a"]
    assert world.committed == {0: 1, 1: 1}


def test_a_row_is_acknowledged_when_the_log_has_it_and_not_before():
    stop, told, acknowledged, calls = threading.Event(), [], [], []

    class Rows:
        def pull(self):
            return ["row"]

        def acknowledge(self, rows):
            acknowledged.append(list(told))
            stop.set()

    class Outlet:
        def tell(self, rows):
            calls.append(rows)
            if len(calls) == 1:
                raise TransientError("not now")
            told.extend(rows)

    tell_history(Rows(), Outlet(), stop)

    assert (len(calls), acknowledged) == (2, [["row"]])


def test_one_loop_that_fails_ends_the_others():
    stop = threading.Event()

    def fail():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        together([lambda: stop.wait(60), fail], stop)
    assert stop.is_set()
