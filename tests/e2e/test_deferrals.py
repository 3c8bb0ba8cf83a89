"""A decision that waited is made again on a platform that runs, once, when the clock ticks."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from shared.domain.contact_policy import Deferred
from shared.domain.deferral import Deferral
from shared.runtime.world import utc_now
from tests.e2e.platforms import signal


def waiting(bank, until):
    """A deferral of somebody new."""
    [person] = bank.newcomers(1)
    seen = bank.record(bank.send(signal(person)))
    kept = Deferral(
        decision_id=f"d-{uuid.uuid4().hex}",
        person_id=seen.person_id,
        at=until - timedelta(hours=9),
        deferred=Deferred(treatment=seen.candidates[0], rule="nights", until=until),
        signal=seen.signal,
    )
    bank.ended(seen.decision_id)
    bank.defer(kept)
    return kept


def test_what_is_due_fires_with_the_next_tick_and_is_decided_again(bank):
    due, later = waiting(bank, utc_now()), waiting(bank, utc_now() + timedelta(hours=1))

    bank.platform.ticker.tick()

    end = bank.ended(due.next_decision_id)
    record = bank.record(due.next_decision_id)
    assert (end.outcome, end.reads, end.writes) == ("sent", 6, 5)
    assert record.signal.again.decision_id == due.decision_id
    assert record.signal.again.first_at == due.at
    assert bank.rows.decision(later.next_decision_id) is None


def test_however_often_and_by_however_many_it_is_fired_one_message_goes_out(bank):
    due = [waiting(bank, utc_now()) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: bank.call("deferral", "POST", "/"), range(4)))

    assert {answer.status_code for answer in answers} == {200}
    decisions = [each.next_decision_id for each in due]
    bank.settle(decisions)
    assert {len(messages) for messages in bank.messages(decisions).values()} == {1}


def test_only_the_clock_may_tick(bank):
    assert bank.call("deferral", "POST", "/", key=False).status_code == 401
    assert bank.call("deferral", "POST", "/", headers={"authorization": "Bearer x"}, key=False).status_code == 401
