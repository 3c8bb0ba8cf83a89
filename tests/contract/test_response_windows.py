"""The port `ResponseWindows`: what was sent, and what was seen, is found when its time to respond has passed."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.observed import Observed, took
from shared.domain.outcome import Outcome
from shared.ports import OpenWindow, Recording
from tests.contract.samples import NOW, contact, delivery

WHOLE = NOW.replace(microsecond=0)
WINDOW = timedelta(days=1)


def sent(documents, number, at=WHOLE):
    of = delivery(number).claimed(at)
    version = documents.contacts.claim(of, None)
    end = of.settled("sent", at, reference=f"r-{number}", respond_by=at + WINDOW)
    documents.contacts.settle(end, version, release=False)
    return end


def shown(documents, number, *names, at=WHOLE):
    of = delivery(number, state="presented", channel="web", expires_at=None)
    documents.contacts.present([of])
    for name in names:
        told = Outcome(id=f"o-{number}-{name}", outcome=name, delivery_id=of.delivery_id, at=at)
        known = documents.outcomes.observed([of.delivery_id]).get(of.delivery_id)
        taking = took(
            known.value if known else Observed(delivery_id=of.delivery_id), [told], lambda since: since + WINDOW
        )
        documents.outcomes.record([Recording(of, taking, known.version if known else None, contact(of))])
    return of


def test_windows_are_due_once_they_have_passed_the_earliest_first(documents):
    second, first = sent(documents, 1, WHOLE + timedelta(minutes=1)), sent(documents, 2)
    seen = shown(documents, 3, "impression")

    due = documents.response_windows.due

    assert due(WHOLE + WINDOW, 10) == []
    assert due(WHOLE + WINDOW + timedelta(seconds=2), 10) == [
        OpenWindow(first.delivery_id, WHOLE + WINDOW, first, shown=False),
        OpenWindow(seen.delivery_id, WHOLE + WINDOW, seen, shown=True),
    ]
    assert [each.delivery_id for each in due(NOW + 2 * WINDOW, 2)] == [first.delivery_id, second.delivery_id]


def test_what_was_not_seen_or_was_answered_has_no_window(documents):
    shown(documents, 1)
    shown(documents, 2, "impression", "click")
    shown(documents, 3, "click", "impression")
    shown(documents, 4, "impression", "no_response")

    assert documents.response_windows.due(NOW + 2 * WINDOW, 10) == []


def test_what_is_closed_is_due_no_more_and_nothing_else_of_it_changes(documents):
    one, other, seen = sent(documents, 1), sent(documents, 2), shown(documents, 3, "impression")
    windows = documents.response_windows
    due = windows.due(NOW + 2 * WINDOW, 10)

    assert documents.meter.of(lambda: windows.close([each for each in due if each.delivery != other])) == (0, 2)

    assert [each.delivery for each in windows.due(NOW + 2 * WINDOW, 10)] == [other]
    assert documents.contacts.delivery(one.delivery_id).value == one.settled("sent", one.at, reference="r-1")
    observed = documents.outcomes.observed([seen.delivery_id])[seen.delivery_id].value
    assert set(observed.first()) == {"impression"}


def test_one_of_somebody_erased_is_closed_without_a_delivery(documents):
    seen, gone = shown(documents, 1, "impression"), sent(documents, 2)
    due = documents.response_windows.due(NOW + 2 * WINDOW, 10)
    documents.personal_data.delete(["p-1"])
    told = Outcome(id="o-1", outcome="impression", delivery_id=seen.delivery_id, at=WHOLE)
    taking = took(Observed(delivery_id=seen.delivery_id), [told], lambda since: since + WINDOW)
    documents.outcomes.record([Recording(seen, taking, None)])

    documents.response_windows.close([each for each in due if each.delivery_id == gone.delivery_id])
    [orphan] = documents.response_windows.due(NOW + 2 * WINDOW, 10)
    assert (orphan.delivery_id, orphan.delivery) == (seen.delivery_id, None)
    documents.response_windows.close([orphan])
    assert documents.response_windows.due(NOW + 2 * WINDOW, 10) == []


def test_looking_costs_what_is_found(documents):
    windows = documents.response_windows
    assert documents.meter.of(lambda: windows.due(NOW, 10)) == (2, 0)
    sent(documents, 1)
    shown(documents, 2, "impression")
    assert documents.meter.of(lambda: windows.due(NOW + 2 * WINDOW, 10)) == (3, 0)
