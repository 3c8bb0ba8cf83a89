"""What suppression tells of a choice: its deliveries, the contact that is reserved, and the decision's record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.catalogue import Revision, facts
from shared.domain.contact import Contact
from shared.domain.contact_policy import Deferred, Withheld
from shared.domain.contact_read import ContactRead
from shared.domain.decision import Chosen, DecisionRecord, Filling, Result, delivery_id, kept
from shared.domain.delivery import Delivery
from shared.domain.propensity import model_id
from shared.messages import ActionsRanked, ContactReserved, HistoryRow
from shared.messages.rows import decision_row


def make_delivery(
    revision: Revision,
    ranked: ActionsRanked,
    treatment_id: str,
    now: datetime,
    *,
    placement: str | None = None,
    rank: int = 1,
) -> Delivery:
    """The delivery of a chosen treatment: outbound ones are reserved, inbound ones presented."""
    action, treatment = revision.treatment(treatment_id)
    outbound = revision.channels[treatment.channel].direction == "outbound"
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
        expires_at=now + revision.deadline(treatment.id) if outbound else None,
        bins=ranked.ranking.bins,
        **facts(action, treatment),
    )


def reservation(
    ranked: ActionsRanked,
    contact: Contact,
    holder: str,
    withheld: Sequence[Withheld],
    read: ContactRead,
    at: datetime,
    *,
    repeated: bool,
) -> tuple[ContactReserved | HistoryRow, ...]:
    """What a reservation made at `at` publishes; once its delivery is claimed, the record alone is told again.

    `holder` is the person whose history has the contact.
    """
    delivery = contact.delivery(holder)
    row = decision_row(record_of(ranked, "reserved", at, [delivery], withheld, read), delivery, repeated=repeated)
    if contact.state != "reserved":
        return (row,)
    message = ContactReserved(
        message_id=f"{ranked.decision_id}:contact.reserved",
        decision_id=ranked.decision_id,
        occurred_at=at,
        delivery=delivery,
    )
    return message, row


def record_of(
    ranked: ActionsRanked,
    result: Result,
    at: datetime,
    deliveries: Sequence[Delivery],
    withheld: Sequence[Withheld],
    read: ContactRead,
    *,
    filling: Filling = "in_turn",
    deferred: Deferred | None = None,
) -> DecisionRecord:
    """The record of a decision whose ranking met contact policy at `at`, from what contact policy `read`."""
    return DecisionRecord(
        **ranked.carried(),
        reserved_at=at,
        result=result,
        chosen=tuple(
            Chosen(treatment=d.treatment, delivery_id=d.delivery_id, rank=d.rank, placement=d.placement)
            for d in deliveries
        ),
        slots=ranked.slots,
        **kept(ranked.ranking),
        read=read,
        withheld=tuple(withheld),
        filling=filling,
        deferred=deferred,
    )
