"""What comes again, or late, after contacts were folded: nothing is sent twice, and nothing is forgotten."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from functions.suppression.handler import FOLD_WITH_OFFER
from shared.domain.catalogue import facts
from shared.domain.contact import Contact
from shared.domain.decision import DecisionRecord
from shared.domain.outcome import Outcome
from shared.domain.replay import replay
from tests.contract.samples import delivery, take
from tests.fault.world import World, bank_policy, bank_revision, canonical, ordinary


def history(world):
    [person_id] = world.store.profiles
    return world.plain["contacts"].history(person_id).value


def lived():
    """A world in which a first message was sent, and a second one three days later, which folded the first; and what
    suppression got for the first.
    """
    number = ordinary()
    world = World(customers=[number])
    world.receive(canonical(number, "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "actions-ranked")
    ranked = world.queue.waiting[0]
    world.run()
    world.now += timedelta(days=3)
    world.receive(canonical(number, "s-2", at=world.now, received_at=world.now))
    world.run()
    return world, ranked


def test_a_message_that_was_parked_and_comes_days_later_finds_its_folded_reservation():
    world, ranked = lived()
    assert len(world.provider.sent) == 2
    assert (len(history(world).contacts), len(history(world).past.contacts)) == (1, 1)
    first = world.queue.rows[0]

    assert world.push(*ranked)
    world.run()

    assert len(world.provider.sent) == 2
    again = world.queue.rows[-1]
    assert (again.row_id, again.outcome, again.repeated) == (first.row_id, "reserved", True)
    assert (again.delivery_id, again.revision) == (first.delivery_id, first.revision)
    assert replay(bank_policy(), msgspec.json.decode(again.record, type=DecisionRecord)).agrees


def test_a_folded_contact_counts_and_is_on_the_record_as_before():
    world, _ = lived()
    number = ordinary()
    [folded] = history(world).past.contacts

    world.receive(canonical(number, "s-3", at=world.now, received_at=world.now))
    world.run()

    assert len(world.provider.sent) == 2  # the bank's cap is of two a week
    record = msgspec.json.decode(world.queue.rows[-1].record, type=DecisionRecord)
    assert record.result == "all_withheld"
    assert [past.at for past in record.read.contacts if past.treatment == folded.treatment] == [folded.at]
    assert replay(bank_policy(), record).agrees


def test_a_complaint_about_a_folded_contact_stops_what_it_should():
    world, _ = lived()
    number = ordinary()
    report = {"outcome": "complaint", "delivery_id": world.provider.sent[0].delivery_id, "at": world.now.isoformat()}

    world.record(msgspec.json.encode(report), world.now)
    world.now += timedelta(days=31)
    world.receive(canonical(number, "s-3", at=world.now, received_at=world.now))
    world.run()

    record = msgspec.json.decode(
        next(row for row in reversed(world.queue.rows) if row.kind == "decision").record, type=DecisionRecord
    )
    assert "complained" in {withheld.rule for withheld in record.withheld}


def test_a_person_who_only_looks_is_folded_by_what_is_offered():
    number = ordinary()
    world = World(customers=[number])
    [person_id] = world.store.profiles
    shown = next(t for t in bank_revision().treatments if bank_revision().treatment(t)[1].channel == "mobile_app")
    for n in range(FOLD_WITH_OFFER):
        at = world.now - timedelta(days=60, hours=n)
        of = delivery(
            n,
            person_id=person_id,
            state="presented",
            at=at,
            expires_at=None,
            **facts(*bank_revision().treatment(shown)),
        )
        outcome = Outcome(id=f"o-{n}", outcome="impression", delivery_id=of.delivery_id, at=at)
        take(world.plain["outcomes"], outcome, of, Contact.of(of))
    request = {
        "identifiers": {"customer_no": number},
        "channel": "web",
        "placements": [{"id": "web.home.hero"}],
    }
    assert len(history(world).contacts) == FOLD_WITH_OFFER

    first, second = (world.ask(request).json for _ in range(2))

    assert first["placements"][0]["treatments"]
    assert second["placements"][0]["treatments"]
    assert (len(history(world).contacts), len(history(world).past.contacts)) == (0, FOLD_WITH_OFFER)
    first_row, second_row = world.queue.rows
    assert (first_row.writes, second_row.writes) == (2, 1)
