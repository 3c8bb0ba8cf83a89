"""Exploration: draws have the moments of their distribution, are the decision's own, and no treatment's depends on
another's.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.exploration import draw, streams

DRAWS = 200_000


def many(mean, evidence, decision="d-1"):
    of = streams([f"t{n}" for n in range(DRAWS)])
    return draw(decision, of, np.full(DRAWS, mean), np.full(DRAWS, float(evidence)))


@pytest.mark.parametrize(
    ("mean", "evidence"),
    [(0.02, 50), (0.3, 2), (0.5, 4), (0.12, 20), (0.1, 1000), (0.7, 1), (0.5, 100_000), (0.9, 30), (0.004, 2500)],
)
def test_the_moments_of_a_beta(mean, evidence):
    drawn = many(mean, evidence)
    variance = mean * (1 - mean) / (evidence + 1)
    a, b = mean * evidence, (1 - mean) * evidence
    skew = 2 * (b - a) * math.sqrt(evidence + 1) / ((evidence + 2) * math.sqrt(a * b))
    assert drawn.mean() == pytest.approx(mean, abs=4 * math.sqrt(variance / DRAWS) + 0.003 * mean)
    assert drawn.var() == pytest.approx(variance, rel=0.03)
    assert ((drawn - mean) ** 3).mean() / variance**1.5 == pytest.approx(skew, rel=0.06, abs=0.05)


@pytest.mark.parametrize("b", [0.2, 1, 3, 49, 999])
def test_the_distribution_where_it_can_be_written_down(b):
    """Beta(1, b) is at most x with a probability of 1 - (1 - x)^b."""
    drawn = np.sort(many(1 / (1 + b), 1 + b))
    assert np.abs(1 - (1 - drawn) ** b - np.arange(1, DRAWS + 1) / DRAWS).max() < 0.006


def test_the_extremes_stay_probabilities():
    means = np.array([1e-8, 0.5, 1 - 1e-8, 0.3])
    for evidence in (1e-6, 1.0, 1e12):
        drawn = draw("d-1", streams("abcd"), means, np.full(4, evidence))
        assert ((drawn >= 0) & (drawn <= 1)).all()
    assert draw("d-1", streams([]), np.array([]), np.array([])).tolist() == []


def test_a_decision_draws_what_it_drew():
    of, means = streams(["isa.email", "loan.web"]), np.array([0.1, 0.02])
    drawn = draw("d-7f", of, means, np.array([50.0, 20.0]))
    assert drawn == pytest.approx([0.15651226413650868, 0.003999292144420496], rel=1e-9)
    assert (drawn == draw("d-7f", of, means, np.array([50.0, 20.0]))).all()
    assert (drawn != draw("d-80", of, means, np.array([50.0, 20.0]))).all()


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.text(min_size=1, max_size=8), st.floats(0.001, 0.999), st.floats(0.1, 1e4)),
        unique_by=lambda row: row[0],
        min_size=1,
        max_size=30,
    ),
    order=st.randoms(use_true_random=False),
)
def test_a_draw_depends_on_no_other_row(rows, order):
    def drawn(some):
        names, means, evidence = zip(*some, strict=True)
        return dict(zip(names, draw("d-1", streams(names), np.array(means), np.array(evidence)), strict=True))

    every = drawn(rows)
    others = order.sample(rows, order.randint(1, len(rows)))
    for name, p in drawn(others).items():
        assert p == pytest.approx(every[name], rel=1e-12)


def test_draws_of_decisions_and_of_treatments_are_unrelated():
    of = streams([f"t{n}" for n in range(2000)])
    table = np.array([draw(f"d-{n}", of, np.full(2000, 0.3), np.full(2000, 10.0)) for n in range(60)])
    between_decisions = np.corrcoef(table)[np.triu_indices(60, 1)]
    assert abs(between_decisions.mean()) < 0.003
    assert np.abs(between_decisions).max() < 0.1
    neighbours = [np.corrcoef(table[:, n], table[:, n + 1])[0, 1] for n in range(0, 2000, 2)]
    assert abs(np.mean(neighbours)) < 0.02
