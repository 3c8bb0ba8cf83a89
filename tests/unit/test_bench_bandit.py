"""The parts of `kairos bench bandit` agree, on a small scale."""

from __future__ import annotations

import numpy as np

from cli.bench.bandit import lift, regret


def test_the_platform_learns_within_its_limits_and_its_report_is_true():
    people, stream = regret.run(400, 200, lambda _: None)

    ours = regret.regrets(stream.choices, [choice.given for choice in stream.choices])
    by_chance = regret.uniform(stream.choices)
    best = regret.regrets(stream.choices, [int(choice.truth.argmax()) for choice in stream.choices])
    assert (ours >= 0).all()
    assert not best.any()
    assert ours.mean() < by_chance.mean()
    assert not stream.broken
    assert sum(counts.positives + counts.negatives for counts in stream.evidence.values()) > 200
    first = stream.choices[0]
    assert np.isclose(first.truth / first.worth, first.rates).all()
    assert people.rates.shape == (200, len(people.policy.rows))
    assert lift.runs(2, 1000, stream.evidence, lambda _: None) == 2
