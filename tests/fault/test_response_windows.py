"""Response windows close once, whoever dies while they are swept, and an answer that comes late puts it right."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.propensity import NO_EVIDENCE
from tests.fault.world import NOW, Death, World, canonical, ordinary

NUMBER = ordinary()
WEEK = timedelta(days=7, minutes=1)
HEARD = ("outcomes", "response_windows", "publisher")


class Killer:
    """Lets the process die at a call, once."""

    def __init__(self) -> None:
        self.calls = []
        self.moment = 0

    def __call__(self, call):
        if call.split()[1].split(".")[0] in HEARD and self.moment is not None:
            self.calls.append(call)
            if len(self.calls) == self.moment:
                self.moment = None
                raise Death(call)


def sent(killer=lambda _call: None):
    """A world in which a message was sent, a week ago."""
    world = World(killer, [NUMBER])
    world.receive(canonical(NUMBER, "s-1"))
    world.run()
    world.now = NOW + WEEK
    world.queue.rows.clear()
    return world


def told(world, name, at, **fields):
    [document] = world.store.deliveries.values()
    delivery = msgspec.json.decode(document.data, type=Delivery)
    world.record(
        msgspec.json.encode({"outcome": name, "delivery_id": delivery.delivery_id, "at": at, **fields}), world.now
    )
    return delivery


def noted(world):
    [history] = world.store.histories.values()
    [contact] = [msgspec.json.decode(data, type=Contact) for data in history.contacts.values()]
    return set(contact.outcomes)


def counts(world):
    return [(c.positives, c.negatives) for c in world.models.counts().values() if c != NO_EVIDENCE]


def moments():
    killer = Killer()
    world = sent()
    counting = World(killer, [NUMBER])
    counting.receive(canonical(NUMBER, "s-1"))
    counting.run()
    counting.now, killer.calls[:] = world.now, []
    counting.close_windows(counting.now)
    return range(1, len(killer.calls) + 1)


@pytest.mark.parametrize("moment", moments())
def test_a_sweep_that_dies_anywhere_is_finished_by_the_next_and_counts_once(moment):
    killer = Killer()
    world = sent(killer)
    killer.calls.clear()
    killer.moment = moment

    with pytest.raises(Death):
        world.close_windows(world.now)
    world.close_windows(world.now)
    last = world.close_windows(world.now)

    assert (last.closed, last.no_response) == (0, 0)
    assert noted(world) == {"no_response"}
    assert counts(world) == [(0, 1)]
    assert {row.row_id for row in world.queue.rows if row.outcome == "no_response"} == {world.queue.rows[-1].row_id}


def test_nothing_closes_before_its_time():
    world = sent()
    world.now = NOW + timedelta(days=1)
    assert world.close_windows(world.now).closed == 0
    assert noted(world) == set()


@pytest.mark.parametrize("name", ["click", "dismiss", "bounce"])
def test_what_was_answered_is_closed_without_a_word(name):
    world = sent()
    told(world, name, NOW + timedelta(days=1))
    before = counts(world)

    closed = world.close_windows(world.now)

    assert (closed.closed, closed.no_response) == (1, 0)
    assert noted(world) == {name}
    assert counts(world) == before
    assert [row.outcome for row in world.queue.rows] == [name]
    assert world.close_windows(world.now).closed == 0


def test_an_answer_that_comes_late_puts_it_right():
    world = sent()
    world.close_windows(world.now)
    assert counts(world) == [(0, 1)]
    told(world, "click", NOW + timedelta(days=1))
    told(world, "accept", world.now)
    assert counts(world) == [(1, 0)]
    assert noted(world) == {"click", "accept"}
    assert world.close_windows(world.now).closed == 0
