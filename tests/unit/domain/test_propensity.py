"""Propensity: the declared belief, moved by what was seen, in whatever order it was seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.forgetting import day
from shared.domain.observed import Increment, Lesson, learns
from shared.domain.outcome import NEGATIVE, OUTCOMES, POSITIVE
from shared.domain.predictors import SCORES, SHADOWS, scored
from shared.domain.propensity import Counts, Tally, model_id, present, propensity
from tests.contract.samples import NOW, taught
from tests.unit.domain.lessons import learn
from tests.unit.domain.situations import policy


def believing(probability, evidence):
    """A starting belief."""
    bank = policy(actions={"saver": {"starting": {"propensity": probability, "evidence": evidence}}})
    return bank.revision.treatment("saver.email")[1].starting


@pytest.mark.parametrize(
    ("positives", "negatives", "expected"),
    [(0, 0, 0.2), (1, 0, 3 / 11), (0, 1, 2 / 11), (8, 2, 0.5), (2, 8, 0.2), (10**9, 0, 1.0)],
)
def test_the_posterior_mean(positives, negatives, expected):
    found = propensity(believing(0.2, 10), Counts(positives=positives, negatives=negatives))

    assert found == pytest.approx(expected, abs=1e-6)


@given(positives=st.integers(0, 10**9), negatives=st.integers(0, 10**9))
def test_it_is_never_certain(positives, negatives):
    assert 0 < propensity(believing(0.2, 10), Counts(positives=positives, negatives=negatives)) < 1


def test_every_outcome_teaches_acceptance_refusal_or_nothing():
    teaches = {outcome: taught(learns({}, {outcome: NOW})) for outcome in OUTCOMES}
    assert {outcome for outcome in OUTCOMES if teaches[outcome] == [Counts(positives=1)]} == POSITIVE
    assert {outcome for outcome in OUTCOMES if teaches[outcome] == [Counts(negatives=1)]} == NEGATIVE
    assert {outcome for outcome in OUTCOMES if teaches[outcome] == []} == {
        "sent",
        "delivered",
        "impression",
        "bounce",
    }


def test_a_model_is_of_one_treatment_on_one_channel():
    assert len({model_id(t, c) for t in ("a.email", "b.email") for c in ("email", "sms")}) == 4


def test_an_outcome_counts_half_as_much_after_every_half_life():
    bins = "AAAAA1BBBBB0|AAAAA1~30"
    at = [NOW - timedelta(days=days) for days in (0, 30, 60, 600)]
    taught_then = [counts for then in at for counts in taught([Increment(Lesson(accepted=True, at=then), 1)], bins)]
    shares = [present([counts], day(NOW.timestamp())).positives for counts in taught_then]

    assert all(isinstance(counts.positives, int) for counts in taught_then)
    assert 0.9 < shares[0] <= 1
    assert [share / shares[0] for share in shares] == pytest.approx([1, 1 / 2, 1 / 4, 2**-20], rel=1e-3)
    assert present(taught_then[:1], day(NOW.timestamp()) + 900).positives == 0
    assert taught_then[0].positives_by_pair.keys() == {"AAAAA1"}


def test_what_no_predictor_was_known_of_still_tells_of_its_score():
    tally = Tally()
    learn(tally, scored("", 31), accepted=True)
    learn(tally, scored("", 31, 30), accepted=False)

    assert tally.counts().positives_by_cell == {SCORES[31]: 1}
    assert tally.counts().negatives_by_cell == {SCORES[31]: 1, SHADOWS[30]: 1}


def test_what_is_seen_with_a_parent_is_counted_with_it():
    told = [("AAAAA1BBBBB0|AAAAA1", True), ("AAAAA2BBBBB0|AAAAA2", False), ("AAAAA1BBBBB1|AAAAA1", True), ("", False)]
    tally = Tally()
    for bins, accepted in told:
        learn(tally, bins, accepted=accepted)

    assert tally.counts().positives_by_pair == {"AAAAA1": {"AAAAA1": 2, "BBBBB0": 1, "BBBBB1": 1}}
