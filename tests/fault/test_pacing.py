"""Providers that fail and come back, ask for patience or take little at a time: what waits is sent once, in its turn,
or ends with its reason.
"""

from __future__ import annotations

import itertools
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import cache

import msgspec
import pytest

from shared.domain.catalogue import Breaker, Revision, SendRate
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import NotTakenError, TransientError
from shared.domain.policy.policy import Policy
from shared.domain.rules import Cooldown
from tests.e2e.platforms import everybody, is_ordinary
from tests.fault.quiet_bank import NIGHTS, bank_under
from tests.fault.test_dying_at_any_line import Killer
from tests.fault.test_withdrawn_in_flight import say
from tests.fault.world import NOW, Death, World, canonical, ordinary
from tests.ungoverned import Ungoverned

PEOPLE = [row["customer_no"] for row in everybody() if is_ordinary(row)][:20]


class Paced(Ungoverned):
    """The port `Catalogues`: the sample bank with this on each of its channels that are sent to."""

    def __init__(self, *rules, **declared):
        self._policy = paced(rules, **declared)

    def current(self):
        return self._policy

    def get(self, _revision):
        return self._policy


@cache
def paced(rules, **declared):
    catalogue = bank_under(rules).revision.catalogue
    channels = [msgspec.structs.replace(c, **declared) if c.direction == "outbound" else c for c in catalogue.channels]
    return Policy(Revision(msgspec.structs.replace(catalogue, channels=tuple(channels))))


def ends(world):
    """How every delivery stands."""
    found = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    return Counter(delivery.state for delivery in found)


def contacts(world):
    """How every contact stands."""
    return Counter(
        msgspec.json.decode(data, type=Contact).state
        for history in world.store.histories.values()
        for data in history.contacts.values()
    )


def come(world, people=PEOPLE):
    for number in people:
        world.receive(canonical(number, f"s-{number}", received_at=world.now))


def pass_minutes(world, most=90):
    """Let minutes pass until nothing waits any more."""
    for _ in range(most):
        world.run()
        if not ends(world)["deferred"]:
            return
        tick(world)


def tick(world):
    """The next minute begins, and whoever sweeps may die of it."""
    world.now = world.now.replace(second=0) + timedelta(minutes=1)
    with suppress(Death):
        world.sweep_deliveries()


class Away:
    """A provider that fails until a time, and then takes each message once."""

    def __init__(self, world, until, error):
        self.world, self.until, self.error = world, until, error
        self.taken = []

    def __call__(self, sent):
        if self.world.now < self.until:
            raise self.error
        self.taken.append(sent.delivery_id)


@pytest.mark.parametrize(
    "error", [TransientError("503"), NotTakenError("429"), NotTakenError("429", retry_after=45)], ids=str
)
def test_a_provider_that_was_away_for_half_an_hour_gets_each_message_once(error):
    world = World(customers=PEOPLE, catalogues=Paced(breaker=Breaker(failures=2, pause="30s")))
    provider = world.provider.behaviour = Away(world, NOW + timedelta(minutes=30), error)
    come(world)

    pass_minutes(world)

    assert ends(world) == {"sent": len(PEOPLE)}
    assert len(provider.taken) == len(set(provider.taken)) == len(PEOPLE)
    channels = {sent.channel for sent in world.provider.sent}
    assert len(world.provider.sent) <= 2 * len(PEOPLE) + 31 * len(channels), "it is asked once a minute, at the most"


def test_one_that_stays_away_lets_what_waits_expire_and_everybody_be_written_to_again():
    world = World(customers=PEOPLE, catalogues=Paced(breaker=Breaker(failures=2, pause="30s")))
    world.provider.behaviour = Away(world, NOW + timedelta(days=1), NotTakenError("503"))
    come(world)

    pass_minutes(world)

    assert ends(world)["expired"] >= len(PEOPLE) - 2
    assert contacts(world)["reserved"] == contacts(world)["sending"] == 0
    assert world.now < NOW + timedelta(minutes=65)


def test_what_finds_no_slot_waits_in_its_turn_and_all_of_it_is_sent():
    world = World(customers=PEOPLE, catalogues=Paced(rate_limit=SendRate(limit=6, per="minute", burst=1)))
    at = {}
    world.provider.behaviour = lambda sent: at.setdefault(sent.delivery_id, (sent.channel, world.now))
    come(world)

    pass_minutes(world)

    assert ends(world) == {"sent": len(PEOPLE)}
    assert len(world.provider.sent) == len(PEOPLE)
    for channel in {channel for channel, _ in at.values()}:
        times = sorted(when for which, when in at.values() if which == channel)
        apart = [(then - now).total_seconds() for now, then in itertools.pairwise(times)]
        assert all(seconds >= 9.999 for seconds in apart), "ten seconds apart, as six a minute are"


def held(killer=lambda _call: None, kind="page_viewed"):
    """A world in which one message is deferred, since its provider asked for patience; `killer` hears what follows."""
    armed = []
    world = World(lambda call: killer(call) if armed else None, [ordinary()], Paced())
    world.provider.behaviour = Away(world, NOW + timedelta(minutes=5), NotTakenError("429", retry_after=400))
    world.receive(canonical(ordinary(), "s-1", kind))
    armed.append(True)
    world.run()
    return world


def moments():
    killer = Killer()
    pass_minutes(held(killer))
    return [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize("moment", moments())
def test_whoever_dies_wherever_the_message_is_sent_and_to_the_provider_it_is_one(moment):
    killer = Killer(moment)
    world = held(killer)
    pass_minutes(world)
    for _ in range(3):  # what fired and was lost fires again
        tick(world)
        world.run()

    assert ends(world) == {"sent": 1}
    assert contacts(world) == {"sending": 1}
    assert len(set(world.provider.behaviour.taken)) == 1
    assert {row.outcome for row in world.queue.rows} == {"reserved", "sent"}


def test_the_message_that_was_deferred_told_again_changes_nothing():
    world = World(customers=[ordinary()], catalogues=Paced())
    world.provider.behaviour = Away(world, NOW + timedelta(minutes=5), NotTakenError("429", retry_after=400))
    world.receive(canonical(ordinary(), "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    reserved = world.queue.waiting[0]
    world.run()
    before = world.store.deliveries.copy()

    assert world.push(*reserved)
    assert world.store.deliveries == before
    pass_minutes(world)
    assert world.push(*reserved)
    assert len(world.provider.behaviour.taken) == 1


def test_a_withdrawal_reaches_what_waits_for_its_channel():
    world = held()

    say(world)
    pass_minutes(world)

    assert ends(world) == {"cancelled": 1}
    assert contacts(world) == {"released": 1}
    assert world.provider.behaviour.taken == []


EVENING = NOW.replace(hour=20, minute=50)


def late(**declared):
    """A world in which a message is deferred until after the night has begun."""
    world = World(customers=[ordinary()], catalogues=Paced(NIGHTS, **declared))
    world.now = EVENING
    patience = NotTakenError("429", retry_after=1200)
    provider = world.provider.behaviour = Away(world, EVENING + timedelta(minutes=5), patience)
    world.receive(canonical(ordinary(), "s-1", at=EVENING, received_at=EVENING))
    pass_minutes(world, 24 * 60)
    return world, provider


def test_what_waited_into_the_night_waits_on_for_the_morning():
    world, provider = late(deadline="1d")

    assert ends(world) == {"sent": 1}
    assert len(provider.taken) == 1
    assert world.now >= NOW.replace(hour=8) + timedelta(days=1)


def test_what_may_not_wait_for_the_morning_expires():
    world, provider = late()

    assert (ends(world), contacts(world)) == ({"expired": 1}, {"released": 1})
    assert provider.taken == []
    assert world.now < EVENING + timedelta(minutes=62)


def test_what_became_of_other_messages_meanwhile_counts_too():
    dismissed = Cooldown(
        id="let_be", outcomes=("dismiss",), period_seconds=30 * 86400, reason="No means no.", same="brand"
    )
    world = World(customers=[ordinary()], catalogues=Paced(dismissed))
    world.receive(canonical(ordinary(), "s-1"))
    world.run()
    first = world.provider.sent[0].delivery_id
    patience = NotTakenError("429", retry_after=400)
    provider = world.provider.behaviour = Away(world, NOW + timedelta(minutes=5), patience)
    world.receive(canonical(ordinary(), "s-2"))
    world.run()
    assert ends(world) == {"sent": 1, "deferred": 1}

    world.record(msgspec.json.encode({"outcome": "dismiss", "delivery_id": first}), world.now)
    pass_minutes(world)

    assert ends(world) == {"sent": 1, "cancelled": 1}
    assert provider.taken == []


def application(customer):
    """A world in which a message about an application that was left waits before delivery."""
    world = World(customers=[customer])
    world.receive(canonical(customer, "s-left", "application_abandoned", brand="northmoor"))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    [reserved] = world.queue.waiting
    assert b"northmoor_resume_application" in reserved[1]
    return world


def finished(world, at):
    """The application is finished while everything else waits."""
    waiting = list(world.queue.waiting)
    world.queue.waiting.clear()
    world.receive(canonical(ordinary(), "s-done", "application_completed", at=at, received_at=NOW))
    assert world.push(*world.queue.waiting.popleft())
    world.queue.waiting.clear()
    world.queue.waiting.extend(waiting)


def test_what_was_finished_meanwhile_is_not_reminded_of():
    world = application(ordinary())
    finished(world, NOW + timedelta(seconds=1))
    world.run()

    [delivery] = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    assert (delivery.state, contacts(world)) == ("cancelled", {"released": 1})
    assert delivery.reason == "its reason has ended: profile.application_completed_at > decided_at"


def told_as_an_outcome(world, at, action="northmoor_resume_application"):
    """A channel reports that somebody did what an action asks for, while everything else waits."""
    waiting = list(world.queue.waiting)
    world.queue.waiting.clear()
    told = {"outcome": "convert", "identifiers": {"customer_no": ordinary()}, "action": action, "at": at.isoformat()}
    assert world.record(msgspec.json.encode(told), world.now).accepted
    world.run()
    world.queue.waiting.extend(waiting)


@pytest.mark.parametrize(
    ("seconds", "action", "end"),
    [
        (1, "northmoor_resume_application", "cancelled"),
        (-86_400, "northmoor_resume_application", "sent"),
        (1, "northmoor_cash_isa", "sent"),
    ],
)
def test_what_was_done_meanwhile_by_a_channels_word_alone_is_not_asked_for(seconds, action, end):
    world = application(ordinary())
    world.now = NOW + timedelta(seconds=2)
    told_as_an_outcome(world, NOW + timedelta(seconds=seconds), action)
    world.run()

    [delivery] = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    assert delivery.state == end
    assert [topic for topic, *_ in world.queue.waiting] == []


def test_a_conversion_that_is_repeated_is_heard_once():
    world = application(ordinary())
    at = NOW + timedelta(seconds=1)
    world.now = NOW + timedelta(seconds=2)
    told_as_an_outcome(world, at)
    [before] = world.store.profiles.values()
    told_as_an_outcome(world, at)
    assert list(world.store.profiles.values()) == [before]


def test_what_was_finished_before_is_another_matter():
    world = application(ordinary())
    finished(world, NOW - timedelta(days=1))
    world.run()

    assert ends(world) == {"sent": 1}


def test_who_is_no_longer_eligible_is_not_written_to():
    world = World(customers=[ordinary()])
    world.receive(canonical(ordinary(), "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    [key] = world.store.profiles
    found = world.plain["persons"].profile(key)
    away = msgspec.structs.replace(
        found.value, attributes={**found.value.attributes, "residency": "abroad"}, version=found.value.version + 1
    )
    document = world.store.profiles[key]
    world.store.profiles[key] = type(document)(msgspec.json.encode(away), world.store.next_version())
    world.run()

    [delivery] = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    assert (delivery.state, contacts(world)) == ("cancelled", {"released": 1})
    assert (delivery.reason or "").startswith("no longer eligible: ")
