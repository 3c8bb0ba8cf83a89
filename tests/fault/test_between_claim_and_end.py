"""What goes wrong between a delivery's claim and its end: the attempt is given back, or ends with its reason."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import PermanentError, TransientError
from tests.fault.world import World, canonical, ordinary


class Trouble:
    """Lets named port calls fail, so many times, once armed."""

    def __init__(self, call, error, times=1):
        self.call, self.error, self.left = f"before {call}", error, 0
        self.times = times

    def arm(self):
        self.left = self.times

    def __call__(self, call):
        if call == self.call and self.left:
            self.left -= 1
            raise self.error


def claimable(trouble):
    """A world in which a reservation waits to be claimed."""
    number = ordinary()
    world = World(trouble, [number])
    world.receive(canonical(number, "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    trouble.arm()
    return world, world.queue.waiting.popleft()


def stored(world):
    [document] = world.store.deliveries.values()
    [history] = world.store.histories.values()
    [contact] = history.contacts.values()
    return msgspec.json.decode(document.data, type=Delivery), msgspec.json.decode(contact, type=Contact)


@pytest.mark.parametrize("call", ["persons.profile", "contact_points.address"])
def test_a_store_that_does_not_answer_gives_the_claim_back_at_once(call):
    world, reserved = claimable(Trouble(call, TransientError("away"), times=3))

    answers = [world.push(*reserved) for _ in range(4)]  # at one and the same time: no lease has run out

    assert answers == [False, False, False, True]
    assert len(world.provider.sent) == 1
    delivery, contact = stored(world)
    assert (delivery.state, delivery.attempts, contact.state) == ("sent", 1, "sending")


@pytest.mark.parametrize("call", ["persons.profile", "contact_points.address"])
def test_what_was_never_begun_is_released_when_the_first_attempt_is_refused(call):
    world, reserved = claimable(Trouble(call, TransientError("away")))
    world.provider.behaviour = refuse

    answers = [world.push(*reserved) for _ in range(2)]

    assert answers == [False, True]
    delivery, contact = stored(world)
    assert (delivery.state, contact.state) == ("failed", "released")


def refuse(_sent):
    raise PermanentError("the provider answered 400")


def test_an_address_that_does_not_open_is_a_failure_with_its_reason_and_releases_the_contact():
    world, reserved = claimable(Trouble("contact_points.address", PermanentError("does not open with this key"), 99))

    assert world.push(*reserved)
    world.run()

    delivery, contact = stored(world)
    assert (delivery.state, delivery.reason, contact.state) == ("failed", "does not open with this key", "released")
    assert [row.outcome for row in world.queue.rows] == ["reserved", "failed"]
    assert "does not open" in world.queue.rows[-1].record
    assert not world.provider.sent
    assert not world.quarantine.list()


def test_an_address_that_no_longer_opens_keeps_a_contact_that_may_have_been_made():
    trouble = Trouble("contact_points.address", PermanentError("does not open with this key"), 99)
    world, reserved = claimable(trouble)
    trouble.left = 0
    world.provider.behaviour = time_out

    assert not world.push(*reserved)
    trouble.arm()
    assert world.push(*reserved)

    delivery, contact = stored(world)
    assert (delivery.state, contact.state, len(world.provider.sent)) == ("failed", "sending", 1)


def time_out(_sent):
    raise TransientError("no answer; whether it was taken is unknown")
