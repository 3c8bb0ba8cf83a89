"""Slots: what fills them, case by case, and how little of the ranking is read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from shared.domain.slots import Filler, SlotLimits, SlotTreatment

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "slots.yaml").read_text(encoding="utf-8"))


def offered(case):
    """The case's candidates, in rank order."""
    candidates = []
    for key, priority in case["priorities"].items():
        action, placements = key.split("@")
        issue, group = case.get("actions", {}).get(action, f"{action}'s/{action}'s").split("/")
        treatment = SlotTreatment(
            action=action,
            group=group,
            issue=issue,
            placements=tuple(placements.split("+")),
            mandatory=action in case.get("mandatory", ()),
        )
        candidates.append((treatment, float(priority), key))
    return sorted(candidates, key=lambda c: (not c[0].mandatory, -c[1], c[0].action, c[2]))


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_what_fills_the_slots(case):
    candidates = offered(case)
    known = {"case", "wanted", "actions", "priorities", "mandatory", "limits", "chosen", "unmet", "because"}
    assert case.keys() <= known
    limits = SlotLimits(**case.get("limits", {}))
    filler = Filler([treatment for treatment, _, _ in candidates], limits)
    wanted = [(None if placement == "anywhere" else placement, n) for placement, n in case["wanted"].items()]
    filled = filler.fill(range(len(candidates)), [priority for _, priority, _ in candidates], wanted)
    chosen = {
        placement: [candidates[position][0].action for position in inside]
        for placement, inside in zip(case["wanted"], filled.chosen, strict=True)
        if inside
    }
    assert chosen == case["chosen"]
    assert list(filled.unmet) == case.get("unmet", [])
    assert filled.bound is None


def many(count, actions, *, placements=("banner",)):
    """Treatments of as many actions in ten groups of three issues, an action in each placement."""
    return [
        SlotTreatment(
            action=f"a{n % actions}",
            group=f"g{n % actions % 10}",
            issue=f"i{n % actions % 10 % 3}",
            placements=(placements[n // actions % len(placements)],),
        )
        for n in range(count)
    ]


def test_of_a_long_ranking_only_what_can_be_chosen_is_asked_about():
    asked = []

    def passes(position):
        asked.append(position)
        return position % 3 > 0

    filler = Filler(many(1000, 1000), SlotLimits(per_group=2, per_issue=4))
    filled = filler.fill(range(1000), [1000.0 - n for n in range(1000)], [("banner", 10)], passes)
    assert all(position % 3 for inside in filled.chosen for position in inside)
    assert len(filled.chosen[0]) == 10
    assert asked == sorted(set(asked))  # from the top, once each
    assert len(asked) < 30


def test_what_does_not_pass_is_as_if_it_were_not_there():
    treatments = many(300, 100, placements=("hero", "banner", "card"))
    wanted = [("hero", 1), ("banner", 2), ("card", 2)]
    chance = random.Random(7)
    for _ in range(50):
        ranked = chance.sample(range(300), 300)
        priorities = sorted((chance.random() for _ in ranked), reverse=True)
        stopped = {n for n in ranked if chance.random() < 0.5}
        filler = Filler(
            treatments, SlotLimits(per_group=1, per_issue=2, at_least_one_of=("i2",), bundles=(("a1", "a2"),))
        )
        filled = filler.fill(ranked, priorities, wanted, lambda p, ranked=ranked, out=stopped: ranked[p] not in out)
        left = [(n, p) for n, p in zip(ranked, priorities, strict=True) if n not in stopped]
        alone = filler.fill([n for n, _ in left], [p for _, p in left], wanted)
        assert [[ranked[p] for p in inside] for inside in filled.chosen] == [
            [left[p][0] for p in inside] for inside in alone.chosen
        ]


@pytest.mark.parametrize(
    ("priorities", "chosen"),
    [
        ([1e308, 1e308, 5e-324], ((2,), (1,))),  # more by the least there is
        ([5e-324, 5e-324, 0.0], ((2,), (1,))),  # as much, and one slot more is filled
        ([0.3, 0.2, 0.1], ((2,), (1,))),  # the float 0.3 is a little less than the floats 0.2 and 0.1 together
        ([0.1 + 0.2, 0.2, 0.1], ((0,), ())),  # and the float that their sum rounds to a little more
    ],
)
def test_floats_are_added_exactly(priorities, chosen):
    treatments = [
        SlotTreatment(action="a", group="g", issue="i", placements=("hero",)),
        SlotTreatment(action="b", group="g", issue="i", placements=("banner",)),
        SlotTreatment(action="c", group="h", issue="i", placements=("hero",)),
    ]
    filler = Filler(treatments, SlotLimits(groups={"g": 1}))
    # either the first alone, or the other two
    assert filler.fill([0, 1, 2], priorities, [("hero", 1), ("banner", 1)]).chosen == chosen


def test_a_group_is_in_one_issue_and_an_action_in_one_group():
    action = SlotTreatment(action="a", group="g", issue="i")
    with pytest.raises(ValueError, match="group g is in more than one issue"):
        Filler([action, SlotTreatment(action="b", group="g", issue="j")], SlotLimits())
    with pytest.raises(ValueError, match="action a is in more than one group"):
        Filler([action, SlotTreatment(action="a", group="h", issue="i")], SlotLimits())


def test_a_search_that_is_cut_short_says_what_could_be_missed():
    # every action is in a bundle of three, and no bundle fits well: far more branches than are looked at
    chance = random.Random(5)
    treatments = many(990, 330, placements=("hero", "banner", "card"))
    actions = chance.sample(range(330), 330)
    bundles = tuple(tuple(f"a{n}" for n in actions[k : k + 3]) for k in range(0, 330, 3))
    filler = Filler(treatments, SlotLimits(per_group=2, per_issue=4, bundles=bundles))
    cut_short = 0
    for _ in range(2):
        worth = [chance.lognormvariate(0, 1) for _ in treatments]
        ranked = sorted(range(990), key=lambda n, worth=worth: -worth[n])
        priorities = [worth[n] for n in ranked]
        wanted = [("hero", 1), ("banner", 3), ("card", 6)]
        filled = filler.fill(ranked, priorities, wanted)
        chosen = [position for inside in filled.chosen for position in inside]
        shown = {treatments[ranked[position]].action for position in chosen}
        assert shown
        assert len(shown) == len(chosen)
        assert all(shown.issuperset(bundle) or shown.isdisjoint(bundle) for bundle in bundles)
        if filled.bound is not None:
            cut_short += 1
            assert filled.bound.priority >= sum(priorities[position] for position in chosen)
    assert cut_short
    assert filled == filler.fill(ranked, priorities, wanted)
