"""Propensity: the declared belief, moved by what was seen, in whatever order it was seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.observed import learns
from shared.domain.outcome import NEGATIVE, OUTCOMES, POSITIVE
from shared.domain.propensity import Counts, model_id, propensity, taught
from tests.contract.samples import NOW
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
    assert {outcome for outcome in OUTCOMES if teaches[outcome] == Counts(positives=1)} == POSITIVE
    assert {outcome for outcome in OUTCOMES if teaches[outcome] == Counts(negatives=1)} == NEGATIVE
    assert {outcome for outcome in OUTCOMES if teaches[outcome] == Counts()} == {
        "sent",
        "delivered",
        "impression",
        "bounce",
    }


def test_a_model_is_of_one_treatment_on_one_channel():
    assert len({model_id(t, c) for t in ("a.email", "b.email") for c in ("email", "sms")}) == 4
