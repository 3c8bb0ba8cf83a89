"""Assignment to arms, what differs in them, and how probable a choice was."""

from __future__ import annotations

from collections import Counter
from functools import cache

import msgspec
import numpy as np
import pytest

from functions.suppression.records import make_delivery, record_of, row_of
from shared.domain.arbitration import rank
from shared.domain.catalogue import Arm, ArmLever, Experiment
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import held_out, select
from shared.domain.contact_read import read_of
from shared.domain.engagement import Slots, qualify
from shared.domain.experiments import AS_USUAL
from shared.domain.explanation import explain
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from shared.domain.retrace import retrace
from shared.domain.rules import Holdout, Scope
from shared.domain.scoring import without_levers
from shared.domain.signal import decision_id
from shared.messages import ActionsRanked
from tests.fault.world import bank_revision
from tests.unit.domain.situations import NOW, person, policy, signal

STANDING = Experiment(
    id="standing",
    reason="What arbitration is worth.",
    arms=(
        Arm(id="random", share=0.2, ranks_by="chance"),
        Arm(id="propensity_only", share=0.2, ranks_by="propensity"),
        Arm(id="no_levers", share=0.2, ranks_by="no_levers"),
    ),
)
LEVERS = Experiment(
    id="levers",
    reason="Whether loans should be pushed.",
    arms=(Arm(id="more", share=0.5, levers=(ArmLever(scope=Scope(groups=("loans",)), lever=9.0),)),),
)
HALF = Holdout(id="control", share=0.5, stops=("marketing",), reason="Control.")
PERSONS = [f"p-{n}" for n in range(20_000)]


@cache
def experimenting(*rules):
    catalogue = policy().revision.catalogue
    changed = msgspec.structs.replace(catalogue, experiments=(STANDING, LEVERS), rules=rules)
    return Policy(type(policy().revision)(changed))


@cache
def arms_of(rules=()):
    return [experimenting(*rules).experiments.arms(each) for each in PERSONS]


def decided(compiled, arms, *, said=None, profile=None, slots=None, counts=None, told=None):
    """A decision, as suppression would record it, and its row of the history."""
    slots = slots or Slots(channels=("email", "sms"))
    profile, happened = profile or person(), signal(**(said or {}))
    rows = qualify(compiled, profile, happened, slots, NOW).rows
    ranking = rank(compiled, rows, profile, happened, counts or {}, NOW, arms=arms, told=told)
    ranked = ActionsRanked(
        message_id="m",
        decision_id=decision_id(happened.source, happened.id),
        occurred_at=NOW,
        person_id=profile.person_id,
        revision=compiled.revision.id,
        signal=happened,
        profile=profile,
        decided_at=NOW,
        slots=slots,
        ranking=ranking,
        arms=arms,
    )
    chosen = select(compiled, compiled.ids(ranking.rows()), profile, ContactHistory(), NOW)
    read = read_of(compiled, ContactHistory(), NOW)
    deliveries = [make_delivery(compiled, ranked, each, NOW) for each in chosen.chosen]
    result = "reserved" if deliveries else "all_withheld"
    record = record_of(compiled, ranked, result, NOW, deliveries, withheld=chosen.withheld, read=read)
    return record, row_of(compiled, ranked, record, deliveries[0] if deliveries else None)


def test_assignment_is_stable_and_as_large_as_declared():
    counted = Counter(arm for arms in arms_of() for arm in arms)

    assert [experimenting().experiments.arms(each) for each in PERSONS[:100]] == arms_of()[:100]
    for arm, share in (("standing=random", 0.2), ("standing=no_levers", 0.2), ("levers=more", 0.5)):
        assert counted[arm] == pytest.approx(share * len(PERSONS), abs=4 * (share * (1 - share) * len(PERSONS)) ** 0.5)


def test_experiments_part_persons_independently():
    both = np.array([["standing=random" in arms, "levers=more" in arms] for arms in arms_of()])

    assert abs(np.corrcoef(both.T)[0, 1]) < 4 / len(PERSONS) ** 0.5


def test_an_arm_that_grows_takes_nobody_from_those_before_it():
    grown = msgspec.structs.replace(
        STANDING, arms=(*STANDING.arms[:2], msgspec.structs.replace(STANDING.arms[2], share=0.6))
    )
    catalogue = msgspec.structs.replace(experimenting().revision.catalogue, experiments=(grown, LEVERS))
    after = Policy(type(policy().revision)(catalogue)).experiments

    moved = [(was, after.arms(each)) for each, was in zip(PERSONS[:2000], arms_of(), strict=False)]
    assert all(is_now == was or (not was or was[0] == "levers=more") for was, is_now in moved)


def test_who_a_holdout_holds_out_is_said_as_an_arm():
    found = ["control=held_out" in arms for arms in arms_of((HALF,))]

    assert found == [held_out(HALF, each) for each in PERSONS]


def test_who_is_in_no_arm_is_ranked_as_usual_and_an_unknown_arm_changes_nothing():
    experiments = experimenting().experiments

    assert experiments.way(()) is AS_USUAL
    assert experiments.way(("gone=a", "control=held_out")) is AS_USUAL
    assert not policy().experiments.arms("p-1")


def test_each_arm_orders_by_what_it_says():
    compiled = experimenting()
    usual = retrace(compiled, decided(compiled, ())[0]).scoring
    by_propensity = retrace(compiled, decided(compiled, ("standing=propensity_only",))[0]).scoring
    bare = retrace(compiled, decided(compiled, ("standing=no_levers",))[0]).scoring
    pushed = retrace(compiled, decided(compiled, ("levers=more",))[0]).scoring
    both = retrace(compiled, decided(compiled, ("levers=more", "standing=propensity_only"))[0]).scoring

    assert usual is not None
    assert by_propensity.priorities == tuple(sorted(usual.propensities, reverse=True))
    assert set(bare.levers) == {1.0}
    changed = dict(zip(pushed.treatments, pushed.levers, strict=True))
    groups = {t.id: a.group for a, t in compiled.rows}
    assert {lever for treatment, lever in changed.items() if groups[treatment] == "loans"} == {9.0}
    assert both.treatments == by_propensity.treatments


@pytest.mark.parametrize("arm", ["standing=random", "standing=propensity_only", "standing=no_levers", "levers=more"])
def test_a_decision_of_an_arm_replays_byte_for_byte(arm):
    record, row = decided(experimenting(), (arm,))

    assert replay(experimenting(), record).agrees
    assert row.arms == arm
    assert record.arms == (arm,)


def test_chance_gives_each_its_turn_and_the_row_says_how_probable_that_was():
    compiled = experimenting()
    chosen = Counter()
    probabilities = set()
    for number in range(3000):
        _, row = decided(compiled, ("standing=random",), said={"id": f"s-{number}"})
        chosen[row.treatment] += 1
        probabilities.add(row.selection_probability)

    [probability] = probabilities
    assert probability == 1 / len(chosen)
    spread = (3000 * probability * (1 - probability)) ** 0.5
    assert all(abs(count - 3000 * probability) < 4.5 * spread for count in chosen.values())


def test_what_is_not_drawn_is_chosen_for_certain_and_what_it_was_ranked_by_stands_beside_it():
    compiled = experimenting()
    record, row = decided(compiled, ())
    first = next(iter(retrace(compiled, record).scoring))

    assert row.selection_probability == 1.0
    assert (row.treatment, row.priority, row.value, row.lever) == (
        first.treatment,
        first.priority,
        first.value,
        first.lever,
    )
    assert row.propensity == pytest.approx(first.propensity)


def test_of_somebody_held_out_it_is_said_what_they_would_have_been_given():
    compiled = experimenting(HALF)
    free = next(each for each in PERSONS if not held_out(HALF, each))
    held = next(each for each in PERSONS if held_out(HALF, each))

    given, _ = decided(compiled, (), profile=msgspec.structs.replace(person(), person_id=free))
    record, row = decided(compiled, ("control=held_out",), profile=msgspec.structs.replace(person(), person_id=held))

    assert row.held_back == given.chosen[0].treatment
    assert row.treatment != row.held_back
    assert replay(compiled, record).agrees


def test_an_explanation_says_what_was_different_for_the_person():
    compiled = experimenting(HALF)
    held = next(each for each in PERSONS if held_out(HALF, each))
    profile = msgspec.structs.replace(person(), person_id=held)

    record, _ = decided(compiled, ("control=held_out", "standing=random", "levers=more"), profile=profile)
    assert explain(compiled, record).arms == (
        f"Held out by control: {record.held_back} would have been given but for that.",
        "In arm random of experiment standing: ranked by chance.",
        "In arm more of experiment levers: ranked with levers of its own.",
    )
    assert not explain(compiled, decided(compiled, ())[0]).arms


def test_what_is_accepted_anyway_does_not_count_where_uplift_does():
    catalogue = policy().revision.catalogue
    anyway = {"saver": 0.04, "tips": 0.99}
    actions = tuple(msgspec.structs.replace(a, anyway=anyway.get(a.id, 0.0)) for a in catalogue.actions)
    changed = msgspec.structs.replace(catalogue, actions=actions, effect="uplift")
    compiled = Policy(type(policy().revision)(changed))

    record, row = decided(compiled, ())
    plain = {each.treatment: each for each in retrace(policy(), decided(policy(), ())[0]).scoring}
    ranked = list(retrace(compiled, record).scoring)
    assert replay(compiled, record).agrees
    for each in ranked:
        of = plain[each.treatment]
        less = anyway.get(compiled.revision.treatment(each.treatment)[0].id, 0.0)
        assert each.propensity == of.propensity
        assert each.priority == pytest.approx(max(of.propensity - less, 0) * of.value * of.lever * of.context)
    assert row.propensity == pytest.approx(plain[row.treatment].propensity)
    bare = {each.treatment: each.priority for each in without_levers(compiled, retrace(compiled, record).scoring)}
    assert bare == {each.treatment: pytest.approx(each.priority / each.lever) for each in ranked}


def test_the_sample_bank_keeps_its_standing_arms():
    assert [arm.id for arm in bank_revision().catalogue.experiments[0].arms] == [
        "random",
        "propensity_only",
        "no_levers",
    ]
