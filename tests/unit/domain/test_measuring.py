"""What arms differ by, and what another policy would have come to; intervals are checked by simulation, estimates by
their formulas written out again, on real logs.
"""

from __future__ import annotations

import csv
import gzip
import math
from functools import cache

import numpy as np
import pytest

from shared.domain.measuring.arms import Sums, compare
from shared.domain.measuring.off_policy import Evaluation, Logged, Refusal, estimates, evaluate
from shared.domain.measuring.sample_ratio import SampleRatioError, sample_ratio
from shared.domain.measuring.sequences import FEWEST_CASES, half_width
from tests.corpus.tree_bank import CORPUS

OPEN_BANDIT = CORPUS / "open_bandit"


def sums(cases, before=None):
    before = np.zeros_like(cases) if before is None else before
    return Sums(
        persons=len(cases),
        reacted=int(np.count_nonzero(cases)),
        total=cases.sum(),
        squares=(cases**2).sum(),
        before=before.sum(),
        before_squares=(before**2).sum(),
        products=(cases * before).sum(),
    )


# Confidence sequences


@pytest.mark.parametrize(("kind", "share"), [("rate", 0.5), ("rate", 0.05), ("value", 0.5)])
def test_who_looks_after_every_case_is_wrong_in_five_of_a_hundred_runs_at_most(kind, share):
    """1,000 runs of two arms that do not differ, one of which has `share` of the persons; each is looked at whenever
    the smaller arm has got a new person, from the fewest cases to 2,500.
    """
    draw, runs, most = np.random.default_rng(5), 1000, 2500
    step = 1 if share == 0.5 else round((1 - share) / share)
    wrong = np.zeros(runs, bool)
    state = np.zeros((4, runs))
    for n in range(1, most + 1):
        for arm, cases in ((0, 1), (2, step)):
            hits = draw.binomial(cases, 0.08, runs).astype(float)
            worth = hits * draw.choice((20.0, 80.0, 300.0), runs) if kind == "value" else hits
            state[arm] += worth
            state[arm + 1] += worth**2 if cases == 1 or kind == "value" else hits
        if n < FEWEST_CASES:
            continue
        means = state[0] / n, state[2] / (n * step)
        spread = (state[1] / n - means[0] ** 2) / n + (state[3] / (n * step) - means[1] ** 2) / (n * step)
        ratio = np.abs(means[0] - means[1]) / np.sqrt(spread)
        wrong |= ratio > half_width(1.0, float(n))
    assert wrong.mean() <= 0.05


def test_a_real_difference_is_found_and_its_size_is_within_the_interval():
    draw = np.random.default_rng(6)
    one, other = draw.binomial(1, 0.12, 20_000).astype(float), draw.binomial(1, 0.08, 20_000).astype(float)

    found = compare(sums(one), sums(other))

    assert found.absolute.low > 0.0
    assert found.absolute.low <= 0.04 <= found.absolute.high
    assert found.relative.low <= 0.5 <= found.relative.high
    assert found.slope == 0.0


def test_the_interval_is_half_as_wide_again_as_one_for_a_single_look_where_it_was_planned_for():
    assert half_width(1 / 5000, 1.0) / (1.96 / math.sqrt(5000)) == pytest.approx(1.55, abs=0.06)


def test_what_was_before_sharpens_the_difference_and_leaves_it_where_it_is():
    draw = np.random.default_rng(7)
    before = draw.gamma(2.0, 20.0, (2, 4000))
    after = before * 0.9 + draw.normal(0, 5, (2, 4000)) + np.array([[3.0], [0.0]])

    plain = compare(sums(after[0]), sums(after[1])).absolute
    sharp = compare(sums(after[0], before[0]), sums(after[1], before[1])).absolute

    assert sharp.high - sharp.low < 0.4 * (plain.high - plain.low)
    assert sharp.low <= 3.0 <= sharp.high


@pytest.mark.parametrize(("persons", "reacted"), [(150, 50), (5000, 3)])
def test_too_few_persons_or_reactions_are_no_difference(persons, reacted):
    cases = np.zeros(persons)
    cases[:reacted] = 1

    found = compare(sums(cases), sums(cases))

    assert found.absolute is None
    assert str(min(persons, 5000) if persons < FEWEST_CASES else reacted) in found.refused


# Sample ratio


def test_a_ratio_that_the_hash_gives_is_sound_however_often_it_is_looked_at():
    draw, wrong = np.random.default_rng(8), 0
    for _ in range(300):
        arms = draw.multinomial(1, (0.01, 0.05, 0.94), 20_000).cumsum(axis=0)[500::500]
        ratios = (
            sample_ratio({"a": 0.01, "b": 0.05, "": 0.94}, dict(zip(("a", "b", ""), row, strict=True)))
            for row in arms.tolist()
        )
        wrong += not all(ratio.is_sound for ratio in ratios)
    assert wrong <= 1


def test_an_arm_that_loses_a_tenth_of_its_persons_is_called_out():
    found = sample_ratio({"control": 0.1, "": 0.9}, {"control": 9_000, "": 90_000})

    assert not found.is_sound
    with pytest.raises(SampleRatioError, match="9000 persons are in control, where 9900 should be"):
        found.check()


def test_persons_in_an_arm_that_is_not_declared_are_called_out():
    with pytest.raises(SampleRatioError, match="gone"):
        sample_ratio({"a": 0.5, "": 0.5}, {"a": 10, "": 10, "gone": 1})


# Off-policy evaluation


@cache
def logs(policy):
    """Item, position, click and logged selection probability of each row."""
    with gzip.open(OPEN_BANDIT / f"{policy}.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        np.array([kind(row[field]) for row in rows])
        for field, kind in (("item_id", int), ("position", int), ("click", float), ("propensity_score", float))
    )


def other_policy(policy):
    """A policy of 80 items for each of three positions: how often it was seen to choose each."""
    items, positions, _, _ = logs(policy)
    chosen = np.zeros((3, 80))
    np.add.at(chosen, (positions - 1, items), 1.0)
    return chosen / chosen.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("logged_by", "other"), [("random", "bts"), ("bts", "random")])
@pytest.mark.parametrize("clip", [math.inf, 5.0])
def test_estimates_are_those_of_their_formulas_on_real_logs(logged_by, other, clip):
    items, positions, clicks, behaviour = logs(logged_by)
    policy, rows = other_policy(other), len(items)
    expects = np.array([[(clicks[items == i].sum() + 1) / ((items == i).sum() + 200) for i in range(80)]] * 3)
    target = policy[positions - 1, items]
    logged = Logged(
        clicks, behaviour, target, expects[positions - 1, items], (policy * expects).sum(axis=1)[positions - 1]
    )

    found = estimates(logged, clip)

    weighted = total = squared = direct = 0.0
    for row in range(rows):  # plainly, one row after the other
        w = min(policy[positions[row] - 1][items[row]] / behaviour[row], clip)
        weighted += w * clicks[row]
        total += w
        squared += w * w
        model = sum(policy[positions[row] - 1][i] * expects[0][i] for i in range(80)) if row < 500 else None
        if model is not None:
            assert logged.expected_target[row] == pytest.approx(model, rel=1e-12)
        direct += logged.expected_target[row] + w * (clicks[row] - expects[0][items[row]])
    assert found.ips.value == pytest.approx(weighted / rows, abs=1e-9)
    assert found.snips.value == pytest.approx(weighted / total, abs=1e-9)
    assert found.dr.value == pytest.approx(direct / rows, abs=1e-9)
    assert found.support.effective == pytest.approx(total * total / squared, rel=1e-9)


@pytest.mark.parametrize(("logged_by", "other", "reason"), [("random", "bts", "rewards"), ("bts", "random", None)])
def test_thirty_eight_clicks_conclude_nothing(logged_by, other, reason):
    items, positions, clicks, behaviour = logs(logged_by)

    found = evaluate(Logged(clicks, behaviour, other_policy(other)[positions - 1, items]))

    assert isinstance(found, Refusal)
    assert reason is None or found.reason == reason


def simulated(behaviour, target, rows=20_000, seed=9):
    draw = np.random.default_rng(seed)
    rates = np.array([0.02, 0.05, 0.1, 0.2])
    chosen = draw.choice(4, rows, p=behaviour)
    rewards = draw.binomial(1, rates[chosen]).astype(float)
    behaviour, target = np.array(behaviour), np.array(target)
    model = np.full(4, 0.08)
    logged = Logged(rewards, behaviour[chosen], target[chosen], model[chosen], np.full(rows, float(target @ model)))
    return logged, float(rates @ target)


def slates(decisions=4_000, seed=5):
    """Four things shown in pairs, in an order that was drawn, and what they would come to the other way round: what is
    clicked depends on what it is, on its place, and on how easily the person clicks at all.
    """
    draw = np.random.default_rng(seed)
    rates = np.array([0.05, 0.1, 0.2, 0.3])
    orders = np.array([draw.permutation(4)[:2] for _ in range(decisions)])
    easily = draw.choice([0.3, 1.7], decisions)[:, None]
    rewards = (draw.random((decisions, 2)) < rates[orders] * [1.0, 0.5] * easily).astype(float)
    other = np.array([3, 2])
    logged = Logged(
        rewards=rewards.ravel(),
        behaviour=np.full(2 * decisions, 0.25),
        target=(orders == other).astype(float).ravel(),
        expected=rates[orders].ravel(),
        expected_target=np.tile(rates[other], decisions),
        whose=np.repeat(np.arange(decisions), 2),
    )
    return logged, 0.3 + 0.5 * 0.2


def test_what_several_together_come_to_is_the_sum_over_their_places():
    covered = {"ips": 0, "snips": 0, "dr": 0}
    for seed in range(40):
        logged, truth = slates(seed=seed)
        found = estimates(logged)
        assert found.support.decisions == 4_000
        assert found.support.mean_weight == pytest.approx(1.0, abs=0.1)
        for name in covered:
            estimate = getattr(found, name)
            covered[name] += estimate.low <= truth <= estimate.high
    assert all(count >= 34 for count in covered.values())


def test_a_row_for_each_decision_is_the_same_said_or_not():
    logged, _ = simulated((0.4, 0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4), rows=2_000)

    assert estimates(logged._replace(whose=np.arange(2_000)), 2.0) == estimates(logged, 2.0)


def test_estimates_come_to_what_the_other_policy_is_worth():
    logged, truth = simulated((0.4, 0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4))

    found = evaluate(logged)

    assert isinstance(found, Evaluation)
    for estimate in (found.ips, found.snips, found.dr):
        assert estimate.low <= truth <= estimate.high
    assert found.snips.high - found.snips.low < found.ips.high - found.ips.low


@pytest.mark.parametrize(
    ("behaviour", "target", "rows", "reason"),
    [
        ((0.9985, 0.0005, 0.0005, 0.0005), (0.0, 0.0, 0.0, 1.0), 20_000, "effective_sample_size"),
        ((0.5, 0.49999, 0.0, 0.00001), (0.5, 0.4, 0.05, 0.05), 20_000, "unsupported"),
        ((0.25, 0.25, 0.25, 0.25), (1.0, 0.0, 0.0, 0.0), 4000, "rewards"),
    ],
)
def test_thin_support_is_refused_with_its_reason(behaviour, target, rows, reason):
    found = evaluate(simulated(behaviour, target, rows)[0])

    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.said


def test_one_heavy_decision_and_wrong_probabilities_are_refused():
    logged, _ = simulated((0.4, 0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4))
    behaviour = logged.behaviour.copy()
    behaviour[0] = 0.00015

    assert evaluate(logged._replace(behaviour=behaviour)).reason in {"max_weight", "effective_sample_size"}
    assert evaluate(logged._replace(behaviour=logged.behaviour * 0.5)).reason == "mean_weight"
