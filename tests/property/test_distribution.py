"""Scarce volume distributed is worth what the linear programme says that it can be worth at the most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from shared.domain.outbound.distribution import Volume, distribute

SIZES = st.tuples(st.integers(0, 14), st.integers(1, 4))


@st.composite
def problems(draw):
    """Persons by channels, some of them out of reach and many alike, and volumes that may be out of reach too."""
    persons, channels = draw(SIZES)
    values = st.one_of(st.just(-1.0), st.integers(0, 4).map(float), st.floats(0, 1000))
    worth = [[draw(values) for _ in range(channels)] for _ in range(persons)]
    volumes = []
    for _ in range(channels):
        most = draw(st.one_of(st.none(), st.integers(0, persons + 1)))
        volumes.append(Volume(most, draw(st.integers(0, persons if most is None else min(most, 4)))))
    return np.array(worth, np.float64).reshape(persons, channels), volumes


def programme(worth, volumes):
    """The most that can be worth, by scipy's HiGHS; None where the volumes cannot be."""
    persons, channels = worth.shape
    rows = lil_matrix((persons + 2 * channels, persons * channels))
    limits = []
    for person in range(persons):
        rows[person, person * channels : (person + 1) * channels] = 1
        limits.append(1)
    for channel, volume in enumerate(volumes):
        rows[persons + 2 * channel, channel::channels] = 1
        rows[persons + 2 * channel + 1, channel::channels] = -1
        limits += [persons if volume.most is None else volume.most, -volume.least]
    reachable = (worth.ravel() >= 0).astype(float)
    bounds = np.stack([np.zeros(len(reachable)), reachable], axis=1)
    found = linprog(-np.maximum(worth, 0).ravel(), A_ub=rows.tocsr(), b_ub=limits, bounds=bounds, method="highs")
    return -found.fun if found.status == 0 else None


@given(problems())
@settings(max_examples=150, deadline=None)
def test_nothing_is_worth_more(problem):
    worth, volumes = problem

    found = distribute(worth, volumes)

    counts = [int((found.channels == channel).sum()) for channel in range(len(volumes))]
    placed = (found.channels >= 0).nonzero()[0]
    assert all(volume.most is None or count <= volume.most for volume, count in zip(volumes, counts, strict=True))
    assert (worth[placed, found.channels[placed]] >= 0).all()
    assert found.missing == tuple(max(0, v.least - count) for v, count in zip(volumes, counts, strict=True))
    best = programme(worth, volumes) if len(worth) else 0.0 if not any(v.least for v in volumes) else None
    if best is None:
        assert any(found.missing)
    else:
        assert not any(found.missing)
        assert found.total == pytest.approx(best, rel=1e-9, abs=1e-7)
    assert found.bound == pytest.approx(found.total, rel=1e-9, abs=1e-6), "the prices prove it"


def test_a_price_is_what_one_place_more_is_worth():
    chance = np.random.default_rng(5)
    worth = chance.gamma(2, 3, (400, 3))
    volumes = [Volume(), Volume(40), Volume(None, 200)]

    found = distribute(worth, volumes)
    more = distribute(worth, [Volume(), Volume(41), Volume(None, 200)])
    fewer = distribute(worth, [Volume(), Volume(40), Volume(None, 199)])

    assert more.total - found.total == pytest.approx(found.prices[1], abs=0.05)
    assert found.total - fewer.total == pytest.approx(found.prices[2], abs=0.05)
    assert found.prices[0] == 0 < found.prices[1]
    assert found.prices[2] < 0
