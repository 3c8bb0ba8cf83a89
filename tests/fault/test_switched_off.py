"""What is switched off goes out no more, be it decided or in flight; and a replay comes to the same."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.contact import Contact
from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.explanation import explain
from shared.domain.governance.switches import SwitchedOff
from shared.domain.replay import replay
from tests.fault.test_withdrawn_in_flight import HOPS, on_its_way
from tests.fault.world import World, canonical, ordinary

NUMBER = ordinary()


def records(world):
    return [msgspec.json.decode(row.record, type=DecisionRecord) for row in world.queue.rows if row.kind == "decision"]


def switch_of(kind, treatment):
    action, found = treatment
    return SwitchedOff(kind=kind, id={"action": action.id, "brand": action.brand, "channel": found.channel}[kind])


def decided(off=()):
    """What a customer is decided by a signal, with this switched off."""
    world = World(customers=[NUMBER])
    world.catalogues.off = off
    world.receive(canonical(NUMBER, "s-1"))
    world.run()
    return world, records(world)[0]


@pytest.mark.parametrize("kind", ["action", "brand", "channel"])
def test_the_runner_up_goes_out_instead_or_nothing_and_the_record_says_why(kind):
    usual, before = decided()
    revision = usual.catalogues.current().revision
    switch = switch_of(kind, revision.treatment(before.chosen[0].treatment))

    world, record = decided((switch,))

    assert not any(switch_of(kind, revision.treatment(each.treatment)) == switch for each in record.chosen)
    assert record.read.off == (switch,)
    stopped = [each for each in record.withheld if each.kind == "switch"]
    assert before.chosen[0].treatment in {each.treatment for each in stopped}
    assert {each.rule for each in stopped} == {switch.name}
    assert replay(world.catalogues.current(), record).agrees
    told = explain(world.catalogues.current(), record)
    assert "Switched off, for everybody." in {each.reason for each in told.withheld}


@pytest.mark.parametrize("hop", HOPS)
def test_what_is_in_flight_is_not_sent_and_its_contact_is_released(hop):
    world = on_its_way(hop)
    _, before = decided()
    switch = switch_of("action", world.catalogues.current().revision.treatment(before.chosen[0].treatment))

    world.catalogues.off = (switch,)
    world.run()

    assert not any(record.treatment == before.chosen[0].treatment for record in deliveries(world, "sent"))
    for record in records(world):
        assert replay(world.catalogues.current(), record).agrees
    if hop == "contacts-reserved":
        [delivery] = deliveries(world, "cancelled")
        assert delivery.reason == f"stopped by switch {switch.name} just before sending"
        [history] = world.store.histories.values()
        assert [msgspec.json.decode(each, type=Contact).state for each in history.contacts.values()] == ["released"]


def deliveries(world, state):
    known = [msgspec.json.decode(document.data, type=Delivery) for document in world.store.deliveries.values()]
    return [each for each in known if each.state == state]


def test_what_was_reserved_before_stands_when_it_is_told_again_and_replays():
    world = on_its_way("actions-ranked")
    ranked = world.queue.waiting[0]
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    first = records(world)[0]
    switch = switch_of("action", world.catalogues.current().revision.treatment(first.chosen[0].treatment))

    world.catalogues.off = (switch,)
    assert world.push(*ranked)

    again = records(world)[1]
    assert again.chosen == first.chosen
    assert replay(world.catalogues.current(), again).agrees


def test_a_channel_that_asks_is_shown_nothing_of_it():
    asked = {
        "identifiers": {"customer_no": NUMBER},
        "channel": "web",
        "placements": [{"id": "web.home.hero", "count": 1}],
    }
    world = World(customers=[NUMBER])
    [shown] = world.ask(asked).json["placements"][0]["treatments"]
    switch = SwitchedOff(kind="action", id=shown["action"])

    world.catalogues.off = (switch,)
    answer = world.ask(asked, "?explain=true").json

    assert shown["action"] not in {each["action"] for p in answer["placements"] for each in p["treatments"]}
    assert switch.name in {each["rule"] for each in answer["explanation"]["withheld"]}
    assert all(replay(world.catalogues.current(), record).agrees for record in records(world))
    world.catalogues.off = (SwitchedOff(kind="channel", id="web"),)
    assert world.ask(asked).json["placements"] == [{"id": "web.home.hero", "treatments": []}]
