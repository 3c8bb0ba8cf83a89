"""Outcomes that name no delivery are of the latest treatment of their action that the person got."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.domain.catalogue import facts
from shared.domain.delivery import Delivery
from tests.fault.world import NOW, World, bank_revision, canonical, ordinary

NUMBER = ordinary()
ACTION = "northmoor_cash_isa"
HOUR = timedelta(hours=1)


class Offered:
    """A world in which a customer got treatments of one action."""

    def __init__(self) -> None:
        self.world = World(customers=[NUMBER])
        self.world.now = NOW + timedelta(days=2)
        [self.person] = self.world.store.profiles

    def got(self, number, channel="email", at=NOW, state="sent", person="", id_=ACTION):
        """A treatment that the person got, or was to get, of an action that may be called otherwise."""
        action = msgspec.structs.replace(bank_revision().actions[ACTION], id=id_)
        treatment = next(each for each in action.treatments if each.channel == channel)
        of = Delivery(
            delivery_id=f"v-{number:032x}",
            decision_id=f"d-{number:032x}",
            person_id=person or self.person,
            revision=bank_revision().id,
            model=f"{treatment.id}@{channel}",
            state="presented" if state == "presented" else "reserved",
            at=at,
            **facts(action, treatment),
        )
        contacts = self.world.plain["contacts"]
        if state == "presented":
            contacts.present([of])
        else:
            version = contacts.claim(of.claimed(at), None)
            contacts.settle(of.claimed(at).settled(state, at), version, release=False)
        return of

    def tell(self, **fields):
        told = {
            "outcome": "accept",
            "identifiers": {"customer_no": NUMBER},
            "action": ACTION,
            "at": (NOW + timedelta(days=1)).isoformat(),
        }
        return self.world.record(msgspec.json.encode({**told, **fields}), self.world.now)

    def accepted(self):
        """Ids of the deliveries that were accepted."""
        return [
            key
            for key, each in self.world.plain["outcomes"].observed(list(self.world.store.deliveries)).items()
            if "accept" in each.value.first()
        ]


@pytest.fixture
def offered():
    return Offered()


def test_it_is_of_the_latest_that_was_sent_before_it(offered):
    offered.got(1, at=NOW)
    latest = offered.got(2, at=NOW + HOUR)
    offered.got(3, at=NOW + HOUR * 2, state="cancelled")
    offered.got(4, at=NOW + timedelta(days=1, hours=1))
    for _ in range(2):
        told = offered.tell()
    assert offered.accepted() == [latest.delivery_id]
    assert told.accepted[0]["duplicate"]


def test_what_was_shown_counts_once_it_was_seen(offered):
    sent = offered.got(1)
    shown = offered.got(2, "web", NOW + HOUR, "presented")
    offered.tell()
    seen = {"outcome": "impression", "delivery_id": shown.delivery_id, "at": (NOW + HOUR).isoformat()}
    offered.world.record(msgspec.json.encode(seen), offered.world.now)
    offered.tell(id="again")
    assert offered.accepted() == [sent.delivery_id, shown.delivery_id]


def test_what_a_canary_offered_counts_though_what_is_live_does_not_know_its_action(offered):
    of = offered.got(1, id_="pop_up_isa")
    told = offered.tell(action="pop_up_isa")

    assert told.accepted
    assert offered.accepted() == [of.delivery_id]


def test_any_of_those_that_are_one_person_may_have_got_it(offered):
    world = offered.world
    world.receive(canonical("", "stranger", identifiers={"cookie_id": "ck"}))
    world.run()
    stranger = next(each for each in world.store.profiles if each != offered.person)
    theirs = offered.got(1, "web", NOW + HOUR, "presented", stranger)
    seen = {"outcome": "impression", "delivery_id": theirs.delivery_id, "at": (NOW + HOUR).isoformat()}
    world.record(msgspec.json.encode(seen), world.now)
    assert offered.tell(outcome="click").rejected[0]["problem"]["status"] == 404
    world.receive(canonical("", "met", identifiers={"customer_no": NUMBER, "cookie_id": "ck"}))
    world.run()
    assert offered.tell().accepted
    assert offered.accepted() == [theirs.delivery_id]


def test_what_comes_again_is_of_the_same_though_persons_merged_and_later_ones_were_seen_in_between(offered):
    world, mine = offered.world, offered.got(1)
    world.receive(canonical("", "stranger", identifiers={"cookie_id": "ck"}))
    world.run()
    stranger = next(each for each in world.store.profiles if each != offered.person)
    later = offered.got(2, "web", NOW + HOUR, "presented", stranger)
    seen = {"outcome": "impression", "delivery_id": later.delivery_id, "at": (NOW + HOUR).isoformat()}
    world.record(msgspec.json.encode(seen), world.now)
    first = offered.tell()
    world.receive(canonical("", "met", identifiers={"customer_no": NUMBER, "cookie_id": "ck"}))
    world.run()

    again = offered.tell()

    assert [{**each, "duplicate": True} for each in first.accepted] == again.accepted
    assert offered.accepted() == [mine.delivery_id]
    offered.tell(id="another")
    assert offered.accepted() == [mine.delivery_id, later.delivery_id]


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"at": (NOW + timedelta(days=31)).isoformat(), "outcome": "click"}, 404, "action"),
        ({"identifiers": {"customer_no": "C999999"}}, 404, "action"),
        ({"action": "northmoor_home_insurance_that_is_none"}, 400, "action"),
        ({"action": "a" * 5000}, 400, "action"),
        ({"identifiers": {"shoe_size": "9"}}, 400, "identifiers.shoe_size"),
        ({"identifiers": {"person_id": "p-1"}}, 400, "identifiers.person_id"),
        ({"at": None}, 400, "at"),
        ({"at": "0001-01-01T00:00:00Z"}, 400, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, 400, "at"),
        ({"value": -1}, 400, "value"),
        ({"value": 1e300}, 400, "value"),
        ({"action": ""}, 400, "action"),
        ({"identifiers": {}}, 400, "identifiers"),
        ({"identifiers": {}, "action": ""}, 400, "delivery_id"),
    ],
)
def test_what_cannot_be_attributed_says_why(offered, fields, status, field):
    offered.got(1)
    offered.world.now = NOW + timedelta(days=40)
    [rejected] = offered.tell(**fields).rejected
    assert (rejected["problem"]["status"], rejected["problem"]["field"]) == (status, field)


def test_what_somebody_does_without_being_asked_is_told_to_the_history_and_teaches_nothing(offered):
    for _ in range(2):
        told = offered.tell(outcome="convert", value=120.0)

    assert [each["duplicate"] for each in told.accepted] == [False]
    unasked = [row for row in offered.world.queue.rows if row.kind == "outcome"]
    assert len({row.row_id for row in unasked}) == 1
    [row, *_] = unasked
    assert (row.outcome, row.person_id, row.action, row.value) == ("convert", offered.person, ACTION, 120.0)
    assert row.delivery_id is None
    assert not offered.world.store.models
    assert not offered.accepted()
