"""Sums of floats do not depend on the order, nor on how they are split."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.exact import exact, fraction, real

FLOATS = st.lists(st.floats(-1e12, 1e12) | st.floats(allow_nan=False, allow_infinity=False, width=16), max_size=60)


@given(values=FLOATS, at=st.integers(0, 60))
def test_parts_of_a_sum_come_to_the_whole(values, at):
    whole, one, other = (np.array(each, np.float64) for each in (values, values[:at], values[at:]))
    assert exact(one) + exact(other) == exact(whole[::-1]) == exact(whole)
    assert real(exact(whole)) == float(fraction(exact(whole))) == math.fsum(values)


@given(values=st.lists(st.floats(-1e-300, 1e-300), max_size=20))
def test_what_is_hardly_more_than_nothing_counts_too(values):
    assert real(exact(np.array(values, np.float64))) == math.fsum(values)
