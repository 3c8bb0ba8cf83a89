"""Arbitration: the order, and the factors it came from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arbitration import rank, reranking, scoring
from shared.domain.columns import FEW, MANY, places_by
from shared.domain.propensity import Counts
from shared.domain.ranking import propensities, unpacked
from tests.unit.domain.situations import NOW, cases, person, policy, signal


def scored(bank, someone, happened, ranking):
    """What a ranking was made of, worked out again as for a record."""
    rows, known = unpacked(ranking.candidate_rows), propensities(ranking.propensity_parts)
    situation = bank.situation(someone, happened, NOW)
    assert reranking(bank, rows, known, situation, ranking.models) == ranking
    found = scoring(bank, rows, known, situation, ranking.models)
    assert found.treatments == tuple(bank.ids(ranking.rows()))
    assert list(found.priorities) == list(ranking.weights())
    return found


@pytest.mark.parametrize("case", cases("arbitration"))
def test_the_order_and_its_factors(case):
    bank = policy(**case.get("bank", {}))
    counts = {model: Counts(positives=p, negatives=n) for model, (p, n) in case.get("counts", {}).items()}

    someone, happened = person(**case.get("person", {})), signal(**case.get("signal", {}))

    ranking = rank(bank, bank.row_set(case["candidates"]), someone, happened, counts, NOW)

    ranked = scored(bank, someone, happened, ranking)
    assert [each.treatment for each in ranked] == [each["treatment"] for each in case["ranked"]]
    for each, expected in zip(ranked, case["ranked"], strict=True):
        assert {name: getattr(each, name) for name in expected} == {
            name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
            for name, value in expected.items()
        }


EVERY = [
    "saver.hero",
    "saver.email",
    "saver.sms",
    "loan.tile",
    "loan.email",
    "tips.email",
    "tips.letter",
    "notice.letter",
]
EVIDENCE = st.dictionaries(
    st.sampled_from(["saver.email@email", "saver.sms@sms", "loan.email@email", "tips.email@email"]),
    st.builds(Counts, positives=st.integers(0, 10**6), negatives=st.integers(0, 10**6)),
)


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(EVERY), counts=EVIDENCE, income=st.floats(0, 1e9))
def test_the_ranking_is_one_whatever_the_order_and_falls_from_top_to_bottom(order, counts, income):
    bank = policy()
    someone = person(disposable_income=income)

    ranking = rank(bank, bank.row_set(order), someone, signal(), counts, NOW)

    assert ranking == rank(bank, bank.row_set(EVERY), someone, signal(), counts, NOW)
    ranked = scored(bank, someone, signal(), ranking)
    actions = [bank.revision.treatment(each.treatment)[0] for each in ranked]
    keys = [(not a.mandatory, -each.priority, a.id, each.treatment) for a, each in zip(actions, ranked, strict=True)]
    assert keys == sorted(keys)
    for each in ranked:
        assert 0 < each.propensity < 1
        assert each.value >= 0
        assert math.isfinite(each.priority)


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, MANY, MANY + 1, 3 * MANY])
@pytest.mark.parametrize("values", [1, 7, 10**9])
def test_equals_stay_in_the_order_of_their_rows_however_many_rank(count, values):
    priorities = np.random.default_rng(count).integers(0, values, count).astype(np.float64)

    assert places_by(priorities).tolist() == sorted(range(count), key=lambda place: (-priorities[place], place))
