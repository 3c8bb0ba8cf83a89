"""Calibration: scores are corrected by what came of those to whom they said so, and keep their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calibration import CALIBRATED_FROM, FEW, MIDDLES, SAID, Calibration, bins_of, isotonic
from shared.domain.predictors import SCORES, half_life_of, scored, taught_by
from shared.domain.propensity import Counts, Tally
from tests.unit.domain.lessons import learn

ONE = np.zeros(1, np.intp)
NUMBERS = st.lists(st.integers(0, 400), min_size=len(SCORES), max_size=len(SCORES))


def told(yes, no):
    """Counts of a model by bin of its score."""
    return Counts(
        positives_by_cell={SCORES[n]: count for n, count in yes.items()},
        negatives_by_cell={SCORES[n]: count for n, count in no.items()},
    )


def calibrated(counts, p):
    found, bins = Calibration([counts], ONE)(np.array([p]), ONE)
    return float(found[0]), int(bins[0])


def test_a_score_that_says_too_much_comes_down_to_what_came_of_it():
    p, score = calibrated(told({31: 200}, {31: 1800}), 0.47)
    assert score == 31
    assert p == pytest.approx(0.1, abs=0.01)


def test_little_evidence_calibrates_nothing():
    assert calibrated(told({31: 20}, {31: CALIBRATED_FROM - 21}), 0.3)[0] == pytest.approx(0.3)
    assert calibrated(told({31: 0}, {31: 300}), 0.02)[0] < 0.02


@given(yes=NUMBERS, no=NUMBERS)
def test_a_higher_score_remains_higher(yes, no):
    odds = isotonic(np.array(yes, np.float64), np.array(no, np.float64))
    assert np.isfinite(odds).all()
    assert (np.diff(odds) > 0).all()


def test_without_outcomes_a_score_is_what_it_says():
    assert isotonic(np.zeros(len(SCORES)), np.zeros(len(SCORES))) == pytest.approx(MIDDLES)
    assert pytest.approx(SAID[32]) == 1 / (1 + np.exp(-0.125))


def test_a_delivery_carries_the_bin_of_its_score():
    bins = scored("AAAAA1BBBBB2|AAAAA1~30", 31)
    assert taught_by(bins) == (("AAAAA1", "BBBBB2"), "AAAAA1", "V")
    assert half_life_of(bins) == 30
    tally = Tally()
    learn(tally, bins.replace("~30", ""), accepted=True)
    assert tally.counts().positives_by_cell == {"AAAAA1": 1, "BBBBB2": 1, SCORES[31]: 1}
    assert tally.counts().positives_by_pair == {"AAAAA1": {"AAAAA1": 1, "BBBBB2": 1}}


@given(p=st.lists(st.floats(1e-8, 1 - 1e-8) | st.sampled_from(SAID.tolist()), min_size=FEW + 1, max_size=3 * FEW))
def test_a_score_has_its_bin_whether_few_are_asked_about_or_many(p):
    assert bins_of(np.array(p)) == b"".join(bins_of(np.array([each])) for each in p)
