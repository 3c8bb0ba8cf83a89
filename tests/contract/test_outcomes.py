"""Outcomes and what they teach."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.domain.errors import AlreadyExistsError
from shared.domain.propensity import NO_EVIDENCE, Counts, learns
from shared.ports import Outcome
from tests.contract.renewals import renewals_end
from tests.contract.samples import NOW, contact, delivery

POSITIVE = Counts(positives=1)


def outcome(number=1, name="click", at=NOW, **changes):
    return Outcome(id=f"o-{number}", outcome=name, delivery_id=delivery(1).delivery_id, at=at, **changes)


@pytest.fixture
def reserved(documents):
    documents.contacts.reserve("p-1", None, [contact(delivery(1))])
    return documents


def observed(documents):
    return documents.contacts.history("p-1").value.contacts[delivery(1).delivery_id].outcomes


def test_an_outcome_is_noted_and_learnt(reserved):
    reserved.outcomes.record(outcome(value=2.5), delivery(1), None, POSITIVE)
    assert observed(reserved) == {"click": NOW}
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}
    assert reserved.contacts.history("p-1").value.contacts[delivery(1).delivery_id].state == "reserved"


def test_a_repeated_outcome_changes_nothing(reserved):
    reserved.outcomes.record(outcome(), delivery(1), None, POSITIVE)
    with pytest.raises(AlreadyExistsError):
        reserved.outcomes.record(outcome(at=NOW - timedelta(days=1)), delivery(1), None, POSITIVE)
    assert observed(reserved) == {"click": NOW}
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}


def test_twenty_repetitions_at_once_count_once(reserved):
    def record(_number: int) -> bool:
        try:
            reserved.outcomes.record(outcome(), delivery(1), None, POSITIVE)
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(record, range(20))) == 1
    assert reserved.new_models().counts() == {delivery(1).model: POSITIVE}


def test_forty_outcomes_at_once_are_all_counted(reserved):
    def record(number: int) -> None:
        learnt = Counts(positives=number % 2, negatives=1 - number % 2)
        reserved.outcomes.record(outcome(number, at=NOW + timedelta(seconds=number)), delivery(1), None, learnt)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(record, range(40)))
    assert reserved.new_models().counts() == {delivery(1).model: Counts(positives=20, negatives=20)}
    assert observed(reserved) == {"click": NOW}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_first_time_of_an_outcome_counts_in_any_order(reserved, order):
    for number in order:
        at = NOW + timedelta(microseconds=number)
        reserved.outcomes.record(outcome(number, at=at), delivery(1), None, NO_EVIDENCE)
    assert observed(reserved) == {"click": NOW}


def test_different_outcomes_stand_side_by_side(reserved):
    reserved.outcomes.record(outcome(1, "impression"), delivery(1), None, NO_EVIDENCE)
    reserved.outcomes.record(outcome(2, "dismiss"), delivery(1), None, Counts(negatives=1))
    assert observed(reserved) == {"impression": NOW, "dismiss": NOW}
    assert reserved.new_models().counts() == {delivery(1).model: Counts(negatives=1)}


def test_what_was_known_of_the_person_is_learnt_by_cell(reserved):
    cells = ["AAAAA1", "ZZ222-", "ZZ222_", "BBBBB0"]
    for number in range(40):
        bins = cells[number % 2] + cells[2 + number % 2]
        reserved.outcomes.record(outcome(number), delivery(1), None, learns(("click", "dismiss")[number % 4 > 1], bins))
    assert reserved.new_models().counts() == {
        delivery(1).model: Counts(
            positives=20,
            negatives=20,
            positives_by_cell=dict.fromkeys(cells, 10),
            negatives_by_cell=dict.fromkeys(cells, 10),
        )
    }
    assert reserved.meter.of(lambda: reserved.outcomes.record(outcome(99), delivery(1), None, POSITIVE)) == (0, 3)


def test_what_teaches_nothing_makes_no_model(reserved):
    reserved.outcomes.record(outcome(name="impression"), delivery(1), None, NO_EVIDENCE)
    assert reserved.new_models().counts() == {}


def test_an_inbound_treatment_enters_the_history_with_its_outcome(documents):
    shown = delivery(1, state="presented")
    documents.contacts.present([shown])
    documents.outcomes.record(outcome(1, "impression"), shown, contact(shown), NO_EVIDENCE)
    documents.outcomes.record(outcome(2, "click"), shown, contact(shown), POSITIVE)
    read = documents.contacts.history("p-1").value
    assert read.contacts == {shown.delivery_id: contact(shown, outcomes={"impression": NOW, "click": NOW})}


def test_models_of_any_name_are_kept_apart(reserved):
    for number, model in enumerate(["a@email", "a@email#1", "a/b@web", "é@sms"]):
        reserved.outcomes.record(outcome(number), delivery(1, model=model), None, POSITIVE)
    assert reserved.new_models().counts() == dict.fromkeys(["a@email", "a@email#1", "a/b@web", "é@sms"], POSITIVE)


def test_operations_are_counted(reserved):
    meter = reserved.meter
    assert meter.of(lambda: reserved.outcomes.record(outcome(1), delivery(1), None, POSITIVE)) == (0, 3)
    assert meter.of(lambda: reserved.outcomes.record(outcome(2), delivery(1), None, NO_EVIDENCE)) == (0, 2)
    assert meter.of(lambda: reserved.new_models().counts()) == (0, 0)


def test_counts_are_renewed_behind_the_answer(reserved):
    now = [0.0]
    models = reserved.new_models(refresh_seconds=60, monotonic=lambda: now[0])
    assert models.counts() == {}
    reserved.outcomes.record(outcome(), delivery(1), None, POSITIVE)
    now[0] = 59
    assert models.counts() == {}
    now[0] = 61
    assert models.counts() == {}
    renewals_end()
    assert models.counts() == {delivery(1).model: POSITIVE}
