"""The ports `Contacts` and `Deferrals`, as far as decisions wait: kept once, due in time, fired once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from shared.domain.errors import StaleError
from tests.contract.samples import NOW, contact, deferral, delivery, signal

LATER = NOW + timedelta(days=1)


def test_a_deferral_comes_back_as_it_was_kept(documents):
    odd = {"path": [["/a", 1], []], "Zoë.`é`": None}
    kept = deferral(signal=msgspec.structs.replace(signal(), properties=odd))

    documents.contacts.defer("p-1", None, kept)

    assert documents.contacts.deferral("d-1") == kept
    assert documents.contacts.deferral("d-2") is None
    assert documents.contacts.history("p-1").value.withheld == {"d-1": NOW}


def test_it_is_kept_beside_what_the_history_holds_and_what_it_forgets(documents):
    contacts = documents.contacts
    contacts.reserve("p-1", None, [contact(delivery(1)), contact(delivery(2))])
    contacts.withhold("p-1", "d-old", NOW)

    contacts.defer("p-1", contacts.history("p-1").version, deferral(), forget=["d-old"])

    history = contacts.history("p-1").value
    assert set(history.contacts) == {delivery(1).delivery_id, delivery(2).delivery_id}
    assert set(history.withheld) == {"d-1"}


def test_it_is_not_kept_when_the_history_has_changed(documents):
    contacts = documents.contacts
    contacts.reserve("p-1", None, [contact(delivery(1))])
    version = contacts.history("p-1").version
    contacts.reserve("p-1", version, [contact(delivery(2))])

    for stale in (version, None):
        with pytest.raises(StaleError):
            contacts.defer("p-1", stale, deferral())

    assert contacts.deferral("d-1") is None
    assert contacts.history("p-1").value.withheld == {}


def test_it_costs_a_read_of_the_history_and_two_writes(documents):
    assert documents.meter.of(lambda: documents.contacts.defer("p-1", None, deferral())) == (0, 2)
    assert documents.meter.of(lambda: documents.contacts.deferral("d-1")) == (1, 0)


def test_of_many_at_once_one_is_kept(documents):
    def try_once(_n) -> bool:
        try:
            documents.contacts.defer("p-1", None, deferral())
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_once, range(8))) == 1


def test_what_is_due_comes_in_order_and_what_has_fired_no_more(documents):
    for number in (3, 1, 2, 5):
        documents.contacts.defer(f"p-{number}", None, deferral(number))
    at = NOW + timedelta(hours=3)

    due = documents.deferrals.due(at, 10)

    assert [each.decision_id for each in due] == ["d-1", "d-2", "d-3"]
    assert [each.decision_id for each in documents.deferrals.due(at, 2)] == ["d-1", "d-2"]
    assert documents.meter.of(lambda: documents.deferrals.fired(due[:2], at)) == (0, 2)
    assert documents.deferrals.due(at, 10) == [due[2]]
    assert documents.contacts.deferral("d-1") == due[0]


def test_firing_twice_changes_nothing(documents):
    documents.contacts.defer("p-1", None, deferral())
    due = documents.deferrals.due(LATER, 10)

    documents.deferrals.fired(due, LATER)
    documents.deferrals.fired(due, LATER)

    assert documents.deferrals.due(LATER, 10) == []


def test_a_page_costs_what_it_holds_and_an_empty_one_a_read(documents):
    assert documents.meter.of(lambda: documents.deferrals.due(LATER, 10)) == (1, 0)
    for number in (1, 2, 3):
        documents.contacts.defer(f"p-{number}", None, deferral(number))

    assert documents.meter.of(lambda: documents.deferrals.due(LATER, 10)) == (3, 0)


def test_one_that_is_gone_is_not_marked_and_neither_is_another_with_it(documents):
    documents.contacts.defer("p-1", None, deferral())

    with pytest.raises(StaleError):
        documents.deferrals.fired([deferral(), deferral(2)], LATER)

    assert len(documents.deferrals.due(LATER, 10)) == 1
