"""What suppression tells of a choice: its deliveries, the contact that is reserved, and the decision's record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.domain.contact import Contact
from shared.domain.contact_policy import Deferred, Withheld
from shared.domain.contact_read import ContactRead
from shared.domain.decision import Chosen, DecisionRecord, Filling, Result, delivery_id
from shared.domain.delivery import Delivery
from shared.domain.experiments import AS_USUAL, is_held_out
from shared.domain.non_sends import MOST_NAMED, in_rows
from shared.domain.offered import BestFirst
from shared.domain.policy.policy import Policy
from shared.domain.propensity import model_id
from shared.domain.replay import held_back
from shared.domain.selected import by_chance, is_single, selected, value_of
from shared.messages import ActionsRanked, ContactReserved, HistoryRow
from shared.messages.rows import decision_row


def make_delivery(
    policy: Policy,
    ranked: ActionsRanked,
    treatment_id: str,
    now: datetime,
    *,
    placement: str | None = None,
    rank: int = 1,
) -> Delivery:
    """The delivery of a chosen treatment: outbound ones are reserved, inbound ones presented."""
    row = policy.row(treatment_id)
    action, treatment = policy.rows[row]
    outbound = policy.revision.channels[treatment.channel].direction == "outbound"
    return Delivery(
        delivery_id=delivery_id(ranked.decision_id, treatment.id, placement),
        decision_id=ranked.decision_id,
        person_id=ranked.holder,
        revision=ranked.revision,
        model=model_id(treatment.id, treatment.channel),
        state="reserved" if outbound else "presented",
        at=now,
        placement=treatment.placement,
        rank=rank,
        expires_at=now + policy.revision.deadline(treatment.id) if outbound else None,
        bins=ranked.ranking.taught(row),
        value=_value(policy, ranked, row),
        brand=action.brand,
        issue=action.issue,
        group=action.group,
        action=action.id,
        treatment=treatment.id,
        channel=treatment.channel,
        purpose=treatment.purpose,
    )


def _value(policy: Policy, ranked: ActionsRanked, row: int) -> float:
    value = policy.factors.values[row]
    if value is not None:
        return value
    return value_of(policy, row, policy.situation(ranked.profile, ranked.signal, ranked.decided_at))


def reservation(
    policy: Policy,
    ranked: ActionsRanked,
    contact: Contact,
    holder: str,
    withheld: Sequence[Withheld],
    *,
    read: ContactRead,
    at: datetime,
    repeated: bool,
) -> tuple[ContactReserved | HistoryRow, ...]:
    """What a reservation made at `at` publishes; once its delivery is claimed, the record alone is told again.

    `holder` is the person whose history has the contact.
    """
    delivery = contact.delivery(holder)
    record = record_of(policy, ranked, "reserved", at, [delivery], withheld=withheld, read=read)
    row = row_of(policy, ranked, record, delivery, repeated=repeated)
    if contact.state != "reserved":
        return (row,)
    message = ContactReserved(
        message_id=f"{ranked.decision_id}:contact.reserved",
        decision_id=ranked.decision_id,
        occurred_at=at,
        delivery=delivery,
    )
    return message, row


def row_of(
    policy: Policy,
    ranked: ActionsRanked,
    record: DecisionRecord,
    delivery: Delivery | None = None,
    *,
    value: float | None = None,
    repeated: bool = False,
) -> HistoryRow:
    """The row of the history that tells of a decision, with what its first treatment was ranked by, of which `value` is
    V where it was worked out a moment ago.
    """
    if delivery is None:
        return decision_row(record, repeated=repeated)
    situation = policy.situation(ranked.profile, ranked.signal, ranked.decided_at)
    chosen = selected(policy, ranked.ranking, delivery.treatment, situation, ranked.arms, value)
    return decision_row(record, delivery, chosen, _probability(policy, ranked, record), repeated=repeated)


def _probability(policy: Policy, ranked: ActionsRanked, record: DecisionRecord) -> float | None:
    """How probable it was that the person, in these arms, was given this treatment first; None where it takes longer to
    say than whoever asks should wait: `records` says it later.
    """
    way = policy.experiments.way(ranked.arms) if ranked.arms else AS_USUAL
    if way.ranks_by == "chance":
        return by_chance(policy, record) if is_single(policy, record.slots) else None
    return None if policy.factors.explores else 1.0


def record_of(
    policy: Policy,
    ranked: ActionsRanked,
    result: Result,
    at: datetime,
    deliveries: Sequence[Delivery],
    *,
    withheld: Sequence[Withheld],
    read: ContactRead,
    filling: Filling = "in_turn",
    deferred: Deferred | None = None,
) -> DecisionRecord:
    """The record of a decision whose ranking met contact policy at `at`, from what contact policy `read`."""
    ranking = ranked.ranking
    many = len(withheld) > MOST_NAMED
    record = DecisionRecord(
        decision_id=ranked.decision_id,
        person_id=ranked.person_id,
        revision=ranked.revision,
        signal=ranked.signal,
        profile=ranked.profile,
        conflicts=ranked.conflicts,
        decided_at=ranked.decided_at,
        fragment=ranked.fragment,
        arms=ranked.arms,
        reserved_at=at,
        result=result,
        chosen=tuple(
            [
                Chosen(treatment=d.treatment, delivery_id=d.delivery_id, rank=d.rank, placement=d.placement)
                for d in deliveries
            ]
        ),
        slots=ranked.slots,
        candidate_rows=ranking.candidate_rows,
        propensity_parts=ranking.propensity_parts,
        means=ranking.means,
        evidence=ranking.evidence,
        models=ranking.models,
        unlevered=ranking.unlevered,
        said_by=ranking.said_by,
        instead=ranking.instead,
        read=read,
        withheld=() if many else tuple(withheld),
        withheld_rows=in_rows(policy, withheld) if many else (),
        filling=filling,
        deferred=deferred,
    )
    if not is_held_out(ranked.arms):
        return record
    best_first = BestFirst(ranked.ranking.rows(), ranked.ranking.weights())
    return msgspec.structs.replace(record, held_back=held_back(policy, record, best_first, read))
