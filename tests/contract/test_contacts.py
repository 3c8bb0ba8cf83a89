"""Contact histories, reservations and deliveries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.domain.contact_folding import fold
from shared.domain.contact_history import ContactHistory
from shared.domain.errors import AlreadyExistsError, StaleError
from tests.contract.samples import NOW, contact, delivery


def reserved(documents, *deliveries, now=None):
    """Reserve on what is there now, and with `now` fold it."""
    person_id = deliveries[0].person_id
    read = documents.contacts.history(person_id)
    folded = fold(read.value, (), now) if now else None
    documents.contacts.reserve(person_id, read.version, [contact(d) for d in deliveries], fold=folded)


def test_who_was_never_contacted_has_an_empty_history(documents):
    read = documents.contacts.history("p-1")
    assert read.value == ContactHistory()
    assert read.version is None


def test_a_reservation_is_in_the_history_and_its_delivery_can_be_told_from_it(documents):
    one, two = delivery(1), delivery(2)
    reserved(documents, one, two)
    entries = documents.contacts.history("p-1").value.contacts
    assert entries == {d.delivery_id: contact(d) for d in (one, two)}
    assert {key: entry.delivery("p-1") for key, entry in entries.items()} == {d.delivery_id: d for d in (one, two)}
    assert documents.contacts.deliveries([one.delivery_id, two.delivery_id]) == {}


def test_reservations_add_up(documents):
    reserved(documents, delivery(1))
    reserved(documents, delivery(2))
    assert len(documents.contacts.history("p-1").value.contacts) == 2


def test_outcomes_of_a_contact_keep_their_microseconds(documents):
    one = delivery(1)
    noted = contact(one, outcomes={"sent": NOW, "click": NOW + timedelta(microseconds=1)})
    documents.contacts.reserve("p-1", None, [noted])
    assert documents.contacts.history("p-1").value.contacts[one.delivery_id] == noted


def test_a_history_that_changed_refuses_a_reservation(documents):
    version = documents.contacts.history("p-1").version
    reserved(documents, delivery(1))
    for stale in (version, None):
        with pytest.raises(StaleError):
            documents.contacts.reserve("p-1", stale, [contact(delivery(2))])
    old = documents.contacts.history("p-1").version
    documents.contacts.withhold("p-1", "d-9", NOW)
    with pytest.raises(StaleError):
        documents.contacts.reserve("p-1", old, [contact(delivery(2))])
    assert list(documents.contacts.history("p-1").value.contacts) == [delivery(1).delivery_id]


def test_withheld_decisions_whose_repetition_no_longer_matters_are_forgotten(documents):
    reserved(documents, delivery(1))
    documents.contacts.withhold("p-1", "d-old", NOW)
    documents.contacts.withhold("p-1", "d-new", NOW + timedelta(hours=1))
    reserved(documents, delivery(2), now=NOW + timedelta(hours=48, seconds=1))
    read = documents.contacts.history("p-1").value
    assert set(read.contacts) == {delivery(1).delivery_id, delivery(2).delivery_id}
    assert read.withheld == {"d-new": NOW + timedelta(hours=1)}


def test_withheld_decisions_are_remembered(documents):
    documents.contacts.withhold("p-1", "d-1", NOW)
    documents.contacts.withhold("p-1", "d-2", NOW + timedelta(seconds=1))
    documents.contacts.withhold("p-1", "d-1", NOW)
    read = documents.contacts.history("p-1")
    assert read.value.withheld == {"d-1": NOW, "d-2": NOW + timedelta(seconds=1)}
    documents.contacts.reserve("p-1", read.version, [contact(delivery(1))])
    assert len(documents.contacts.history("p-1").value.withheld) == 2


def test_a_withheld_decision_takes_old_ones_with_it(documents):
    for name in ("d-old", "d-older", "d-new"):
        documents.contacts.withhold("p-1", name, NOW)
    forget = ["d-old", "d-older", "d-unknown"]
    assert documents.meter.of(lambda: documents.contacts.withhold("p-1", "d-now", NOW, forget=forget)) == (0, 1)
    assert documents.contacts.history("p-1").value.withheld == {"d-new": NOW, "d-now": NOW}
    documents.contacts.withhold("p-2", "d-1", NOW, forget=["d-none"])
    assert documents.contacts.history("p-2").value.withheld == {"d-1": NOW}


def test_presented_deliveries_are_created_once_and_leave_the_history_alone(documents):
    first = [delivery(n, state="presented") for n in (1, 2)]
    documents.contacts.present(first)
    documents.contacts.present([delivery(1, state="presented", at=NOW + timedelta(hours=1)), delivery(3)])
    found = documents.contacts.deliveries([delivery(n).delivery_id for n in (1, 2, 3, 4)])
    assert found == {d.delivery_id: d for d in (*first, delivery(3))}
    assert documents.contacts.history("p-1").version is None
    documents.contacts.present([])


@pytest.mark.parametrize("delivery_id", ["", "a/b", "..", "__x__", "x" * 3000, "é"])
def test_any_text_may_be_asked_for_as_a_delivery(documents, delivery_id):
    assert documents.contacts.delivery(delivery_id) is None
    assert documents.contacts.deliveries([delivery_id, delivery_id]) == {}
    assert documents.contacts.deliveries([]) == {}


def test_a_first_claim_makes_the_delivery_s_document_and_moves_the_contact(documents):
    one = delivery(1, attempts=3, reason="é")
    reserved(documents, one)
    later = NOW + timedelta(minutes=1)
    after = documents.contacts.claim(one.claimed(later), None)
    read = documents.contacts.delivery(one.delivery_id)
    assert read.value == one.claimed(later)
    assert read.version == after
    entry = documents.contacts.history("p-1").value.contacts[one.delivery_id]
    assert entry == contact(one, state="sending", at=later)


def test_a_further_claim_moves_both(documents):
    one = delivery(1)
    reserved(documents, one)
    version = documents.contacts.claim(one.claimed(NOW), None)
    again = one.claimed(NOW).claimed(NOW + timedelta(minutes=1))
    after = documents.contacts.claim(again, version)
    read = documents.contacts.delivery(one.delivery_id)
    assert (read.value, read.version) == (again, after)
    assert documents.contacts.history("p-1").value.contacts[one.delivery_id].at == again.at


def test_a_claim_of_what_was_claimed_changed_or_never_was_is_refused(documents):
    one = delivery(1)
    reserved(documents, one)
    version = documents.contacts.claim(one.claimed(NOW), None)
    later = NOW + timedelta(minutes=1)
    with pytest.raises(AlreadyExistsError):
        documents.contacts.claim(one.claimed(later), None)
    documents.contacts.claim(one.claimed(later), version)
    with pytest.raises(StaleError):
        documents.contacts.claim(one.claimed(later + timedelta(minutes=1)), version)
    with pytest.raises(StaleError):
        documents.contacts.claim(delivery(2).claimed(later), version)
    assert documents.contacts.delivery(delivery(2).delivery_id) is None
    assert documents.contacts.history("p-1").value.contacts[one.delivery_id].at == later


def test_of_twenty_claims_one_wins(documents):
    one = delivery(1)
    reserved(documents, one)

    def claim(_number: int) -> bool:
        try:
            documents.contacts.claim(one.claimed(NOW), None)
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(claim, range(20))) == 1
    assert documents.contacts.delivery(one.delivery_id).value.attempts == 1


@pytest.mark.parametrize("state", ["sent", "failed", "expired", "cancelled"])
def test_an_end_is_kept_and_a_release_no_longer_counts(documents, state):
    one = delivery(1)
    reserved(documents, one)
    version = documents.contacts.claim(one.claimed(NOW), None)
    end = one.claimed(NOW).settled(state, NOW, reference="ref é", reason="why")
    documents.contacts.settle(end, version, release=state != "sent")
    assert documents.contacts.delivery(one.delivery_id).value == end
    entry = documents.contacts.history("p-1").value.contacts[one.delivery_id]
    assert entry.state == ("sending" if state == "sent" else "released")
    with pytest.raises(StaleError):
        documents.contacts.settle(end, version, release=True)


def test_what_nobody_claimed_may_end_too(documents):
    one = delivery(1)
    reserved(documents, one)
    expired = one.settled("expired", NOW, reason="not sent in time")
    assert documents.meter.of(lambda: documents.contacts.settle(expired, None, release=True)) == (0, 2)
    assert documents.contacts.delivery(one.delivery_id).value == expired
    assert documents.contacts.history("p-1").value.contacts[one.delivery_id].state == "released"
    with pytest.raises(AlreadyExistsError):
        documents.contacts.claim(one.claimed(NOW), None)


def test_a_stale_end_releases_nothing(documents):
    one = delivery(1)
    reserved(documents, one)
    version = documents.contacts.claim(one.claimed(NOW), None)
    documents.contacts.claim(one.claimed(NOW + timedelta(minutes=1)), version)
    with pytest.raises(StaleError):
        documents.contacts.settle(one.settled("expired", NOW), version, release=True)
    with pytest.raises(AlreadyExistsError):
        documents.contacts.settle(one.settled("expired", NOW), None, release=True)
    assert documents.contacts.history("p-1").value.contacts[one.delivery_id].state == "sending"


def test_operations_are_counted(documents):
    meter, contacts = documents.meter, documents.contacts
    assert meter.of(lambda: contacts.history("p-1")) == (1, 0)
    versions = []
    one = delivery(1)
    assert meter.of(lambda: contacts.reserve("p-1", None, [contact(one)])) == (0, 1)
    assert meter.of(lambda: versions.append(contacts.claim(one.claimed(NOW), None))) == (0, 2)
    sent = one.claimed(NOW).settled("sent", NOW)
    assert meter.of(lambda: contacts.settle(sent, versions.pop(), release=False)) == (0, 1)
    version = contacts.delivery(one.delivery_id).version
    assert meter.of(lambda: contacts.settle(sent, version, release=True)) == (0, 2)
    assert meter.of(lambda: contacts.withhold("p-1", "d-1", NOW)) == (0, 1)
    assert meter.of(lambda: contacts.delivery("v-none")) == (1, 0)
    assert meter.of(lambda: contacts.deliveries(["v-a", "v-b", "v-a", one.delivery_id])) == (3, 0)
    assert meter.of(lambda: contacts.present([delivery(5), delivery(6)])) == (0, 2)
    assert meter.of(lambda: contacts.present([delivery(5), delivery(6)])) == (2, 0)
    assert meter.of(lambda: contacts.present([delivery(6), delivery(7)])) == (2, 1)


def test_twenty_threads_on_one_history_lose_no_reservation(documents):
    seen = []

    def reserve(number: int) -> None:
        while True:
            read = documents.contacts.history("p-1")
            try:
                documents.contacts.reserve("p-1", read.version, [contact(delivery(number))])
            except StaleError:
                continue
            seen.append((read.version, len(read.value.contacts)))
            return

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(reserve, range(20)))
    assert len({version for version, _ in seen}) == 20
    assert sorted(count for _, count in seen) == list(range(20))
    assert len(documents.contacts.history("p-1").value.contacts) == 20


def test_a_cap_holds_however_many_ask_at_once(documents):
    """Fifty signals of one person at once and a cap of two: exactly two reservations."""

    def reserve(number: int) -> bool:
        while True:
            read = documents.contacts.history("p-1")
            if len(read.value.contacts) >= 2:
                documents.contacts.withhold("p-1", delivery(number).decision_id, NOW)
                return False
            try:
                documents.contacts.reserve("p-1", read.version, [contact(delivery(number))])
            except StaleError:
                continue
            return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(reserve, range(50))) == 2
    read = documents.contacts.history("p-1").value
    assert len(read.contacts) == 2
    assert len(read.withheld) == 48


def test_a_person_with_five_hundred_contacts(documents):
    old = [delivery(n, at=NOW - timedelta(minutes=n)) for n in range(500)]
    entries = [contact(d, outcomes={"sent": d.at, "click": d.at}) for d in old]
    documents.contacts.reserve("p-1", None, entries)
    read = documents.contacts.history("p-1")
    assert read.value.contacts == {entry.delivery_id: entry for entry in entries}
    new = delivery(500)
    later = NOW + timedelta(days=3)
    documents.contacts.reserve("p-1", read.version, [contact(new)], fold=fold(read.value, (), later))
    after = documents.contacts.history("p-1").value
    lapsed = NOW + timedelta(hours=1)
    assert set(after.contacts) == {new.delivery_id}
    assert not after.past.contacts  # reservations that nobody claimed: they count no more
    assert not any(each.counts(lapsed + timedelta(microseconds=123456)) for each in after.contacts.values())


def test_what_was_sent_is_found_by_what_its_provider_calls_it(documents):
    ends = []
    for number, reference in enumerate(["m-1", "m-2", "m-2", None]):
        claimed = delivery(number).claimed(NOW)
        version = documents.contacts.claim(claimed, None)
        ends.append(claimed.settled("sent", NOW, reference=reference))
        documents.contacts.settle(ends[-1], version, release=False)

    found = documents.contacts.by_references(["m-2", "m-1", "m-3"])

    assert {key: {each.delivery_id for each in several} for key, several in found.items()} == {
        "m-1": {ends[0].delivery_id},
        "m-2": {ends[1].delivery_id, ends[2].delivery_id},
    }
    assert found["m-1"] == [ends[0]]
    assert documents.contacts.by_references([]) == {}
    assert documents.meter.of(lambda: documents.contacts.by_references(["m-1", "m-2"])) == (3, 0)
    assert documents.meter.of(lambda: documents.contacts.by_references(["m-9"])) == (1, 0)


def test_deliveries_of_an_action_to_some_persons_are_found(documents):
    one, other, third = delivery(1), delivery(2, "p-2", action="loan"), delivery(3, "p-3")
    documents.contacts.present([one, other, third])

    found = documents.contacts.deliveries_of(["p-1", "p-2", "p-4"], "isa")

    assert found == [one]
    assert documents.contacts.deliveries_of(["p-4"], "isa") == []
    assert documents.meter.of(lambda: documents.contacts.deliveries_of(["p-1", "p-3"], "isa")) == (2, 0)
