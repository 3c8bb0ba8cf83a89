"""What a change is worth: said where what was logged carries it, and refused where it does not."""

from __future__ import annotations

import random

from shared.domain.releasing.worth import Choice, Compared, worth

RATES = {"a": 0.3, "b": 0.1, "c": 0.2, "d": 0.2}
P = {name: Choice(name, rate, 10.0) for name, rate in RATES.items()} | {None: Choice(None, 0.0, 0.0)}


def page(draw, *, first="ab", behaviour=0.5):
    """A decision for two: the first place goes from one of two to the other, the second stays as it is."""
    given, beside = draw.choice(first), draw.choice("cd")
    return (
        Compared(draw.random() < RATES[given], P[given], P["a"], P["b"], behaviour),
        Compared(draw.random() < RATES[beside], P[beside], P["c"], P["c"], 1.0),
    )


def test_of_pages_the_places_that_change_say_what_the_change_is_worth():
    draw = random.Random(5)
    accepted, pounds = worth([page(draw) for _ in range(4000)])[0]

    assert accepted.difference.low < -0.2 < accepted.difference.high < 0
    assert pounds.difference.low < -2 < pounds.difference.high < 0
    assert abs(accepted.now - 0.4) < 0.03


def test_decisions_count_and_not_their_places():
    draw = random.Random(5)
    cases = [page(draw) for _ in range(1500)]
    _, support = worth(cases)
    assert support.decisions == 1500

    of_both = worth([(*case, *case) for case in cases])[0][0]
    alone = worth(cases)[0][0]
    assert of_both.difference.estimate == 2 * alone.difference.estimate
    assert of_both.now == 2 * alone.now


def test_what_was_hardly_ever_given_in_a_place_carries_nothing():
    draw = random.Random(5)
    accepted, pounds = worth([page(draw, first="a", behaviour=0.99) for _ in range(1000)])[0]

    assert accepted.difference is None
    assert pounds.difference is None
    assert "of 1,000 of 1,000 decisions that would change" in accepted.refused


def test_a_place_that_is_filled_for_the_first_time_is_refused_however_many_there_are():
    cases = [(Compared(False, P[None], P[None], P["a"], 1.0),)] * 1000
    assert all(each.difference is None and each.refused for each in worth(cases)[0])
