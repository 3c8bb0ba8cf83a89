"""Pairs of predictors: counts add up however they are split, and say what numpy's correlation says of the same."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Learning, NumericPredictor, SymbolicPredictor
from shared.domain.grouping import groups_of, joined
from shared.domain.pairs import Pairs, associations, counted, cramers_v, crossed, likeness, rank_correlation, together
from shared.domain.predictors import Predictors
from shared.domain.propensity import ASSOCIATED, Counts
from tests.unit.domain.situations import policy

BINARY = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=100, max_size=300)
DECLARED = [
    NumericPredictor(reads="profile.balance", edges=tuple(map(float, range(1, 30)))),
    NumericPredictor(reads="profile.income", edges=(1.0, 2.0)),
    SymbolicPredictor(reads="profile.job", values=("clerk", "retired")),
]
PREDICTORS = Predictors(DECLARED, Learning(alike_from=0.8))
SEEN = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(0, 3)), min_size=100, max_size=200)


@given(seen=BINARY)
@settings(deadline=None)
def test_of_two_yes_or_no_it_is_the_correlation_less_what_chance_makes_of_it(seen):
    one, other = zip(*seen, strict=True)
    n = len(seen)
    if len({*one}) == len({*other}) == 2:
        r = np.corrcoef(one, other)[0, 1]
        corrected = max(0.0, r * r - 1.0 / (n - 1)) / (1.0 - 1.0 / (n - 1))
        assert cramers_v(crossed(one, other)) == pytest.approx(math.sqrt(corrected), abs=1e-7)
    else:
        assert cramers_v(crossed(one, other)) == 0.0


@given(seen=SEEN)
@settings(deadline=None)
def test_of_numbers_it_is_the_correlation_of_their_ranks(seen):
    known = [(one, other) for one, other, _ in seen if one and other]
    table = crossed([one for one, _, _ in seen], [other for _, other, _ in seen])
    if 2 * len(known) < len(seen):
        assert rank_correlation(table) == 0.0
        return
    ranks = [
        2.0 * np.searchsorted(sorted(each), each) + [each.count(b) for b in each] for each in zip(*known, strict=True)
    ]
    if all(len({*each}) > 1 for each in ranks):
        assert rank_correlation(table) == pytest.approx(np.corrcoef(ranks)[0, 1], abs=1e-9)
    assert likeness(table, in_order=True) >= likeness(table, in_order=False)


@given(seen=SEEN, cut=st.integers(0, 200))
@settings(deadline=None, max_examples=30)
def test_counts_add_up_to_the_same_however_days_part_them(seen, cut):
    def told(some):
        return counted((PREDICTORS, each) for each in some)

    whole, parts = told(seen), together([told(seen[cut:]), told(seen[:cut])])
    assert parts == whole
    assert associations(msgspec.json.decode(msgspec.json.encode(parts), type=Pairs), PREDICTORS) == associations(
        whole, PREDICTORS
    )


def test_numbers_that_rise_together_are_alike_though_one_is_cut_finely_and_groups_are_named_by_what_they_read():
    compiled = policy(
        predictors=[
            {"reads": "profile.disposable_income", "kind": "numeric", "edges": [10.0, 20.0, 30.0, 40.0, 50.0]},
            {"reads": "profile.age", "kind": "numeric", "edges": [30, 60]},
            {"reads": "profile.vip", "kind": "symbolic"},
        ],
        learning={"alike_from": 0.8},
    )
    predictors, reads = compiled.factors.predictors, [each.reads for each in compiled.revision.catalogue.predictors]
    bins = {
        "profile.disposable_income": [1 + n % 6 for n in range(600)],
        "profile.age": [1 + n % 6 // 2 for n in range(600)],
    }
    bins["profile.vip"] = [2 + n // 6 % 2 for n in range(600)]
    pairs = counted((predictors, [bins[each][n] for each in reads]) for n in range(600))
    found = Counts(associations=associations(pairs, predictors))

    assert groups_of(compiled.revision, {ASSOCIATED: found}) == (("profile.age", "profile.disposable_income"),)
    assert groups_of(compiled.revision, {}) == ()
    few = counted((predictors, [bins[each][n] for each in reads]) for n in range(60))
    assert associations(few, predictors) == {}


def test_links_join_what_they_lead_to():
    assert joined([(0.9, "a", "b"), (0.85, "c", "b"), (0.8, "a", "c"), (0.7, "d", "a")], 0.8) == [
        (("a", "b", "c"), 0.85)
    ]
