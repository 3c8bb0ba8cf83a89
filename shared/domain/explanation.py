"""Explanations: why a decision chose what it chose, why not the others, and what the conditions read (`domain.md` 4,
10), as a colleague wants it. What a customer and a regulator are told is in `audiences`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.domain.candidates import count, instead, means, said_by
from shared.domain.catalogue import Revision, facts
from shared.domain.contact_policy import Withheld
from shared.domain.contact_words import counted, moment, scope_of
from shared.domain.decision import DecisionRecord
from shared.domain.dropped import DroppedBy, dropped_by
from shared.domain.experiments import HELD_OUT
from shared.domain.left_out import LeftOut, Slotted
from shared.domain.non_sends import withheld_in
from shared.domain.policy.policy import Policy
from shared.domain.replay import is_offer, offers
from shared.domain.retrace import Retraced, cost_of_levers, retrace
from shared.domain.scoring import Ranked, Scoring, best_first
from shared.domain.selection import How, probability
from shared.domain.why_not import WhyNot, why_not


class WithheldBy(msgspec.Struct, frozen=True, kw_only=True):
    """Why a ranked treatment was withheld.

    Attributes:
        scope: what the rule is about.
        reason: of the rule, with what it went by.
        until: when it would let it through, ISO; None where time alone does not.
        allowed: the same on the person's clock; empty where time alone does not.
    """

    treatment: str
    rule: str
    kind: str
    scope: str
    reason: str
    until: str | None
    allowed: str = ""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """How probable the choice of the treatment that was given first was, in the person's arms and after contact policy.

    Attributes:
        how: `exact`, or `drawn` where it is worked out by choosing again, as the history is told every night.
    """

    probability: float
    how: How


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A decision in words and figures.

    Attributes:
        headline: the answer in a sentence.
        against_runner_up: the winner's factors beside those of the next in rank.
        levers: what levers changed, empty where they changed nothing.
        left_out: what ranks above something shown in its placement and is not shown itself, though no rule of contact
            policy withholds it.
        remarks: of which issues one was wanted and none could be had, and where the search for the best was cut short.
        why_not: of an action that was asked about, what would have let it win.
        again: of a decision that is made again after another had waited, which one; empty where it is the first.
        selection: how probable the choice was; None of nothing.
    """

    decision_id: str
    person_id: str
    revision: str
    headline: str
    chosen: list[dict[str, Any]]
    against_runner_up: list[str]
    withheld: list[WithheldBy]
    dropped: list[DroppedBy]
    conflicts: list[str]
    levers: str = ""
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()
    why_not: WhyNot | None = None
    again: str = ""
    arms: tuple[str, ...] = ()
    selection: Selection | None = None


def explain(policy: Policy, record: DecisionRecord, action: str | None = None) -> Explanation:
    """Explain a record by the revision that decided it.

    Args:
        policy: that revision.
        record: the decision.
        action: one of which it is asked why it was not chosen.

    Raises:
        NotFoundError: there is no such action.
    """
    revision = policy.revision
    retraced = retrace(policy, record)
    ranked = {each.treatment: each for each in retraced.scoring or ()}
    around, models, said = means(policy, record), instead(policy, record), said_by(policy, record)
    chosen = [
        {
            "treatment": c.treatment,
            "delivery_id": c.delivery_id,
            "placement": c.placement,
            "name": name_of(revision, c.treatment),
            **(_factors(ranked[c.treatment]) if c.treatment in ranked else {}),
            **({"mean_propensity": float(f"{around[c.treatment]:.3g}")} if c.treatment in around else {}),
            **(
                {"propensity_said_by": said[c.treatment], "propensity_of_models": models[c.treatment]}
                if c.treatment in said
                else {}
            ),
        }
        for c in record.chosen
    ]
    slotted = _slotted(policy, record, retraced.scoring)
    return Explanation(
        decision_id=record.decision_id,
        person_id=record.person_id,
        revision=record.revision,
        headline=headline(policy, record, retraced),
        chosen=chosen,
        against_runner_up=_against_runner_up(revision, record, retraced.scoring),
        withheld=[_withheld(policy, record, each) for each in withheld_in(policy, record, ranked)],
        dropped=[dropped_by(policy, record, d) for d in retraced.drops],
        conflicts=[f"{c.namespace}: {c.reason} ({c.person_id})" for c in record.conflicts],
        levers=_levers(policy, record, retraced.scoring),
        left_out=tuple(slotted.left_out()) if slotted else (),
        remarks=tuple(slotted.remarks()) if slotted else (),
        why_not=why_not(policy, record, action) if action is not None else None,
        again=_again(policy, record),
        arms=tuple(_arms(revision, record)),
        selection=_selection(policy, record),
    )


def _selection(policy: Policy, record: DecisionRecord) -> Selection | None:
    found = probability(policy, record)
    return Selection(probability=found.value, how=found.how) if found else None


def _again(policy: Policy, record: DecisionRecord) -> str:
    again = record.signal.again
    if again is None:
        return ""
    first_at = moment(again.first_at, policy.contact_rules.zone_of(record.profile))
    return f"Decided again: {again.decision_id} waited; the first decision was made {first_at}."


def _arms(revision: Revision, record: DecisionRecord) -> Iterator[str]:
    """What was different for this person because of experiments and holdouts."""
    for each in record.arms:
        name, _, arm_id = each.partition("=")
        experiment = next((e for e in revision.catalogue.experiments if e.id == name), None)
        arm = next((a for a in experiment.arms if a.id == arm_id), None) if experiment else None
        if arm is not None:
            levers = "with levers of its own" if arm.levers else "as for everybody"
            yield f"In arm {arm_id} of experiment {name}: ranked {RANKED.get(arm.ranks_by, levers)}."
        elif arm_id == HELD_OUT and record.held_back is not None:
            yield f"Held out by {name}: {record.held_back} would have been given but for that."
        elif arm_id == HELD_OUT:
            yield f"Held out by {name}, which made no difference here."


RANKED = {"chance": "by chance", "propensity": "by propensity alone", "no_levers": "with every lever at 1"}
"""How an arm ranks, in words."""


def name_of(revision: Revision, treatment: str) -> str:
    """The name of a treatment's action; the treatment's id where it was reserved by a revision that still had it."""
    known = revision.treatments.get(treatment)
    return known[0].name if known else treatment


def _slotted(policy: Policy, record: DecisionRecord, scoring: Scoring | None) -> Slotted | None:
    """What fills the slots of a request, None where they were not filled together."""
    if scoring is None or record.filling != "together" or not is_offer(policy.revision, record.slots):
        return None
    return Slotted(policy, record, scoring, offers(policy, record, best_first(policy, scoring)))


def _levers(policy: Policy, record: DecisionRecord, scoring: Scoring | None) -> str:
    if scoring is None:
        return ""
    said = []
    lever = dict(zip(scoring.treatments, scoring.levers, strict=True))
    first, displaced = scoring.treatments[0], record.unlevered
    if displaced not in (None, first):
        said.append(
            f"With every lever at 1, {displaced} would have ranked first; {first} does, "
            f"with a lever of {lever[first]:.4g} against {lever[str(displaced)]:.4g}."
        )
    cost = cost_of_levers(policy, record, scoring)
    if cost.displaced:
        without = {each.treatment for each in cost.chosen}
        instead = [each.treatment for each in record.chosen if each.treatment not in without]
        of = f", instead of {', '.join(instead)}" if instead else ""
        said.append(f"Levers kept {', '.join(cost.displaced)} from being chosen{of}.")
    return " ".join(said)


def headline(policy: Policy, record: DecisionRecord, retraced: Retraced) -> str:
    """The answer in a sentence."""
    revision = policy.revision
    ranked = count(record)
    if record.chosen:
        return _chosen_headline(revision, record, ranked)
    if record.deferred is not None:
        waits = record.deferred
        name = name_of(revision, waits.treatment)
        until = moment(waits.until, policy.contact_rules.zone_of(record.profile))
        reason = next((rule.reason for rule in revision.catalogue.rules if rule.id == waits.rule), waits.rule)
        return f"Nothing yet: {name} ({waits.treatment}) waits until {until} and is decided again then. {reason}"
    if record.result == "excluded":
        reason = next(e.reason for e in revision.catalogue.exclusions if e.flag == record.excluded_by)
        return f"Nothing: excluded by {record.excluded_by}. {reason}"
    if record.result == "nothing_qualified":
        return f"Nothing: none of {len({d.action for d in retraced.drops})} actions passes engagement policy."
    rules = ", ".join(sorted({each.rule for each in record.stops}))
    if rules:
        return f"Nothing: all {ranked} ranked treatments are withheld by {rules}."
    return f"Nothing: all {ranked} ranked treatments are of bundles, and none of these can be whole."


def _chosen_headline(revision: Revision, record: DecisionRecord, ranked: int) -> str:
    known = revision.treatments.get(record.chosen[0].treatment)
    if known is None:
        return f"{record.chosen[0].treatment}: reserved before, by a revision that still had it."
    action, treatment = known
    if len(record.chosen) > 1:
        names = ", ".join(name_of(revision, each.treatment) for each in record.chosen)
        return f"{names} by {treatment.channel}: the best together of {ranked} ranked, for the slots asked for."
    return f"{action.name} by {treatment.channel}: first of {ranked} ranked that contact policy lets through."


def _factors(ranked: Ranked) -> dict[str, float]:
    return {
        "priority": ranked.priority,
        "propensity": ranked.propensity,
        "context": ranked.context,
        "value": ranked.value,
        "lever": ranked.lever,
    }


def _against_runner_up(revision: Revision, record: DecisionRecord, scoring: Scoring | None) -> list[str]:
    """The winner beside the next treatment in rank of another action, factor by factor."""
    if not record.chosen:
        return []
    chosen = record.chosen[0].treatment
    ranked = list(scoring or ())
    position = next((i for i, each in enumerate(ranked) if each.treatment == chosen), None)
    if position is None:  # told again after the person had changed: the reservation stands, the ranking is a new one
        return [f"{chosen} was reserved before; it is not in this later ranking."]
    winner = ranked[position]
    won, _ = revision.treatment(chosen)
    rivals = (each for each in ranked[position + 1 :] if revision.treatment(each.treatment)[0].id != won.id)
    runner_up = next(rivals, None)
    if runner_up is None:
        return [f"{winner.treatment} had no rival."]
    lines = [f"{winner.treatment} against {runner_up.treatment}:"]
    for name, mine in _factors(winner).items():
        theirs = _factors(runner_up)[name]
        lines.append(f"{name}: {mine:.4g} against {theirs:.4g}")
    return lines


def _withheld(policy: Policy, record: DecisionRecord, withheld: Withheld) -> WithheldBy:
    revision = policy.revision
    rule = next((r for r in revision.catalogue.rules if r.id == withheld.rule), None)
    zone = policy.contact_rules.zone_of(record.profile)
    reason = "Switched off, for everybody." if withheld.kind == "switch" else withheld.rule
    if rule is not None:
        known = revision.treatments.get(withheld.treatment)
        of = facts(*known) if known else None
        reason = f"{rule.reason} ({counted(rule, withheld, of, record.reserved_at, zone)})"
    return WithheldBy(
        treatment=withheld.treatment,
        rule=withheld.rule,
        kind=withheld.kind,
        scope=scope_of(rule),
        reason=reason,
        until=withheld.allowed_at.isoformat(timespec="seconds") if withheld.allowed_at else None,
        allowed=f"after {moment(withheld.allowed_at, zone)}" if withheld.allowed_at else "",
    )
