"""Slots against every way there is: what is chosen is the best of all choices, listed one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.slots import Filler, SlotLimits, SlotTreatment

ISSUES = {"g1": "i1", "g2": "i1", "g3": "i2", "g4": "i3"}
PLACEMENTS = ("hero", "banner", "card")


def order(offered):
    """Candidates as arbitration ranks them."""
    return sorted(offered, key=lambda c: (not c["mandatory"], -c["priority"], c["action"], c["treatment"]))


def fill(offered, limits, wanted, numbering=lambda items: items):
    """What fills each placement, as treatment ids, by the public door."""
    numbered = numbering(list(offered))
    filler = Filler(
        [
            SlotTreatment(
                action=c["action"],
                group=c["group"],
                issue=c["issue"],
                placements=tuple(c["placements"]),
                mandatory=c["mandatory"],
            )
            for c in numbered
        ],
        limits,
    )
    ranking = order(offered)
    filled = filler.fill([numbered.index(c) for c in ranking], [c["priority"] for c in ranking], wanted)
    assert filled.bound is None
    for inside in filled.chosen:
        assert list(inside) == sorted(inside)  # by rank within a placement
    return [[ranking[p]["treatment"] for p in inside] for inside in filled.chosen], filled.unmet


def obeys(chosen, limits):
    def most(key, each, own):
        names = [c[key] for c in chosen]
        return all((n := own.get(name, each)) is None or names.count(name) <= n for name in set(names))

    actions = [c["action"] for c in chosen]
    return (
        len(set(actions)) == len(actions)
        and most("group", limits.per_group, limits.groups)
        and most("issue", limits.per_issue, limits.issues)
    )


def whole(chosen, limits):
    actions = {c["action"] for c in chosen}
    return all(actions >= set(bundle) or actions.isdisjoint(bundle) for bundle in limits.bundles)


def best_of_all(offered, limits, wanted):
    """The best choice by listing all: each candidate in turn stays out or goes to a placement with a free slot."""
    ranking = order(offered)
    best = None

    def extend(k, taken, rooms):
        nonlocal best
        if k == len(ranking):
            chosen = [ranking[rank] for rank, _ in taken]
            if whole(chosen, limits):
                issues = {c["issue"] for c in chosen}
                worth = (
                    sum(c["mandatory"] for c in chosen),
                    sum(Fraction(c["priority"]) for c in chosen if c["mandatory"]),
                    len(issues & set(limits.at_least_one_of)),
                    sum(Fraction(c["priority"]) for c in chosen if not c["mandatory"]),
                    len(chosen),
                    [(-rank, -part) for rank, part in taken],
                )
                if best is None or worth > best[0]:
                    best = (worth, taken)
            return
        candidate = ranking[k]
        for part, (placement, _) in enumerate(wanted):
            fits = placement is None or placement in candidate["placements"]
            if fits and rooms[part] and obeys([ranking[r] for r, _ in taken] + [candidate], limits):
                extend(k + 1, [*taken, (k, part)], [n - (i == part) for i, n in enumerate(rooms)])
        extend(k + 1, taken, rooms)

    extend(0, [], [count for _, count in wanted])
    chosen = [[ranking[r]["treatment"] for r, p in best[1] if p == part] for part in range(len(wanted))]
    met = {ranking[r]["issue"] for r, _ in best[1]}
    return chosen, tuple(issue for issue in limits.at_least_one_of if issue not in met)


PRIORITIES = st.one_of(
    st.integers(0, 4).map(float),
    st.sampled_from([0.1, 0.2, 0.3, 0.7, 0.1 + 0.2, 1e-12, 1e9]),
    st.floats(0, 10, allow_nan=False),
)


@st.composite
def cases(draw):
    actions = draw(st.lists(st.tuples(st.sampled_from(sorted(ISSUES)), st.booleans()), min_size=1, max_size=6))
    mandatory_too = draw(st.booleans())
    many = draw(st.booleans())
    offered = []
    for n in range(draw(st.integers(1, 8))):
        action = draw(st.integers(0, len(actions) - 1))
        group, mandatory = actions[action]
        offered.append(
            {
                "treatment": f"t{n}",
                "action": f"a{action}",
                "group": group,
                "issue": ISSUES[group],
                "placements": draw(st.lists(st.sampled_from(PLACEMENTS), max_size=2 if many else 1, min_size=1)),
                "priority": draw(PRIORITIES),
                "mandatory": mandatory_too and mandatory,
            }
        )
    number = st.one_of(st.none(), st.integers(0, 3))
    names = st.integers(0, 6).map("a{}".format)
    limits = SlotLimits(
        per_group=draw(number),
        groups=draw(st.dictionaries(st.sampled_from(sorted(ISSUES)), st.integers(0, 2), max_size=2)),
        per_issue=draw(number),
        issues=draw(st.dictionaries(st.sampled_from(["i1", "i2", "i3"]), st.integers(0, 3), max_size=2)),
        at_least_one_of=tuple(draw(st.lists(st.sampled_from(["i1", "i2", "i3", "i4"]), unique=True, max_size=3))),
        bundles=tuple(map(tuple, draw(st.lists(st.lists(names, unique=True, min_size=1, max_size=3), max_size=3)))),
    )
    wanted = draw(
        st.lists(
            st.tuples(st.sampled_from([*PLACEMENTS, *PLACEMENTS, None]), st.integers(0, 3)), min_size=1, max_size=3
        )
    )
    return offered, limits, wanted


@settings(max_examples=150, deadline=None)
@given(cases())
def test_what_is_chosen_is_the_best_of_all_choices(case):
    assert fill(*case) == best_of_all(*case)


def contested(chance):
    """A case in which many want the same: more often than not, greedy is wrong."""
    groups = [f"g{n}" for n in range(chance.randint(2, 5))]
    issue_of = {group: f"i{chance.randint(0, 2)}" for group in groups}
    actions = [chance.choice(groups) for _ in range(chance.randint(3, 8))]
    mandatory = chance.sample(range(len(actions)), 2) if chance.random() < 0.2 else []
    tied = chance.random() < 0.4
    placements = ["p0", "p1", "p2", "p3", "p4"][: chance.choice([1, 2, 3, 5])]
    offered = []
    for n in range(chance.randint(4, 10)):
        action = chance.randrange(len(actions))
        offered.append(
            {
                "treatment": f"t{n}",
                "action": f"a{action}",
                "group": actions[action],
                "issue": issue_of[actions[action]],
                "placements": chance.sample(placements, min(len(placements), chance.choice([1, 1, 1, 2]))),
                "priority": float(chance.randint(0, 5)) if tied else chance.random(),
                "mandatory": action in mandatory,
            }
        )
    limits = SlotLimits(
        per_group=chance.choice([None, 1, 1, 2]),
        groups={"g0": chance.randint(0, 2)} if chance.random() < 0.2 else {},
        per_issue=chance.choice([None, 1, 2, 3]),
        at_least_one_of=tuple(chance.sample(["i0", "i1", "i2"], chance.choice([0, 0, 1, 2, 3]))),
        bundles=tuple(
            tuple(f"a{a}" for a in chance.sample(range(len(actions)), chance.randint(2, 3)))
            for _ in range(chance.choice([0, 0, 1, 2, 3]))
        ),
    )
    most = 1 if len(placements) == 5 else 2
    wanted = [(p if chance.random() < 0.93 else None, chance.randint(1, most)) for p in placements]
    return offered, limits, wanted


@pytest.mark.parametrize("seed", range(10))
def test_what_is_chosen_is_the_best_of_all_choices_where_many_want_the_same(seed):
    chance = Random(seed)
    for _ in range(500):
        case = contested(chance)
        assert fill(*case) == best_of_all(*case), case


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_neither_the_numbering_of_treatments_nor_the_order_of_bundles_and_issues_matters(random):
    offered, limits, wanted = contested(random)

    def shuffled(items):
        return random.sample(items, len(items))

    chosen, unmet = fill(offered, limits, wanted)
    again = SlotLimits(
        per_group=limits.per_group,
        groups=dict(shuffled(list(limits.groups.items()))),
        per_issue=limits.per_issue,
        issues=limits.issues,
        at_least_one_of=tuple(shuffled(list(limits.at_least_one_of))),
        bundles=tuple(tuple(shuffled(list(b))) for b in shuffled(list(limits.bundles))),
    )
    chosen_again, unmet_again = fill(shuffled(offered), again, wanted, numbering=shuffled)
    assert (chosen_again, set(unmet_again)) == (chosen, set(unmet))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_renaming_changes_nothing_where_no_priorities_tie(random):
    offered, limits, wanted = contested(random)
    offered = [c | {"priority": c["priority"] + 2.0**-20 * n} for n, c in enumerate(offered)]
    ranked = order(offered)
    if any(a["priority"] == b["priority"] for a, b in pairwise(ranked)):
        return
    ids = sorted({*(f"g{n}" for n in range(5)), *(f"a{n}" for n in range(8)), *(c["treatment"] for c in offered)})
    to = dict(zip(ids, random.sample([f"x{n:02}" for n in range(len(ids))], len(ids)), strict=True))
    renamed = [c | {key: to[c[key]] for key in ("action", "treatment", "group")} for c in offered]
    again = SlotLimits(
        per_group=limits.per_group,
        groups={to[g]: n for g, n in limits.groups.items()},
        per_issue=limits.per_issue,
        issues=limits.issues,
        at_least_one_of=limits.at_least_one_of,
        bundles=tuple(tuple(to[a] for a in bundle) for bundle in limits.bundles),
    )
    chosen, unmet = fill(offered, limits, wanted)
    assert fill(renamed, again, wanted) == ([[to[t] for t in inside] for inside in chosen], unmet)
