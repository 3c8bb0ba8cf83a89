"""Arbitration: ranks what may be by priority = P^wP · C^wC · V^wV · L^wL (`domain.md` 5). It ranks; it does not
choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shared.domain.catalogue import Action, Treatment, facts, in_scope
from shared.domain.engagement import Candidate
from shared.domain.expression import Situation, Verdict
from shared.domain.policy import Policy
from shared.domain.profile import Profile
from shared.domain.propensity import NO_EVIDENCE, Counts, model_id, propensity
from shared.domain.signal import Signal

MAX_CONTEXT_WEIGHT = 10.0

MAX_VALUE = 1e9
"""Pounds. No acceptance is worth more, and with exponents up to 10 a priority stays a finite number."""


class Ranked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One candidate with its priority and the factors it came from.

    Attributes:
        propensity: P, probability of acceptance.
        context: C, 1 where no context weight matches.
        value: V, pounds of an acceptance less the price of the contact, from 0 to `MAX_VALUE`.
        lever: L, the business weight.
        positives, negatives: the evidence behind P, so that it can be recomputed.
        mandatory: whether it ranks above all that are not.
    """

    action: str
    treatment: str
    channel: str
    priority: float
    propensity: float
    context: float
    value: float
    lever: float
    positives: int = 0
    negatives: int = 0
    mandatory: bool = False


def rank(
    policy: Policy,
    candidates: Sequence[Candidate],
    profile: Profile,
    signal: Signal,
    counts: Mapping[str, Counts],
    now: datetime,
) -> tuple[Ranked, ...]:
    """The candidates, best first: mandatory ones above all others, then by priority, ties by action id and treatment
    id.

    Args:
        policy: the compiled revision.
        candidates: what engagement policy let through.
        profile: the person.
        signal: what happened.
        counts: the models' evidence by model id; a missing one has none.
        now: the decision's time, UTC.
    """
    if not candidates:
        return ()
    situation = policy.language.situation(profile, signal, signal.context, now)
    catalogue = policy.revision.catalogue
    matching = [
        weight
        for weight, expression in zip(catalogue.context_weights, policy.context_weights, strict=True)
        if expression.verdict(situation.bound) is Verdict.HOLDS
    ]
    values: dict[str, float] = {}
    ranked = []
    for candidate in candidates:
        action, treatment = policy.revision.treatment(candidate.treatment)
        if action.id not in values:
            values[action.id] = _value(policy, action, situation)
        known = facts(action, treatment)
        context = 1.0
        for weight in matching:
            if in_scope(weight.scope, known):
                context *= weight.weight
        evidence = counts.get(model_id(treatment.id, treatment.channel), NO_EVIDENCE)
        ranked.append(_ranked(policy, action, treatment, evidence, min(context, MAX_CONTEXT_WEIGHT), values[action.id]))
    ranked.sort(key=lambda r: (not r.mandatory, -r.priority, r.action, r.treatment))
    return tuple(ranked)


def _value(policy: Policy, action: Action, situation: Situation) -> float:
    """Pounds of an acceptance before the price of the contact; a value that cannot be computed is worth nothing."""
    if isinstance(action.value, float | int):
        return float(action.value)
    return policy.values[action.id].number(situation.bound) or 0.0


def _ranked(
    policy: Policy, action: Action, treatment: Treatment, evidence: Counts, context: float, value: float
) -> Ranked:
    p = propensity(treatment.starting, evidence)
    v = min(max(0.0, value - policy.revision.channels[treatment.channel].price), MAX_VALUE)
    w = policy.revision.catalogue.weights
    return Ranked(
        action=action.id,
        treatment=treatment.id,
        channel=treatment.channel,
        priority=p**w.propensity * context**w.context * v**w.value * action.lever**w.lever,
        propensity=p,
        context=context,
        value=v,
        lever=action.lever,
        positives=evidence.positives,
        negatives=evidence.negatives,
        mandatory=action.mandatory,
    )
