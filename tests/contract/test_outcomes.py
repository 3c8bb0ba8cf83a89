"""Outcomes and what they teach."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import reduce
from operator import add

import pytest

from shared.domain.errors import StaleError
from shared.domain.forgetting import day
from shared.domain.observed import Increment, Lesson, Observed, took
from shared.domain.outcome import Outcome
from shared.domain.propensity import ASSOCIATED, Counts, present
from shared.ports import Recording
from tests.contract.renewals import renewals_end
from tests.contract.samples import NOW, contact, delivery, take, taught

POSITIVE, NEGATIVE = Counts(positives=1), Counts(negatives=1)


def outcome(number=1, name="click", at=NOW, of=1, **changes):
    return Outcome(id=f"o-{number}", outcome=name, delivery_id=delivery(of).delivery_id, at=at, **changes)


@pytest.fixture
def reserved(documents):
    documents.contacts.reserve("p-1", None, [contact(delivery(1))])
    return documents


def noted(documents):
    return documents.contacts.history("p-1").value.contacts[delivery(1).delivery_id].outcomes


def until_recorded(documents, told, of=None):
    """Record as any of many does: whoever finds that another was first reads again."""
    while True:
        try:
            return take(documents.outcomes, told, of or delivery(1))
        except StaleError:
            continue


def test_an_outcome_is_kept_noted_and_learnt(reserved):
    take(reserved.outcomes, outcome(value=2.5), delivery(1))
    assert noted(reserved) == {"click": NOW}
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}
    assert reserved.contacts.history("p-1").value.contacts[delivery(1).delivery_id].state == "reserved"
    [kept] = reserved.outcomes.observed([delivery(1).delivery_id, delivery(2).delivery_id]).values()
    assert kept.value.each() == [outcome(value=2.5)]


def test_how_predictors_are_associated_is_known_beside_what_is_learnt(reserved):
    reserved.new_models().associate({"AAAAABBBBB": 900})
    reserved.new_models().associate({"AAAAACCCCC": 800})
    take(reserved.outcomes, outcome(), delivery(1))
    assert reserved.new_models().counts() == {
        delivery(1).model: POSITIVE,
        ASSOCIATED: Counts(associations={"AAAAACCCCC": 800}),
    }


def test_a_repeated_outcome_changes_nothing(reserved):
    assert not take(reserved.outcomes, outcome(), delivery(1))
    assert take(reserved.outcomes, outcome(at=NOW - timedelta(days=1)), delivery(1))
    assert noted(reserved) == {"click": NOW}
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}


def test_what_was_observed_meanwhile_is_not_overwritten(reserved):
    before = Observed(delivery_id=delivery(1).delivery_id)
    for number in (1, 2):
        stale = Recording(delivery(1), took(before, [outcome(3)]), None)
        take(reserved.outcomes, outcome(number), delivery(1))
        with pytest.raises(StaleError):
            reserved.outcomes.record([stale])
    assert {each.id for each in reserved.outcomes.observed([before.delivery_id])[before.delivery_id].value.each()} == {
        "o-1",
        "o-2",
    }


def test_of_several_deliveries_all_or_none_are_recorded(reserved):
    fresh = [
        Recording(of, took(Observed(delivery_id=of.delivery_id), [outcome(n, of=n)]), None)
        for n, of in ((1, delivery(1)), (2, delivery(2)))
    ]
    take(reserved.outcomes, outcome(7, of=2), delivery(2))
    with pytest.raises(StaleError):
        reserved.outcomes.record(fresh)
    assert noted(reserved) == {}
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}
    assert reserved.meter.of(lambda: reserved.outcomes.record(fresh[:1])) == (0, 3)


def test_many_at_once_teach_once(reserved):
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda _: until_recorded(reserved, outcome()), range(8)))
        list(pool.map(lambda n: until_recorded(reserved, outcome(n, at=NOW + timedelta(seconds=n))), range(2, 10)))
    assert again.count(False) == 1
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}
    assert noted(reserved) == {"click": NOW}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_first_time_of_an_outcome_counts_in_any_order(reserved, order):
    for number in order:
        take(reserved.outcomes, outcome(number, at=NOW + timedelta(microseconds=number)), delivery(1))
    assert noted(reserved) == {"click": NOW}


def test_different_outcomes_stand_side_by_side(reserved):
    take(reserved.outcomes, outcome(1, "impression"), delivery(1))
    take(reserved.outcomes, outcome(2, "dismiss"), delivery(1))
    assert noted(reserved) == {"impression": NOW, "dismiss": NOW}
    assert reserved.new_models().counts() == {delivery(1).model: NEGATIVE}


def test_a_late_answer_puts_no_response_right_everywhere(reserved):
    of = delivery(1, bins="AAAAA1ZZ222-")
    take(reserved.outcomes, outcome(1, "no_response", NOW + timedelta(days=7)), of)
    cells = {"AAAAA1": 1, "ZZ222-": 1}
    assert reserved.new_models().counts() == {of.model: Counts(negatives=1, negatives_by_cell=cells)}
    take(reserved.outcomes, outcome(2, "click", NOW + timedelta(days=8)), of)
    assert reserved.new_models().counts() == {of.model: Counts(positives=1, positives_by_cell=cells)}
    assert noted(reserved) == {"click": NOW + timedelta(days=8)}


def test_what_was_known_of_the_person_is_learnt_by_cell(documents):
    cells = ["AAAAA1", "ZZ222-", "ZZ222_", "BBBBB0"]
    for number in range(40):
        of = delivery(number, bins=cells[number % 2] + cells[2 + number % 2])
        take(documents.outcomes, outcome(number, ("click", "dismiss")[number % 4 > 1], of=number), of)
    assert documents.new_models().counts() == {
        delivery(1).model: Counts(
            positives=20,
            negatives=20,
            positives_by_cell=dict.fromkeys(cells, 10),
            negatives_by_cell=dict.fromkeys(cells, 10),
        )
    }


def test_pairs_and_eras_are_counted_by_many_learners_at_once(documents):
    bins = ("AAAAA1BBBBB0|AAAAA1~30", "AAAAA2BBBBB0|AAAAA2~30", "AAAAA1BBBBB1")
    told = [
        (outcome(10 * n + k, name, NOW + timedelta(days=100 * k), of=n), delivery(n, bins=bins[n % 3]))
        for n in range(9)
        for k, name in enumerate(("no_response", "click"))
    ]

    def learn(some):
        for each, of in some:
            until_recorded(documents, each, of)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(learn, [told[n::8] for n in range(8)] + [told[5:9]]))
    expected = [
        counts
        for n in range(9)
        for counts in taught([Increment(Lesson(accepted=True, at=NOW + timedelta(days=100)), 1)], bins[n % 3])
    ]
    today = NOW.timestamp()
    assert len({counts.era for counts in expected}) == 2
    by_era = [reduce(add, [each for each in expected if each.era == era]) for era in {each.era for each in expected}]
    models = documents.new_models(clock=lambda: today)
    assert models.counts() == {delivery(1).model: present(by_era, day(today))}


def test_what_teaches_nothing_makes_no_model(reserved):
    take(reserved.outcomes, outcome(name="impression"), delivery(1))
    assert reserved.new_models().counts() == {}


def test_an_inbound_treatment_enters_the_history_with_its_outcome(documents):
    shown = delivery(1, state="presented")
    documents.contacts.present([shown])
    take(documents.outcomes, outcome(1, "impression"), shown, contact(shown))
    take(documents.outcomes, outcome(2, "click"), shown, contact(shown))
    read = documents.contacts.history("p-1").value
    assert read.contacts == {shown.delivery_id: contact(shown, outcomes={"impression": NOW, "click": NOW})}


def test_models_of_any_name_are_kept_apart(reserved):
    for number, model in enumerate(["a@email", "a@email#1", "a/b@web", "é@sms"]):
        take(reserved.outcomes, outcome(number, of=number), delivery(number, model=model))
    assert reserved.new_models().counts() == dict.fromkeys(["a@email", "a@email#1", "a/b@web", "é@sms"], POSITIVE)


def test_operations_are_counted(reserved):
    meter = reserved.meter
    assert meter.of(lambda: take(reserved.outcomes, outcome(1), delivery(1))) == (1, 3)
    assert meter.of(lambda: take(reserved.outcomes, outcome(2, "impression"), delivery(1))) == (1, 2)
    assert meter.of(lambda: take(reserved.outcomes, outcome(3, at=NOW + timedelta(days=1)), delivery(1))) == (1, 1)
    assert meter.of(lambda: reserved.new_models().counts()) == (0, 0)


def test_counts_are_renewed_behind_the_answer(reserved):
    now = [0.0]
    models = reserved.new_models(refresh_seconds=60, monotonic=lambda: now[0])
    assert models.counts() == {}
    take(reserved.outcomes, outcome(), delivery(1))
    now[0] = 59
    assert models.counts() == {}
    now[0] = 61
    assert models.counts() == {}
    renewals_end()
    assert models.counts() == {delivery(1).model: POSITIVE}
