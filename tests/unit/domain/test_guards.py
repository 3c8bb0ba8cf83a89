"""Guards of a canary: they hold however often one looks, and find harm."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from shared.domain.catalogue import CanaryStep, Gates, Guards
from shared.domain.releasing.guards import ALPHA, Met, evidence, look, steps, strictest
from tests.unit.domain.situations import NOW

STEP = CanaryStep(share=5, at_least="4h", at_most="7d", fewest=200)
GUARDS = Guards(complaints=1.5, lost=1.25)


def highest_evidence(draws, share, times, events):
    """The most evidence that is ever seen, looking after each person."""
    mine, most = 0, 0.0
    allowed = times * share / (times * share + 1 - share)
    for seen in range(1, events + 1):
        mine += draws.random() < allowed
        most = max(most, evidence(mine, seen - mine, share, 1.5))
    return most


def test_a_guard_that_is_kept_is_tripped_no_more_often_than_it_says_however_often_one_looks():
    draws = random.Random(5)
    tripped = sum(highest_evidence(draws, 0.05, 1.5, 100) >= 20 for _ in range(200))
    assert tripped <= 200 / 20 + 2 * (200 * 0.05 * 0.95) ** 0.5
    assert highest_evidence(draws, 0.05, 0.5, 100) < 1 / ALPHA, "fewer complaints than before are no harm"


@pytest.mark.parametrize(("mine", "others"), [(12, 30), (150, 1000), (7, 5)])
def test_many_times_as_many_complaints_are_found_soon(mine, others):
    assert evidence(mine, others, 0.05, 1.5) > 1 / ALPHA


@pytest.mark.parametrize(("mine", "others"), [(0, 0), (1, 0), (2, 38), (5, 95), (0, 400), (500, 9500)])
def test_what_chance_explains_is_no_evidence(mine, others):
    assert evidence(mine, others, 0.05, 1.5) < 1 / ALPHA


def looked(canary, live, hours):
    return look(GUARDS, STEP, canary, live, since=NOW, now=NOW + timedelta(hours=hours))


def test_a_look_waits_goes_on_or_stops():
    few, enough, others = Met(60, {}), Met(500, {"complaints": 2}), Met(9500, {"complaints": 40})
    assert (looked(enough, others, 1).verdict, looked(enough, others, 1).wait_seconds) == ("wait", 300)
    assert looked(enough, others, 4).verdict == "go_on"
    assert looked(few, Met(1100, {}), 4).verdict == "wait"
    too_few = looked(few, Met(1100, {}), 7 * 24)
    assert (too_few.verdict, "too few" in too_few.said) == ("stop", True)


def test_a_tripped_guard_stops_at_once_and_says_which():
    found = looked(Met(50, {"complaints": 20}), Met(950, {"complaints": 10}), 0)
    assert (found.verdict, found.said.startswith("complaints: 20 of 50")) == ("stop", True)
    lost = looked(Met(20, {}), Met(9500, {}), 1)
    assert (lost.verdict, lost.said.startswith("lost")) == ("stop", True)


def test_a_change_cannot_loosen_what_watches_it():
    guards = strictest(Guards(complaints=1.5, slow_ms=500), Guards(complaints=9.0, failures=2.0, slow_ms=900))
    assert (guards.complaints, guards.failures, guards.slow_ms, guards.lost) == (1.5, 2.0, 500, None)
    known = steps(Gates(canary=(STEP,)), Gates(canary=(CanaryStep(share=5, at_least="1s"),)))
    assert (known[5], set(known)) == (STEP, {1, 5, 25})
