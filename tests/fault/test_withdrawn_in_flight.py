"""A withdrawal takes effect on what is in flight: wherever a message is, it is not sent, its contact is released."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import NotTakenError, TransientError
from shared.domain.signal import ConsentChange
from tests.fault.world import NOW, Death, World, canonical, ordinary

HOPS = ["signals-identified", "actions-qualified", "actions-ranked", "contacts-reserved"]
NUMBER = ordinary()
NO = tuple(ConsentChange(purpose=purpose, granted=False) for purpose in ("marketing", "targeted_support"))
OBJECTS = (ConsentChange(purpose="profiling", brand="*", granted=False),)


def on_its_way(hop="contacts-reserved", announce=lambda _call: None):
    """A world in which a message of a customer waits before this hop."""
    world = World(announce, [NUMBER])
    world.receive(canonical(NUMBER, "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == hop)
    return world


def say(world, words=NO, identity="s-no", at=NOW + timedelta(seconds=1)):
    """Let identity hear of consents while everything else waits, and nothing else come of it."""
    waiting = list(world.queue.waiting)
    world.queue.waiting.clear()
    world.receive(canonical(NUMBER, identity, at=at, received_at=NOW, consent=words))
    world.run(until=lambda: world.queue.waiting[0][0] != "signals-received")
    world.queue.waiting.clear()
    world.queue.waiting.extend(waiting)


def end_of(world):
    """The delivery and the contact that it was to be."""
    [delivery] = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    [history] = world.store.histories.values()
    [contact] = [msgspec.json.decode(data, type=Contact) for data in history.contacts.values()]
    return delivery, contact


def assert_cancelled(world, why="consent marketing_consent"):
    delivery, contact = end_of(world)
    assert (delivery.state, delivery.reason) == ("cancelled", f"stopped by {why} just before sending")
    assert contact.state == "released"
    assert [row.outcome for row in world.queue.rows] == ["reserved", "cancelled"]


@pytest.mark.parametrize("hop", HOPS)
def test_wherever_the_message_is_it_is_not_sent_and_the_contact_is_released(hop):
    world = on_its_way(hop)

    say(world)
    world.run()

    assert world.provider.sent == []
    assert_cancelled(world)


def test_an_objection_to_profiling_stops_it_too():
    world = on_its_way()

    say(world, OBJECTS)
    world.run()

    assert world.provider.sent == []
    assert_cancelled(world, "exclusion objects_to_profiling")


def test_whoever_takes_an_objection_back_is_decided_about_again():
    world = World(customers=[NUMBER])
    say(world, OBJECTS)
    world.receive(canonical(NUMBER, "s-1"))
    world.run()
    assert [row.outcome for row in world.queue.rows] == ["excluded"]

    say(world, (ConsentChange(purpose="profiling", brand="*", granted=True),), "s-yes", NOW + timedelta(seconds=2))
    world.receive(canonical(NUMBER, "s-2"))
    world.run()

    assert len(world.provider.sent) == 1


def test_a_grant_of_before_that_comes_after_it_changes_nothing():
    world = on_its_way()

    say(world)
    yes = tuple(msgspec.structs.replace(word, granted=True) for word in NO)
    say(world, yes, "s-yes", NOW + timedelta(milliseconds=999))
    world.run()

    assert world.provider.sent == []
    assert_cancelled(world)


def test_a_withdrawal_told_again_and_a_message_told_again_are_the_same():
    world = on_its_way()
    reserved = world.queue.waiting[0]

    say(world)
    world.run()
    say(world)
    told = list(world.queue.rows)
    assert world.push(*reserved)
    world.run()

    assert world.provider.sent == []
    assert {(row.row_id, row.outcome) for row in world.queue.rows} == {(row.row_id, row.outcome) for row in told}
    assert end_of(world)[1].state == "released"


class Killer:
    """Dies at the n-th call of a port, once; counts them meanwhile."""

    def __init__(self, at=None):
        self.at, self.calls, self.armed = at, [], False

    def __call__(self, call):
        if self.armed:
            self.calls.append(call)
            if len(self.calls) == self.at:
                raise Death(call)


def stopped(killer):
    world = on_its_way(announce=killer)
    say(world)
    killer.armed = True
    world.run()
    return world


def moments():
    killer = Killer()
    stopped(killer)
    return [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize("moment", moments())
def test_whoever_dies_wherever_nothing_is_sent(moment):
    world = stopped(Killer(moment))

    assert world.provider.sent == []
    delivery, _ = end_of(world)
    assert delivery.state == "cancelled"
    assert {row.outcome for row in world.queue.rows} == {"reserved", "cancelled"}


@pytest.mark.parametrize(
    ("answer", "contact"),
    [(NotTakenError("429"), "released"), (TransientError("no answer within 10 s"), "sending")],
    ids=["turned away", "nobody knows"],
)
def test_a_message_that_waits_to_be_tried_again_is_not(answer, contact):
    world = on_its_way()

    def refuse(_sent):
        raise answer

    world.provider.behaviour = refuse
    reserved = world.queue.waiting[0]
    assert not world.push(*reserved)
    assert not world.push(*reserved)
    say(world)
    world.provider.behaviour = lambda _sent: None
    world.run()

    assert len(world.provider.sent) == 2, "nothing is sent after the withdrawal"
    delivery, counted = end_of(world)
    assert (delivery.state, counted.state) == ("cancelled", contact)


def test_what_is_turned_away_to_the_end_was_no_contact():
    world = on_its_way()

    def refuse(_sent):
        raise NotTakenError("429")

    world.provider.behaviour = refuse
    world.run()

    delivery, contact = end_of(world)
    assert (delivery.state, contact.state) == ("failed", "released")
    assert delivery.reason == "given up after 3 attempts: 429"


def test_who_asks_a_moment_after_it_is_offered_nothing_that_needs_consent():
    world = World(customers=[NUMBER])
    asked = {
        "identifiers": {"customer_no": NUMBER},
        "channel": "web",
        "placements": [{"id": "web.home.hero", "count": 9}],
    }

    def offered():
        treatments = world.ask(asked).json["placements"][0]["treatments"]
        return {world.catalogues.current().revision.treatment(each["treatment"])[1].purpose for each in treatments}

    say(world)

    assert not offered() & {"marketing", "targeted_support"}
