"""One person's decision by the engine that decides when a page waits, and the whole record of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shared.domain.arbitration import rank, reranking
from shared.domain.batch.serving import serving_of
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import select
from shared.domain.contact_read import read_of
from shared.domain.decision import Chosen, DecisionRecord, Result, delivery_id, kept
from shared.domain.engagement import Slots, qualify
from shared.domain.experiments import Way, is_held_out
from shared.domain.offered import BestFirst
from shared.domain.offering import offer, to_send
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.ranking import Ranking, propensities
from shared.domain.replay import held_back, is_offer
from shared.domain.signal import Signal, decision_id


class Asked(NamedTuple):
    """Whom a decision is about: the person, what happened, and the contacts so far."""

    profile: Profile
    signal: Signal
    history: ContactHistory


def record(
    policy: Policy,
    asked: Asked,
    slots: Slots,
    counts: Mapping[str, Counts],
    now: datetime,
    *,
    levers: bool = True,
) -> DecisionRecord:
    """The record of a decision for which volumes and budgets are not asked.

    Args:
        policy: the compiled revision.
        asked: about whom.
        slots: where treatments may appear.
        counts: the models' evidence by model id.
        now: when it is decided and reserved or shown, UTC.
        levers: whether they count; without them it is what would have been, and no decision's record.
    """
    profile, signal, history = asked
    decision = decision_id(signal.source, signal.id)
    arms = policy.experiments.arms(profile.person_id)
    qualified = qualify(policy, profile, signal, slots, now)
    made = DecisionRecord(
        decision_id=decision,
        person_id=profile.person_id,
        revision=policy.revision.id,
        signal=signal,
        profile=profile,
        decided_at=now,
        reserved_at=now,
        result="excluded" if qualified.excluded_by else "nothing_qualified",
        slots=slots,
        arms=arms,
        excluded_by=qualified.excluded_by,
    )
    if not qualified.rows:
        return made
    told = None
    if policy.serving:
        told = serving_of(policy).told(policy.situation(profile, signal, now), qualified.rows)
    ranking = rank(policy, qualified.rows, profile, signal, counts, now, arms=arms, told=told)
    if not levers:
        ranking = _without_levers(policy, qualified.rows, asked, ranking, now)
    best = BestFirst(ranking.rows(), ranking.weights())
    read = read_of(policy, history, now)
    chosen = (
        _shown(policy, asked, slots, best, now) if is_offer(policy.revision, slots) else _sent(policy, asked, best, now)
    )
    made = msgspec.structs.replace(made, **kept(ranking), read=read, **chosen)
    if not is_held_out(arms):
        return made
    return msgspec.structs.replace(made, held_back=held_back(policy, made, best, read))


def _without_levers(policy: Policy, rows: Rows, asked: Asked, ranking: Ranking, now: datetime) -> Ranking:
    situation = policy.situation(asked.profile, asked.signal, now)
    known = propensities(ranking.propensity_parts)
    return reranking(policy, rows, known, situation, ranking.models, way=Way("no_levers"))


def _shown(policy: Policy, asked: Asked, slots: Slots, best: BestFirst, now: datetime) -> dict[str, Any]:
    offered = offer(policy, best, slots, asked.profile, asked.history, now)
    decision = decision_id(asked.signal.source, asked.signal.id)
    chosen = tuple(
        Chosen(
            treatment=each.treatment,
            delivery_id=delivery_id(decision, each.treatment, each.placement),
            rank=each.rank,
            placement=policy.revision.treatment(each.treatment)[1].placement,
        )
        for each in offered.offered
    )
    result: Result = "offered" if chosen else "all_withheld"
    return {"result": result, "chosen": chosen, "withheld": offered.withheld, "filling": "together"}


def _sent(policy: Policy, asked: Asked, best: BestFirst, now: datetime) -> dict[str, Any]:
    profile, signal, history = asked
    best_first = to_send(policy, policy.ids(best.rows))
    selection = select(policy, best_first, profile, history, now, since=signal.waiting_since)
    decision = decision_id(signal.source, signal.id)
    chosen = tuple(
        Chosen(
            treatment=each,
            delivery_id=delivery_id(decision, each),
            rank=1,
            placement=policy.revision.treatment(each)[1].placement,
        )
        for each in selection.chosen
    )
    result: Result = "reserved" if chosen else "deferred" if selection.deferred else "all_withheld"
    return {"result": result, "chosen": chosen, "withheld": selection.withheld, "deferred": selection.deferred}
