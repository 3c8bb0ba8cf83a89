"""Contact histories whose settled contacts are folded, and what comes to those after that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.contact_folding import REPEATED_WITHIN, SHOWN_FOR, fold, settled
from shared.domain.contact_past import Folded
from shared.domain.errors import StaleError
from shared.domain.outcome import Outcome
from shared.ports import Folding
from tests.contract.samples import NOW, contact, delivery, take

ONE = delivery(1)
SENT_AT = NOW + timedelta(minutes=1)
LATER = SENT_AT + REPEATED_WITHIN + timedelta(seconds=1)


def observe(documents, of, name, at, number=1, entry=None):
    outcome = Outcome(id=f"o-{number}-{name}", outcome=name, delivery_id=of.delivery_id, at=at)
    return take(documents.outcomes, outcome, of, entry)


def reserve(documents, number, now, rules=()):
    """Reserve, and fold what is settled by then."""
    read = documents.contacts.history("p-1")
    new = delivery(number, at=now, expires_at=now + timedelta(hours=1))
    documents.contacts.reserve("p-1", read.version, [contact(new)], fold=fold(read.value, rules, now))


def send(documents, of=ONE, at=SENT_AT):
    version = documents.contacts.claim(of.claimed(at), None)
    end = of.claimed(at).settled("sent", at)
    documents.contacts.settle(end, version, release=False)
    return end


@pytest.fixture
def folded(documents):
    """The first contact sent, delivered and then folded by the reservation of the second."""
    documents.contacts.reserve("p-1", None, [contact(ONE)])
    send(documents)
    observe(documents, ONE, "delivered", SENT_AT + timedelta(microseconds=1))
    reserve(documents, 2, LATER)
    return documents


def past(documents):
    """The contacts of the past as rules see them: state, time, outcomes."""
    history = documents.contacts.history("p-1").value
    return [(each.state, each.at, each.outcomes) for each in history.past.contacts]


def test_what_is_settled_is_folded_with_all_that_rules_see_of_it(folded):
    history = folded.contacts.history("p-1").value

    assert list(history.contacts) == [delivery(2).delivery_id]
    [one] = history.past.contacts
    assert one.facts() == contact(ONE).facts()
    assert past(folded) == [("sending", SENT_AT, {"delivered": SENT_AT + timedelta(microseconds=1)})]
    assert one.when("sent", LATER) == SENT_AT
    assert history.past.find(ONE.delivery_id) == one


def test_folding_is_part_of_the_commit_that_reserves(documents):
    documents.contacts.reserve("p-1", None, [contact(ONE)])
    send(documents)

    assert documents.meter.of(lambda: reserve(documents, 2, LATER)) == (1, 1)

    assert len(past(documents)) == 1


def test_a_fold_of_what_changed_meanwhile_changes_nothing(documents):
    documents.contacts.reserve("p-1", None, [contact(ONE)])
    send(documents)
    read = documents.contacts.history("p-1")
    observe(documents, ONE, "click", SENT_AT)

    with pytest.raises(StaleError):
        documents.contacts.reserve("p-1", read.version, [contact(delivery(2))], fold=fold(read.value, (), LATER))

    assert documents.contacts.history("p-1").value.contacts[ONE.delivery_id].outcomes == {"click": SENT_AT}


def test_reservations_that_lapsed_or_were_released_are_gone(documents):
    documents.contacts.reserve("p-1", None, [contact(delivery(n)) for n in (1, 2)])
    version = documents.contacts.claim(ONE.claimed(SENT_AT), None)
    documents.contacts.settle(ONE.claimed(SENT_AT).settled("failed", SENT_AT), version, release=True)

    reserve(documents, 3, LATER)

    assert past(documents) == []
    assert list(documents.contacts.history("p-1").value.contacts) == [delivery(3).delivery_id]


def test_an_outcome_of_a_folded_contact_counts_with_it(folded):
    clicked = LATER + timedelta(hours=1)
    observe(folded, ONE, "click", clicked)
    observe(folded, ONE, "delivered", clicked, number=2)

    known = {"delivered": SENT_AT + timedelta(microseconds=1), "click": clicked}
    assert past(folded) == [("sending", SENT_AT, known)]
    assert list(folded.contacts.history("p-1").value.contacts) == [delivery(2).delivery_id]

    reserve(folded, 3, LATER + timedelta(hours=2))
    assert past(folded) == [("sending", SENT_AT, known)]
    assert not folded.contacts.history("p-1").value.late


def test_an_outcome_that_came_earlier_than_the_one_that_was_folded_counts_from_then(folded):
    observe(folded, ONE, "delivered", SENT_AT, number=2)

    assert past(folded) == [("sending", SENT_AT, {"delivered": SENT_AT})]


def test_an_answer_that_comes_after_folding_puts_no_response_right(folded):
    observe(folded, ONE, "no_response", LATER)
    reserve(folded, 2, LATER + timedelta(hours=1))
    assert "no_response" in past(folded)[0][2]

    observe(folded, ONE, "click", LATER + timedelta(hours=2))

    assert "no_response" not in past(folded)[0][2]
    reserve(folded, 3, LATER + timedelta(hours=3))
    assert "click" in past(folded)[0][2]
    assert "no_response" not in past(folded)[0][2]


def test_an_outcome_that_is_told_again_after_folding_changes_nothing_as_ever(folded):
    assert observe(folded, ONE, "delivered", LATER)

    assert past(folded) == [("sending", SENT_AT, {"delivered": SENT_AT + timedelta(microseconds=1)})]


def test_outcomes_of_a_contact_that_nothing_is_known_of_any_more_count_from_the_first_of_them(documents):
    documents.contacts.reserve("p-1", None, [contact(delivery(2))])

    observe(documents, ONE, "complaint", LATER)
    observe(documents, ONE, "click", LATER - timedelta(hours=1))

    outcomes = {"click": LATER - timedelta(hours=1), "complaint": LATER}
    assert [(state, at) for state, at, _ in past(documents)] == [("presented", LATER - timedelta(hours=1))]
    assert past(documents)[0][2] == outcomes
    reserve(documents, 3, LATER)
    assert past(documents)[0][2] == outcomes


def test_another_attempt_at_a_folded_contact_moves_it(documents):
    documents.contacts.reserve("p-1", None, [contact(ONE)])
    version = documents.contacts.claim(ONE.claimed(SENT_AT), None)
    reserve(documents, 2, LATER)

    version = documents.contacts.claim(ONE.claimed(SENT_AT).claimed(LATER), version)

    assert past(documents) == [("sending", LATER, {})]
    documents.contacts.settle(ONE.settled("cancelled", LATER), version, release=True)
    assert past(documents) == []
    reserve(documents, 3, LATER)
    assert past(documents) == []


def test_what_was_shown_is_folded_and_its_later_outcomes_find_it(documents):
    shown = delivery(1, state="presented", expires_at=None)
    documents.contacts.present([shown])
    seen, clicked = NOW + timedelta(minutes=1), NOW + timedelta(days=1)
    observe(documents, shown, "impression", seen, entry=contact(shown))
    read = documents.contacts.history("p-1")
    assert settled(read.value, NOW + SHOWN_FOR) == 0
    now = NOW + SHOWN_FOR + timedelta(seconds=1)
    assert settled(read.value, now) == 1
    folding = Folding("p-1", read.version, fold(read.value, (), now))

    next_one = delivery(2, state="presented", at=now)
    assert documents.meter.of(lambda: documents.contacts.present([next_one], folding=folding)) == (0, 2)
    observe(documents, shown, "click", clicked, entry=contact(shown))

    assert past(documents) == [("presented", NOW, {"impression": seen, "click": clicked})]
    read = documents.contacts.history("p-1")
    assert not read.value.contacts
    assert settled(read.value, now) == 1


def test_what_is_offered_is_offered_even_if_the_history_cannot_be_folded(documents):
    documents.contacts.reserve("p-1", None, [contact(ONE)])
    send(documents)
    read = documents.contacts.history("p-1")
    folding = Folding("p-1", read.version, fold(read.value, (), LATER))
    observe(documents, ONE, "click", SENT_AT)
    shown = delivery(2, state="presented")

    assert documents.meter.of(lambda: documents.contacts.present([shown], folding=folding)) == (0, 1)

    assert list(documents.contacts.deliveries([shown.delivery_id])) == [shown.delivery_id]
    assert documents.contacts.history("p-1").value.contacts[ONE.delivery_id].outcomes == {"click": SENT_AT}
    documents.contacts.present([shown], folding=folding)
    assert past(documents) == []


def test_facts_stay_what_they_were_when_the_person_was_contacted(documents):
    moved = delivery(2, group="loans", revision="sha256:01")
    documents.contacts.reserve("p-1", None, [contact(ONE)])
    send(documents)
    documents.contacts.reserve("p-1", documents.contacts.history("p-1").version, [contact(moved)])
    send(documents, moved)
    now = LATER
    for number in (3, 4):
        now += REPEATED_WITHIN + timedelta(hours=1)
        reserve(documents, number, now)
        observe(documents, ONE, "click", now, number=number)

    history = documents.contacts.history("p-1").value
    groups = {each.when("click", now) is not None: each.facts()["group"] for each in history.past.contacts}
    assert groups == {True: "savings", False: "loans"}
    assert all(isinstance(each, Folded) for each in history.past.contacts)
