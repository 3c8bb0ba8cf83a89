"""Contact history: what counts as contact, since when and until when."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.domain.contact import Contact
from shared.domain.contact_history import FORGET_WITHHELD_AFTER, WITHHELD_KEPT, ContactHistory
from shared.domain.delivery import RESERVATION_TTL
from tests.contract.samples import delivery
from tests.unit.domain.situations import NOW, contact, history, policy

REVISION = policy().revision
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("line", "counts", "sent"),
    [
        ("saver.email reserved 0s ago", True, "0s"),
        ("saver.email reserved 59m 59s ago", True, "59m 59s"),
        ("saver.email reserved 1h ago", False, None),
        ("saver.email sent 400d ago", True, "400d"),
        ("saver.email released 1s ago", False, None),
        ("saver.hero presented 1s ago", True, None),
        ("saver.hero presented 9d ago, impression 8d ago", True, None),
    ],
)
def test_what_counts_and_what_is_taken_as_sent(line, counts, sent):
    entry = contact(REVISION, line)

    assert entry.counts(NOW) == counts
    assert entry.when("sent", NOW) == (entry.at if sent else None)


def test_a_reservation_without_an_end_counts_until_it_is_released():
    entry = msgspec.structs.replace(contact(REVISION, "saver.email reserved 30d ago"), expires_at=None)

    assert entry.counts(NOW)


def test_an_outcome_is_had_when_it_was_first_observed():
    entry = contact(REVISION, "saver.email sent 3d ago, click 2d ago")

    assert entry.when("click", NOW) == NOW - timedelta(days=2)
    assert entry.when("accept", NOW) is None


@pytest.mark.parametrize(("state", "becomes"), [("reserved", "reserved"), ("presented", "presented")])
def test_the_entry_of_a_delivery(state, becomes):
    made = delivery(state=state, at=NOW, expires_at=NOW + RESERVATION_TTL)

    entry = Contact.of(made)

    assert (entry.state, entry.at, entry.expires_at) == (becomes, made.at, made.expires_at)
    assert entry.facts() == {
        "brand": made.brand,
        "issue": made.issue,
        "group": made.group,
        "action": made.action,
        "treatment": made.treatment,
        "channel": made.channel,
        "purpose": made.purpose,
    }


def test_what_a_decision_reserved_is_found():
    past = history(REVISION, ["saver.email sent 3d ago", "loan.email sent 2d ago"])

    assert [entry.treatment for entry in past.of_decision("d-2")] == ["loan.email"]
    assert past.of_decision("d-3") == []


def test_decisions_that_chose_nothing_are_remembered_for_two_days_and_not_too_many_of_them():
    week = {f"d-{n}": NOW - timedelta(minutes=5 * n) for n in range(2000)}
    two_days_ago = {"d-old": NOW - FORGET_WITHHELD_AFTER - SECOND, "d-recent": NOW - FORGET_WITHHELD_AFTER}

    assert ContactHistory(withheld=two_days_ago).withheld_to_forget(NOW) == ["d-old"]
    kept = week.keys() - set(ContactHistory(withheld=week).withheld_to_forget(NOW))
    assert kept == {f"d-{n}" for n in range(WITHHELD_KEPT - 1)}
