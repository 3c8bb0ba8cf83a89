"""What should have been done long ago is counted, and nothing that is done or not due."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.contact_policy import Deferred
from shared.domain.erasure import Erasure
from shared.ports import Late
from tests.contract.samples import NOW, deferral, delivery

HOUR = timedelta(hours=1)


def test_only_what_is_late_is_counted(documents):
    assert documents.overdue.late(NOW) == Late(0, 0, 0, 0)
    for number, at in enumerate((NOW - HOUR, NOW + HOUR)):
        whose = f"p-{number}"
        until = Deferred(treatment="t", rule="r", until=at)
        waits = deferral(decision_id=f"d-{number}", person_id=whose, deferred=until)
        documents.contacts.defer(whose, None, waits)
        held = delivery(delivery_id=f"v-held-{number}", person_id=whose, expires_at=NOW + 9 * HOUR)
        documents.contacts.settle(held.deferred(NOW - HOUR, at, "paced"), None, release=False)
        sent = delivery(delivery_id=f"v-sent-{number}", person_id=whose).settled("sent", NOW - HOUR, respond_by=at)
        documents.contacts.settle(sent, None, release=False)
        begun = Erasure.begun(f"e-{number}", [f"p-gone-{number}"], by="privacy", case="DSR-1", now=at)
        documents.erasures.put(begun)

    assert documents.overdue.late(NOW) == Late(1, 1, 1, 1)
    assert documents.overdue.late(NOW - 2 * HOUR) == Late(0, 0, 0, 0)
