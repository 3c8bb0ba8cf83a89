"""A decision that waited is made again on a platform that runs, once, when the clock ticks."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.domain.contact_policy import Deferred
from shared.domain.deferral import Deferral
from shared.domain.identifiers import stored
from shared.domain.signal import Signal
from shared.runtime.world import utc_now
from tests.e2e.platforms import person_id


def waiting(bank, person, until):
    """A deferral of a newcomer."""
    at = until - timedelta(hours=9)
    asked = Signal(
        id=uuid.uuid4().hex,
        type="page_viewed",
        at=at,
        received_at=at,
        source="test",
        identifiers={"customer_no": stored(bank.platform.bank.identifier_key, "customer_no", person)},
    )
    kept = Deferral(
        decision_id=f"d-{uuid.uuid4().hex}",
        person_id=person_id(person),
        at=at,
        deferred=Deferred(treatment="northmoor_cash_isa.email", rule="nights", until=until),
        signal=asked,
    )
    bank.defer(kept)
    return kept


def test_what_is_due_fires_with_the_next_tick_and_is_decided_again(bank):
    one, other = bank.newcomers(2)
    due, later = waiting(bank, one, utc_now()), waiting(bank, other, utc_now() + timedelta(hours=1))

    bank.platform.scheduler.tick()

    end = bank.ended(due.next_decision_id)
    record = bank.record(due.next_decision_id)
    assert (end.outcome, end.reads, end.writes) == ("sent", 6, 5)
    assert record.signal.again.decision_id == due.decision_id
    assert record.signal.again.first_at == due.at
    assert bank.rows.decision(later.next_decision_id) is None


def test_however_often_and_by_however_many_it_is_fired_one_message_goes_out(bank):
    due = [waiting(bank, person, utc_now()) for person in bank.newcomers(5)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: bank.call("deferral", "POST", "/"), range(4)))

    assert {answer.status_code for answer in answers} == {200}
    decisions = [each.next_decision_id for each in due]
    bank.settle(decisions)
    assert {len(messages) for messages in bank.messages(decisions).values()} == {1}


@pytest.mark.emulators
def test_a_sweep_that_is_killed_fires_the_rest_with_the_next_tick_and_nothing_twice(on_emulators):
    bank = on_emulators
    due = [waiting(bank, person, utc_now()) for person in bank.newcomers(25)]
    decisions = [each.next_decision_id for each in due]

    with ThreadPoolExecutor(1) as pool:
        sweeping = pool.submit(bank.platform.scheduler.tick)
        bank.eventually(lambda: any(map(bank.rows.decision, decisions)) or None, "the first decision")
        bank.platform.kill("deferral")
        sweeping.result()
    bank.platform.restart("deferral")
    bank.platform.scheduler.tick()

    bank.settle(decisions)
    assert {len(messages) for messages in bank.messages(decisions).values()} == {1}


def test_only_the_clock_may_tick(bank):
    assert bank.call("deferral", "POST", "/", key=False).status_code == 401
    assert bank.call("deferral", "POST", "/", headers={"authorization": "Bearer x"}, key=False).status_code == 401
