"""What a wave comes to in numbers is what is found person by person: who is given what, where each falls, which rules
stop something, and what would be given without levers.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.batch.alone import record
from shared.domain.batch.deciding import Batch
from shared.domain.batch.differing import interval, moved
from shared.domain.batch.numbers import CHANGED_BY_LEVERS, REACHED, VALUE, Numbers, summed, who
from shared.domain.contact_policy import Limits
from shared.domain.policy.conditions import candidate
from shared.domain.policy.policy import Verdict
from tests.fault.world import NOW
from tests.property.test_batch import evidence, policies, slots_of, wave_of


def names_of(policy, made):
    """What somebody is given, by the names of numbers."""
    found = set()
    for each in made.chosen:
        action, treatment = policy.revision.treatment(each.treatment)
        found |= {f"brand:{action.brand}", f"issue:{action.issue}", f"channel:{treatment.channel}"}
        found |= {f"action:{action.id}", f"treatment:{treatment.id}", REACHED}
    return found


def falls_of(policy, slots, decisions, wave, person, now):
    """The conditions at which somebody falls, one a treatment or action that may be theirs."""
    catalogue, found = policy.revision.catalogue, set()
    situation = policy.situation(wave.profiles[person], wave.signals[person], now)

    def falls(indexes, action, treatment):
        for index in indexes:
            condition = catalogue.conditions[index]
            verdict = policy.verdict(condition, {**situation, **candidate(action, treatment)})
            if verdict is Verdict.HOLDS or (verdict is Verdict.UNKNOWN and condition.on_missing == "allow"):
                continue
            found.add(f"condition:{condition.level}/{condition.kind}/{condition.name}")
            return True
        return False

    for action in catalogue.actions:
        treatments = [each for each in action.treatments if slots.admit(each)]
        may = [
            each for each in treatments if int(decisions.admitted[policy.row(each.id)][person // 64]) >> person % 64 & 1
        ]
        if may and not falls(action.conditions, action, None):
            for treatment in may:
                falls(treatment.conditions, action, treatment)
    return found


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**9), which=st.sampled_from(["as it is", "loose"]))
def test_numbers_are_those_of_each_person(seed, which):
    chance = Random(seed)
    policy = policies()[which]
    slots, wave, counts = slots_of(policy, chance), wave_of(policy, chance, 8), evidence(policy, chance)
    batch = Batch(policy, slots, counts, NOW)
    decisions = batch(wave)
    behind = Numbers(batch)(wave, decisions)
    rules = policy.contact_rules
    for person, profile in enumerate(wave.profiles):
        now = batch.moments(wave)[person]
        made = record(policy, wave.asked(person), slots, counts, now)
        told = {name for name, flags in behind.persons.items() if flags[person]}
        given_to = {
            name for name in told if name.partition(":")[0] in ("brand", "issue", "channel", "action", "treatment")
        }
        assert given_to | (told & {REACHED}) == names_of(policy, made)
        assert f"result:{made.result}" in told
        assert {name for name in told if name.startswith("condition:")} == falls_of(
            policy, slots, decisions, wave, person, now
        )
        stopped = Limits(rules, profile, wave.histories[person], now).by_rule()
        own = decisions.qualified(person)
        stopping = {f"rule:{rule.id}" for n, rule in enumerate(rules.rules) if stopped.get(n, 0) & own}
        assert {name for name in told if name.startswith("rule:")} == stopping
        if not decisions.otherwise[person]:
            without = record(policy, wave.asked(person), slots, counts, now, levers=False)
            same = sorted(c.treatment for c in made.chosen) == sorted(c.treatment for c in without.chosen)
            assert (CHANGED_BY_LEVERS in told) is not same
    summary = summed(behind, len(wave.profiles))
    assert summary.amount(VALUE) >= 0.0
    assert len(who(behind, REACHED, [profile.person_id for profile in wave.profiles])) == summary.counts[REACHED]
    assert not moved(behind, behind, len(wave.profiles)).gained


@pytest.mark.parametrize(
    ("gained", "lost", "low", "high"), [(0, 0, -2.0, 2.0), (44, 0, 31.1, 56.7), (10, 10, -9.0, 9.0)]
)
def test_the_interval_of_a_difference(gained, lost, low, high):
    assert interval(gained, lost, 1000) == (pytest.approx(low, abs=0.1), pytest.approx(high, abs=0.1))
