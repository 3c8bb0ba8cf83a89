"""Laws of signal features: a state is a function of the set of signals, and what it says is near the truth."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import (
    AnyFeature,
    Count,
    Decayed,
    Distinct,
    FirstSeen,
    LastSeen,
    Step,
    Sum,
)
from shared.domain.catalogue import Sequence as SequenceFeature
from shared.domain.cel import program
from shared.domain.features.features import Features
from shared.domain.features.states import MOST_DECAYING, merged
from shared.domain.signal import Signal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AMOUNT = ["get", ["get", ["name", "signal"], "properties"], "amount"]
PAGE = ["get", ["get", ["name", "signal"], "properties"], "page"]
PROGRAMS = {"amount": program(AMOUNT), "page": program(PAGE)}
FEATURES: tuple[AnyFeature, ...] = (
    Count(name="week", description="d", types=("viewed",), window="7d"),
    Count(name="minutes", description="d", window="30m", bucket="1m"),
    Count(name="ever", description="d", window="forever", default=0),
    Sum(name="spent", description="d", amount="amount", window="30d"),
    Decayed(name="decayed", description="d", amount="amount", half_life="3d"),
    Distinct(name="pages", description="d", of="page", window="30d"),
    LastSeen(name="last", description="d"),
    FirstSeen(name="first", description="d"),
    SequenceFeature(
        name="then",
        description="d",
        steps=(Step(types=("viewed",)), Step(types=("calculated",))),
        within="30m",
        window="7d",
    ),
)


def features(*only: AnyFeature) -> Features:
    every = only or FEATURES
    return Features(every, tuple(feature.name for feature in every), PROGRAMS.__getitem__)


ALL = features()


def signal(number: int, before: timedelta, kind: str = "viewed", amount: float = 1.0, page: str = "a") -> Signal:
    at = NOW - before
    return Signal(
        id=str(number),
        type=kind,
        at=at,
        received_at=at,
        source="s",
        identifiers={},
        properties={"amount": amount, "page": page},
    )


def taken_in(signals: Iterable[Signal], by: Features = ALL) -> dict[str, bytes]:
    states: dict[str, bytes] = {}
    for each in signals:
        states = by.update(states, each)
    return states


@st.composite
def streams(draw: st.DrawFn) -> list[Signal]:
    """Signals that crowd buckets and reach beyond windows, each with an id of its own."""
    within = draw(st.sampled_from([600, 86_400, 60 * 86_400]))
    rng = random.Random(draw(st.integers(0, 2**32)))
    return [
        signal(
            number,
            timedelta(seconds=rng.uniform(0, within)),
            rng.choice(["viewed", "calculated", "other"]),
            rng.choice([0.0, -5.0, 0.01, 1e6, rng.lognormvariate(3, 2)]),
            rng.choice("abcdefgh"),
        )
        for number in range(draw(st.integers(0, 200)))
    ]


@settings(max_examples=25)
@given(streams(), st.randoms(use_true_random=False))
def test_any_order_repetition_and_split_gives_the_same_bytes(signals: list[Signal], rng: random.Random) -> None:
    in_order = taken_in(sorted(signals, key=lambda each: each.at))
    again = [*signals, *rng.choices(signals, k=len(signals))] if signals else []
    rng.shuffle(again)
    parts: list[list[Signal]] = [[], [], []]
    for each in again:
        parts[rng.randrange(3)].append(each)
    one, two, three = map(taken_in, parts)

    assert taken_in(again) == in_order
    assert merged(merged(one, two), three) == in_order == merged(one, merged(two, three))
    assert merged(two, one) == merged(one, two)
    assert merged(in_order, in_order) == in_order
    assert list(in_order) == sorted(in_order)


@settings(max_examples=15)
@given(streams())
def test_a_signal_that_comes_again_leaves_the_very_same_object(signals: list[Signal]) -> None:
    states = taken_in(signals)

    assert all(ALL.update(states, each) is states for each in signals)


@settings(max_examples=15)
@given(streams())
def test_what_is_not_crowded_is_exact(signals: list[Signal]) -> None:
    few = signals[:60]
    values = ALL.values(taken_in(few, ALL), NOW)

    ages = [(NOW - each.at).total_seconds() for each in few]
    exact = sum(each.properties["amount"] * 2 ** -(age / (3 * 86_400)) for each, age in zip(few, ages, strict=True))
    assert values["ever"] == len(few)
    assert values.get("decayed", 0.0) == pytest.approx(exact, rel=1e-6, abs=1e-5)
    if few:
        assert values["last"] == max(each.at for each in few).isoformat()
        assert values["first"] == min(each.at for each in few).isoformat()


@pytest.mark.parametrize("many", [600, 6_000])
def test_what_is_crowded_is_near(many: int) -> None:
    """Within four standard errors, of counts, sums, decayed sums and different values."""
    rng = random.Random(many)
    by = features(
        Count(name="ever", description="d", window="forever"),
        Sum(name="all", description="d", amount="amount", window="forever"),
        Decayed(name="decayed", description="d", amount="amount", half_life="3d"),
        Distinct(name="values", description="d", of="page", window="forever"),
    )
    signals = [
        signal(n, timedelta(hours=rng.uniform(0, 24)), "viewed", rng.lognormvariate(3, 1.5), str(rng.randrange(many)))
        for n in range(many)
    ]
    values = by.values(taken_in(signals, by), NOW)

    left = [each.properties["amount"] * 2 ** -((NOW - each.at).total_seconds() / 259_200) for each in signals]
    assert values["ever"] == pytest.approx(many, rel=4 / math.sqrt(511))
    assert values["values"] == pytest.approx(len({each.properties["page"] for each in signals}), rel=4 / math.sqrt(511))
    assert values["all"] == pytest.approx(sum(s.properties["amount"] for s in signals), rel=4 / math.sqrt(511))
    assert values["decayed"] == pytest.approx(sum(left), rel=4 / math.sqrt(MOST_DECAYING - 1))


def windows(hours: Sequence[float], window: str) -> int:
    by = features(Count(name="n", description="d", window=window, default=0))
    value: int = by.values(taken_in((signal(n, timedelta(hours=h)) for n, h in enumerate(hours)), by), NOW)["n"]
    return value


def test_a_window_lets_go_of_what_lies_before_it_by_a_bucket_at_the_most() -> None:
    assert windows([0, 1, 6 * 24, 6.9 * 24], "7d") == 4
    assert windows([0, 7 * 24 + 6.1], "7d") == 1
    assert windows([8 * 24], "7d") == 0


def test_what_never_came_is_unknown_or_its_default() -> None:
    assert ALL.values({}, NOW) == {"ever": 0}


def then(*steps: tuple[str, float]) -> bool | None:
    made = [signal(n, timedelta(minutes=minutes), kind) for n, (kind, minutes) in enumerate(steps)]
    return ALL.values(taken_in(made), NOW).get("then")


def test_a_sequence_is_made_of_steps_in_order_within_its_time() -> None:
    assert then(("viewed", 40), ("calculated", 20)) is True
    assert then(("calculated", 20), ("other", 21), ("viewed", 40)) is True
    assert then(("viewed", 60), ("calculated", 20)) is False
    assert then(("calculated", 40), ("viewed", 20)) is False
    assert then(("viewed", 8 * 1440 + 20), ("calculated", 8 * 1440)) is False
    assert then(("viewed", 90), ("viewed", 25), ("calculated", 20)) is True
    assert then(("other", 1)) is None
