"""All slots of a request, under limits, bundles and contact policy at once: what is offered passes side by side, and is
the best of all choices of what contact policy does not stop beside it.
"""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Action, Channel, Named, Placement, Revision, Starting, Treatment
from shared.domain.change import apply
from shared.domain.contact_policy import counting, first_stop
from shared.domain.contact_read import ContactRead
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.explanation import explain
from shared.domain.policy.policy import Policy
from shared.domain.replay import offers, replay, replayed
from shared.domain.retrace import full, retrace
from shared.domain.rules import Cap, ExclusionRule, Scope
from shared.domain.scoring import best_first
from shared.domain.slot_rules import Bundle, SlotRules
from shared.domain.why_not import why_not
from tests.corpus.tree_bank import revision
from tests.property.test_slots import best_of_all, obeys, whole
from tests.unit.domain.situations import NOW, person, signal

PLACEMENTS = ("web.hero", "web.tile", "web.card")
GROUPS = {"g0": "i0", "g1": "i0", "g2": "i1", "g3": "i2"}
WEEK = 7 * 86_400


def bank(chance: Random) -> Policy:
    """A bank of a few actions in as few groups that all want the same slots."""
    actions = []
    for number in range(chance.randint(2, 6)):
        group = chance.choice(sorted(GROUPS))
        wanted = chance.sample(PLACEMENTS, chance.choice([1, 1, 2]))
        purpose = chance.choice(["marketing", "service"])
        actions.append(
            Action(
                id=f"a{number}",
                name=f"Action {number}",
                brand="oak",
                issue=GROUPS[group],
                group=group,
                purpose=purpose,
                value=float(chance.choice([1, 2, 3, chance.random()])),
                lever=chance.choice([1.0, 1.0, 0.5, 2.0]),
                mandatory=chance.random() < 0.1,
                treatments=tuple(
                    Treatment(
                        id=f"a{number}.{placement}",
                        channel="web",
                        placement=placement,
                        purpose=purpose,
                        starting=Starting(propensity=0.5, evidence=1),
                        content={"headline": "-", "body": "-"},
                    )
                    for placement in sorted(wanted)
                ),
            )
        )
    ids = [action.id for action in actions]
    caps = tuple(
        Cap(
            id=f"cap{number}",
            limit=chance.choice([1, 1, 2]),
            outcomes=("impression",),
            window_seconds=WEEK,
            reason="Enough.",
            scope=Scope(issues=tuple(sorted(chance.sample(["i0", "i1", "i2"], chance.choice([1, 2, 3]))))),
            per=chance.choice([None, None, "group", "issue"]),
        )
        for number in range(chance.choice([0, 1, 1, 2]))
    )
    slots = SlotRules(
        per_group=chance.choice([None, 1, 1, 2]),
        per_issue=chance.choice([None, 2, 3]),
        issues={"i0": 1} if chance.random() < 0.2 else {},
        at_least_one_of={issue: chance.choice([1, 2, 4]) for issue in chance.sample(["i0", "i1", "i2"], 1)},
        bundles=tuple(
            Bundle(name="pair", actions=tuple(sorted(chance.sample(ids, 2))), reason="They belong together.")
            for _ in range(chance.choice([0, 0, 1]))
        ),
    )
    catalogue = revision().catalogue
    [web] = [c for c in catalogue.channels if c.id == "web"]
    placed = tuple(Placement(id=p, name=p) for p in sorted(PLACEMENTS))
    channels: tuple[Channel, ...] = (msgspec.structs.replace(web, placements=placed, price=0.0),)
    return Policy(
        Revision(
            msgspec.structs.replace(
                catalogue,
                issues=tuple(Named(id=issue, name=issue) for issue in sorted(set(GROUPS.values()))),
                groups=tuple(Named(id=g, name=g, parent=i) for g, i in sorted(GROUPS.items())),
                channels=channels,
                context_weights=(),
                conditions=(),
                expressions={},
                exclusions=(),
                actions=tuple(actions),
                rules=(*caps, ExclusionRule(id="sad", flag="sad", stops=("marketing",), reason="Not now.")),
                slots=slots,
            )
        )
    )


def decided(policy: Policy, chance: Random) -> DecisionRecord:
    """The decision of a request for a few slots."""
    used = sorted({t.placement for action in policy.revision.catalogue.actions for t in action.treatments})
    placements = chance.sample(used, chance.randint(1, len(used)))
    record = DecisionRecord(
        decision_id="d-1",
        person_id="p-1",
        revision=policy.revision.id,
        signal=signal(),
        profile=person(flags=["sad"] if chance.random() < 0.2 else []),
        decided_at=NOW,
        reserved_at=NOW,
        result="offered",
        slots=Slots(
            channels=("web",), placements=tuple(placements), counts=tuple(chance.randint(1, 2) for _ in placements)
        ),
        read=ContactRead(),
        filling="together",
    )
    ids = sorted(t.id for action in policy.revision.catalogue.actions for t in action.treatments)
    known = msgspec.structs.replace(
        record, candidates=tuple(ids), propensities=tuple(round(chance.uniform(0.1, 0.9), 2) for _ in ids)
    )
    return replayed(policy, known)


def candidates(policy, ranking):
    """The candidates as the judge of slots takes them."""
    found = []
    for treatment, priority in zip(ranking.treatments, ranking.priorities, strict=True):
        action, made = policy.revision.treatment(treatment)
        found.append(
            {
                "treatment": treatment,
                "action": action.id,
                "group": action.group,
                "issue": action.issue,
                "placements": [made.placement],
                "priority": priority,
                "mandatory": action.mandatory,
            }
        )
    return found


def check(policy, record):
    ranking = retrace(policy, record).scoring
    slots = policy.revision.catalogue.slots
    wanted = record.slots.wanted()
    limits = slots.limits(slots.wanted(sum(count for _, count in wanted)))
    chosen = {each.treatment for each in record.chosen}
    every = candidates(policy, ranking)
    shown = [each for each in every if each["treatment"] in chosen]
    assert obeys(shown, limits)
    assert whole(shown, limits)
    issues, best = slots.wanted(sum(count for _, count in wanted)), {}
    for rank, each in enumerate(every):
        if each["treatment"] in chosen:
            best.setdefault(each["issue"], rank)

    def order(entry):
        rank, each = entry
        leads = each["issue"] in issues and rank <= best.get(each["issue"], rank)
        return (0 if each["mandatory"] else 1 if leads else 2), rank

    history, free = record.read.history(policy.revision), []
    withheld = {each.treatment for each in record.withheld}
    for _, each in sorted(enumerate(every), key=order):
        stop = first_stop(policy, each["treatment"], record.profile, history, NOW)
        if each["treatment"] in chosen:
            assert stop is None, "no rule is broken side by side"
            history = counting(policy.revision, history, each["treatment"], NOW)
        if stop is None and each["treatment"] not in withheld:
            free.append(each)
    best, unmet = best_of_all(free, limits, wanted)
    placed = [[c.treatment for c in record.chosen if c.placement == placement] for placement, _ in wanted]
    assert placed == best
    assert offers(policy, record, best_first(policy, ranking)).unmet == unmet
    assert replay(policy, record).agrees


@pytest.mark.parametrize("seed", range(8))
def test_what_is_offered_passes_side_by_side_and_is_the_best_of_what_does(seed):
    chance = Random(seed)
    for _ in range(150):
        policy = bank(chance)
        check(policy, decided(policy, chance))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_what_is_said_to_put_an_action_into_the_slots_does(chance):
    policy = bank(chance)
    record = decided(policy, chance)
    for action in policy.revision.catalogue.actions:
        told = why_not(policy, record, action.id)
        assert told.because
        for change in told.changes[-1:] if told.outcome == "wins" else ():
            if change.kind == "propensity":
                made = replayed(policy, apply(policy, record, told.changes))
                assert action.id in {policy.revision.treatment(c.treatment)[0].id for c in made.chosen}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_what_ranks_above_what_is_shown_has_a_reason(chance):
    policy = bank(chance)
    record = decided(policy, chance)
    told = explain(policy, record)
    ranking = retrace(policy, record).scoring
    shown = {each.treatment: each.placement for each in record.chosen}
    named = {*shown, *(each.treatment for each in told.left_out), *(each.treatment for each in record.withheld)}
    for placement, count in record.slots.wanted():
        inside = [t for t, where in shown.items() if where == placement]
        fitting = [t for t in ranking.treatments if policy.revision.treatment(t)[1].placement == placement]
        last = max(map(fitting.index, inside)) if len(inside) == count else len(fitting)
        actions = {policy.revision.treatment(t)[0].id for t in shown}
        for treatment in fitting[:last]:
            assert treatment in named or policy.revision.treatment(treatment)[0].id in actions
    assert all(each.because for each in told.left_out)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_what_levers_cost_is_what_the_same_bank_without_them_would_have_shown(chance):
    policy = bank(chance)
    record = decided(policy, chance)
    flat = tuple(msgspec.structs.replace(a, lever=1.0) for a in policy.revision.catalogue.actions)
    without = Policy(Revision(msgspec.structs.replace(policy.revision.catalogue, actions=flat)))
    expected = replayed(without, msgspec.structs.replace(record, revision=without.revision.id))

    cost = full(policy, record).without_levers

    assert cost.chosen == expected.chosen
    assert [each.treatment for each in cost.ranked][:1] == [record.unlevered]
    assert [each.priority for each in cost.ranked] == list(retrace(without, expected).scoring.priorities)
