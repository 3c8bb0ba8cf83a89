"""Predictors: which bin a value falls into, and what its cell is called."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.catalogue import MOST_BINS, NumericPredictor, Predictor, SymbolicPredictor
from shared.domain.predictors import CELL, Predictors, taught_by
from tests.unit.domain.situations import cases


def situation(reads, value):
    """One in which an attribute has a value; None where it is not there."""
    seen = {"profile": {}, "context": {}, "signal": {"type": "x", "source": "y", "properties": {}}}
    where = seen
    *roots, name = reads.split(".")
    for root in roots:
        where = where[root]
    if value is not None:
        where[name] = value
    return seen


@pytest.mark.parametrize("case", cases("predictors"))
def test_the_bin_of_a_value(case):
    predictor = msgspec.convert(case["predictor"], Predictor)
    found = [[value, *Predictors([predictor])(situation(predictor.reads, value))] for value, _ in case["bins"]]
    assert [bins for _, bins in found] == [bins for _, bins in case["bins"]], found


def test_what_is_null_is_missing():
    assert Predictors([NumericPredictor(reads="context.x", edges=(0.0,))])({"context": {"x": None}}) == [0]


@given(edges=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=MOST_BINS, unique=True).map(sorted), value=st.floats())
def test_a_number_is_in_the_bin_between_its_edges(edges, value):
    predictors = Predictors([NumericPredictor(reads="profile.x", edges=tuple(edges))])
    [found] = predictors({"profile": {"x": value}})
    if math.isnan(value):
        assert found == 0
    else:
        assert [edge <= value for edge in edges] == [True] * (found - 1) + [False] * (len(edges) - found + 1)
    assert taught_by(predictors.named([found]))[0] == (predictors.cells[0][found],)


def test_every_bin_has_a_cell_of_its_own():
    numbers = NumericPredictor(reads="profile.x", edges=tuple(float(n) for n in range(MOST_BINS)))
    words = SymbolicPredictor(reads="profile.y", values=tuple(f"w{n}" for n in range(MOST_BINS)))
    cells = Predictors([numbers, words]).cells
    assert [len(set(names)) for names in cells] == [64, 64]
    assert not set(cells[0]) & set(cells[1])
    assert {len(name) for names in cells for name in names} == {CELL}


def test_the_cells_of_a_predictor_are_those_of_its_definition_wherever_it_stands():
    one = NumericPredictor(reads="profile.x", edges=(0.0, 1.0))
    other = NumericPredictor(reads="profile.x", edges=(0.0, 2.0))
    words = SymbolicPredictor(reads="profile.y", values=("a", "b"))
    assert Predictors([one, words]).cells == Predictors([words, one]).cells[::-1]
    assert not set(Predictors([one]).cells[0]) & set(Predictors([other]).cells[0])
    assert Predictors([one]).named([2]) == "BKAKP2"  # as deliveries and models hold it for ever
