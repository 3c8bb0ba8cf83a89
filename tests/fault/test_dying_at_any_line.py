"""Whichever port call a process dies before or after, redelivery ends where it would have ended anyway."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from functions.feedback.attributing import Attribute
from functions.feedback.handler import RecordOutcomes
from functions.feedback.taking import TakeOutcomes
from shared.domain.contact import Contact
from shared.domain.delivery import CLAIM_LEASE, Delivery
from shared.domain.errors import PermanentError
from shared.domain.identity.links import Identifier
from shared.domain.observed import Observed
from shared.domain.profile import Person, Profile
from shared.domain.signal import ConsentChange
from shared.messages import ContactReserved
from tests.fault.world import KEY, NOW, Death, Watched, World, canonical, ordinary


class Killer:
    """Dies at the n-th announcement, once; counts them meanwhile."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.calls = at, []

    def __call__(self, call):
        self.calls.append(call)
        if self.at is not None and len(self.calls) == self.at:
            raise Death(call)


def known_customer():
    """A known customer with a new cookie and a word on consent: everything is written that a signal may write."""
    number = ordinary()
    whose = {"customer_no": number, "cookie_id": "ck-1"}
    withdrawn = ConsentChange(purpose="targeted_support", channel="email", granted=False)
    return [number], canonical(number, "s-1", identifiers=whose, consent=(withdrawn,))


def stranger():
    """Somebody nobody knows, of whom two identifiers come at once."""
    return [], canonical("", "s-1", identifiers={"crm_id": "crm-1", "cookie_id": "ck-1"})


def visitor():
    """A known customer on a device on which somebody was seen who turns out to be the same."""
    number = ordinary()
    return [number], canonical(number, "s-1", identifiers={"customer_no": number, "cookie_id": "ck-1"})


def refused():
    """A message that the provider refuses for good."""
    number = ordinary()
    return [number], canonical(number, "s-1")


def withheld():
    """A signal of somebody who has had two messages this week."""
    number = ordinary()
    return [number], canonical(number, "s-3")


SITUATIONS = [known_customer, stranger, visitor, refused, withheld]
SENT_BUT_NOT_WRITTEN_DOWN = {"after provider.send", "before contacts.settle"}
"""Moments at which nobody can know that the provider has the message: it is sent again under the same key."""


def live(situation, killer):
    """Let a signal of a situation come to its end."""
    customers, signal = situation()
    armed = []
    world = World(lambda call: killer(call) if armed else None, customers)
    if situation is visitor:
        world.receive(canonical("", "s-0", identifiers={"cookie_id": "ck-1"}))
        world.run()
    if situation is refused:
        world.provider.behaviour = refuse
    if situation is withheld:
        for earlier in ("s-1", "s-2"):
            world.receive(canonical(customers[0], earlier))
        world.run()
        world.provider.sent.clear()
    armed.append(True)
    world.receive(signal)
    world.run()
    return world


def refuse(_sent):
    raise PermanentError("the provider answered 400")


def end_of(world):
    """What a world ended in, without what may differ between two that ended alike: times and how often it was tried."""
    profiles = [msgspec.json.decode(document.data, type=Profile) for document in world.store.profiles.values()]
    deliveries = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    links = [msgspec.json.decode(each.data, type=Identifier) for each in world.store.identifiers.values()]
    contacts = [
        msgspec.json.decode(data, type=Contact)
        for history in world.store.histories.values()
        for data in history.contacts.values()
    ]
    names = {profile.person_id: f"person {n}" for n, profile in enumerate(profiles)}  # burnt ids do not matter
    return {
        "profiles": [
            (names[p.person_id], p.version, p.consents, p.unique, p.attributes, p.reachable) for p in profiles
        ],
        "links": sorted((link.namespace, link.value, names[link.person_id], link.rule) for link in links),
        "deliveries": sorted(
            (d.delivery_id, d.state, names[d.person_id], d.treatment, d.reference) for d in deliveries
        ),
        "contacts": sorted((c.delivery_id, c.decision_id, set(c.outcomes)) for c in contacts),
        "sent": sorted({(sent.delivery_id, sent.channel, sent.address) for sent in world.provider.sent}),
        "rows": sorted({(row.row_id, row.kind, row.outcome, row.delivery_id or "") for row in world.queue.rows}),
        "parked": world.quarantine.list(),
        "withheld": sorted(key for history in world.store.histories.values() for key in history.withheld),
    }


def moments(situation):
    """Every place at which a process may die while it takes a signal of this situation to its end."""
    killer = Killer()
    live(situation, killer)
    return [pytest.param(situation, n, id=f"{situation.__name__}-{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize(("situation", "moment"), [each for situation in SITUATIONS for each in moments(situation)])
def test_whoever_dies_wherever_the_signal_ends_as_if_nobody_had(situation, moment):
    expected = end_of(live(situation, Killer()))

    killer = Killer(moment)
    died = live(situation, killer)

    assert end_of(died) == expected
    calls = Counter(sent.delivery_id for sent in died.provider.sent)
    again = killer.calls[moment - 1] in SENT_BUT_NOT_WRITTEN_DOWN
    assert set(calls.values()) <= {2 if again else 1}


def test_the_situations_are_what_they_say():
    known, new, merged, failed, silent = (live(situation, Killer()) for situation in SITUATIONS)

    assert [row.outcome for row in known.queue.rows] == ["reserved", "sent"]
    assert len(known.store.deliveries) == len(known.provider.sent) == 1
    assert {key.partition(":")[0] for key in known.store.identifiers} >= {"cookie_id"}
    assert [row.outcome for row in new.queue.rows] == ["nothing_qualified"]
    assert (len(new.store.profiles), len(new.store.identifiers)) == (1, 2)
    assert [row.outcome for row in merged.queue.rows][-2:] == ["reserved", "sent"]
    kept = [msgspec.json.decode(each.data, type=Person) for each in merged.store.profiles.values()]
    assert sorted(person.merged_into is None for person in kept) == [False, True]
    assert [row.outcome for row in failed.queue.rows] == ["reserved", "failed"]
    assert [row.outcome for row in silent.queue.rows[-1:]] == ["all_withheld"]


def test_a_signal_that_ended_with_nothing_is_not_decided_again_when_it_comes_again():
    number = ordinary()
    world = World(customers=[number])
    for identity in ("s-1", "s-2", "s-3"):
        world.receive(canonical(number, identity))
        world.run(until=lambda: world.queue.waiting[0][0] == "actions-ranked")
        ranked = world.queue.waiting[0]
        world.run()
    assert len(world.provider.sent) == 2

    world.now += timedelta(days=31)  # nothing would stop it now
    assert world.push(*ranked)
    world.run()

    assert len(world.provider.sent) == 2
    first, again = world.queue.rows[-2:]
    assert (first.outcome, again.outcome) == ("all_withheld", "all_withheld")
    assert first.record == again.record


def test_a_reservation_told_again_is_the_same_message_until_it_is_claimed():
    number = ordinary()
    world = World(customers=[number])
    world.receive(canonical(number, "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "actions-ranked")
    ranked = world.queue.waiting.popleft()
    assert world.push(*ranked)
    world.now += timedelta(minutes=5)
    assert world.push(*ranked)

    first, again = (msgspec.json.decode(data, type=ContactReserved) for _, data, _ in world.queue.waiting)
    world.run()
    told = len(world.queue.rows)
    assert world.push(*ranked)

    assert (again.message_id, again.occurred_at, again.delivery) == (
        first.message_id,
        first.occurred_at,
        first.delivery,
    )
    assert not world.queue.waiting
    assert len(world.provider.sent) == 1
    assert len(world.queue.rows) == told + 1
    decisions = [row for row in world.queue.rows if row.kind == "decision"]
    assert len({(row.row_id, row.record) for row in decisions}) == 1


def presented(killer):
    """A world in which a treatment is on show, and the report of what became of it."""
    number = ordinary()
    world = World(Killer(), [number])
    world.receive(canonical(number, "s-1"))
    world.run()
    [delivery] = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    shown = msgspec.structs.replace(
        delivery, delivery_id="v-" + "5" * 32, state="presented", channel="web", expires_at=None
    )
    world.plain["contacts"].present([shown])
    report = [
        {"outcome": kind, "delivery_id": wanted.delivery_id, "at": (NOW + timedelta(minutes=n)).isoformat()}
        for n, (kind, wanted) in enumerate(
            [("impression", shown), ("click", shown), ("click", delivery), ("complaint", delivery)]
        )
    ]
    contacts, outcomes, publisher = (
        Watched(world.plain[name], killer, name) for name in ("contacts", "outcomes", "publisher")
    )
    attribute = Attribute(world.catalogues, world.plain["persons"], contacts, outcomes, KEY)
    world.record = RecordOutcomes(contacts, attribute, TakeOutcomes(world.catalogues, outcomes, publisher))
    world.queue.rows.clear()
    return world, msgspec.json.encode(report), shown, delivery


def outcome_moments():
    killer = Killer()
    world, report, *_ = presented(killer)
    world.record(report, NOW)
    return [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize("moment", outcome_moments())
def test_outcomes_whose_reporter_tries_again_are_counted_once(moment):
    world, report, shown, delivery = presented(Killer(moment))

    with pytest.raises(Death):
        world.record(report, NOW)
    again = world.record(report, NOW + timedelta(seconds=30))
    world.record(report, NOW + timedelta(seconds=60))

    assert [item["index"] for item in again.accepted] == [0, 1, 2, 3]
    observed = [msgspec.json.decode(each.data, type=Observed) for each in world.store.outcomes.values()]
    taken = {outcome.id for each in observed for outcome in each.each()}
    assert len(taken) == 4
    counts = world.store.models[shown.model]
    assert (counts.positives, counts.negatives) == (2, 0)  # both were accepted, complaint or not
    [history] = world.store.histories.values()
    noted = {key: set(msgspec.json.decode(data, type=Contact).outcomes) for key, data in history.contacts.items()}
    assert noted == {shown.delivery_id: {"impression", "click"}, delivery.delivery_id: {"click", "complaint"}}
    assert {row.row_id for row in world.queue.rows} == taken


def test_a_sender_that_died_is_left_alone_until_its_lease_ends():
    number = ordinary()
    world = World(Killer(), [number])
    world.receive(canonical(number, "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    reserved = world.queue.waiting[0]

    def die(_sent):
        raise Death

    world.provider.behaviour = die
    with pytest.raises(Death):
        world.push(*reserved)
    world.provider.behaviour = lambda _sent: None

    assert not world.push(*reserved)  # it may be alive and sending: come again
    assert len(world.provider.sent) == 1
    world.now += CLAIM_LEASE
    assert world.push(*reserved)
    first, second = world.provider.sent
    assert first == second
