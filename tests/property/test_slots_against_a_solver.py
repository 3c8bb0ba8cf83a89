"""Slots of more candidates than can be listed choice by choice, against a solver of mixed-integer programs."""

from __future__ import annotations

from random import Random

import pytest

from cli.bench.engine.exact import Model
from shared.domain.slots import Filler, SlotLimits, SlotTreatment

PLACEMENTS = ("hero", "banner", "card")


def case(chance):
    """Some thirty candidates of as many actions, in few groups, under limits that bind, some of them bundled."""
    groups = chance.randint(3, 10)
    actions = chance.randint(8, 24)
    treatments, priorities = [], []
    for _ in range(chance.randint(12, 40)):
        action = chance.randrange(actions)
        group = action % groups
        treatments.append(
            SlotTreatment(
                action=f"a{action}",
                group=f"g{group}",
                issue=f"i{group % 3}",
                placements=tuple(chance.sample(PLACEMENTS, chance.choice([1, 1, 2]))),
            )
        )
        priorities.append(chance.choice([chance.random(), chance.lognormvariate(0, 1), float(chance.randint(0, 3))]))
    limits = SlotLimits(
        per_group=chance.choice([None, 1, 1, 2]),
        groups={"g0": chance.randint(0, 2)} if chance.random() < 0.2 else {},
        per_issue=chance.choice([None, 2, 3, 4]),
        at_least_one_of=tuple(chance.sample(["i0", "i1", "i2"], chance.choice([0, 1, 2]))),
        bundles=tuple(
            tuple(f"a{a}" for a in chance.sample(range(actions), chance.choice([2, 2, 3])))
            for _ in range(chance.choice([0, 0, 1, 2]))
        ),
    )
    wanted = [(placement, chance.randint(1, 4)) for placement in PLACEMENTS[: chance.choice([1, 2, 3, 3])]]
    return treatments, limits, priorities, wanted


@pytest.mark.parametrize("seed", range(8))
def test_no_choice_is_worth_more(seed):
    chance = Random(seed)
    for number in range(125):
        treatments, limits, priorities, wanted = case(chance)
        ranked = sorted(range(len(treatments)), key=lambda n, p=priorities: (-p[n], treatments[n].action, n))

        filled = Filler(treatments, limits).fill(ranked, [priorities[n] for n in ranked], wanted)

        exact = Model(treatments, limits, priorities, wanted).solve()
        worth = sum(priorities[ranked[position]] for inside in filled.chosen for position in inside)
        assert filled.bound is None
        issues = {treatments[ranked[position]].issue for inside in filled.chosen for position in inside}
        assert len(issues.intersection(limits.at_least_one_of)) == exact.met, number
        assert worth == pytest.approx(exact.priority, rel=1e-6, abs=1e-6), number
