"""A decision worked out again from its record and its revision: what each candidate was worth, why the others were
none, and what levers cost.
"""

from __future__ import annotations

import msgspec

from shared.domain.arbitration import scoring
from shared.domain.candidates import known, of_rows
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.engagement import Drop, drops
from shared.domain.non_sends import by_name
from shared.domain.policy.policy import Policy
from shared.domain.replay import answer, is_offer, offers
from shared.domain.scoring import Ranked, Scoring, best_first, without_levers


class Retraced(msgspec.Struct, frozen=True, kw_only=True):
    """What the record leaves out.

    Attributes:
        scoring: the candidates, best first, with their factors; None where there were none.
        drops: why each treatment that appears in the slots and is no candidate was dropped.
    """

    scoring: Scoring | None
    drops: tuple[Drop, ...]


class WithoutLevers(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision would have come to with every lever at 1.

    Attributes:
        ranked: the candidates, best first, with their factors.
        chosen: what would have been chosen, by the same contact policy and slots.
        displaced: ids of the treatments among these that levers kept from being chosen.
    """

    ranked: tuple[Ranked, ...]
    chosen: tuple[Chosen, ...]
    displaced: tuple[str, ...]


class FullRecord(DecisionRecord, frozen=True, kw_only=True, omit_defaults=True):
    """A record with what follows from it.

    Attributes:
        ranked: the candidates, best first, with their factors.
        drops: why each treatment that appears in the slots and is no candidate was dropped.
        without_levers: what levers cost, None where nothing ranked.
        unmet: issues of which one was wanted in the slots of a request and none could be had.
    """

    ranked: tuple[Ranked, ...]
    drops: tuple[Drop, ...]
    without_levers: WithoutLevers | None = None
    unmet: tuple[str, ...] = ()


def full(policy: Policy, record: DecisionRecord) -> FullRecord:
    """The record as it is shown."""
    retraced = retrace(policy, record)
    scored = retraced.scoring
    asked = scored is not None and is_offer(policy.revision, record.slots)
    return FullRecord(
        **msgspec.structs.asdict(by_name(policy, record, scored.treatments if scored is not None else ())),
        ranked=tuple(scored or ()),
        drops=retraced.drops,
        without_levers=cost_of_levers(policy, record, scored) if scored is not None else None,
        unmet=offers(policy, record, best_first(policy, scored)).unmet if asked and scored is not None else (),
    )


def cost_of_levers(policy: Policy, record: DecisionRecord, scored: Scoring) -> WithoutLevers:
    """What a decision would have come to with every lever at 1.

    Args:
        policy: the revision that the record names.
        record: the decision.
        scored: its candidates, as they ranked.
    """
    bare = without_levers(policy, scored)
    chosen = answer(policy, record, best_first(policy, bare)).chosen
    shown = {each.treatment for each in record.chosen}
    displaced = tuple(each.treatment for each in chosen if each.treatment not in shown)
    return WithoutLevers(ranked=tuple(bare), chosen=chosen, displaced=displaced)


def retrace(policy: Policy, record: DecisionRecord) -> Retraced:
    """Work a decision out again.

    Args:
        policy: the revision that the record names.
        record: the decision.
    """
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    propensities = known(policy, record)
    rows = policy.row_set(propensities)
    known_, way = of_rows(policy, rows, propensities), policy.experiments.way(record.arms)
    return Retraced(
        scoring=scoring(policy, rows, known_, situation, record.models, way=way, decision=record.decision_id)
        if rows
        else None,
        drops=drops(policy, record.profile, record.signal, record.slots, record.decided_at),
    )
