"""What an outcome means for how a person may be reached from now on, and for what is on its way to them.

Whoever unsubscribes, complains or objects has said a word on consent, and a bounce is one on the contact point. It is
heard as if by any signal: under the id of the person that was written to, with the time at which it was said and the
outcome as its proof. So it is heard once, whenever and in whatever order it comes, and stays with that person if others
are taken apart from it.

Who did what an action asks for is heard of too, asked or not: features keep it, and what declares to be cancelled by it
is not sent any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.catalogue import Action, Objection
from shared.domain.consent import ANY, CONTACT_POINT
from shared.domain.delivery import Delivery
from shared.domain.identifiers import PERSON_ID
from shared.domain.outcome import Outcome
from shared.domain.signal import ConsentChange, Signal, event_time

SOURCE = "feedback"
"""Who such signals are from."""

SIGNAL_TYPES = {
    "unsubscribe": "unsubscribed",
    "complaint": "complained",
    "objection": "objected",
    "bounce": "bounced",
    "convert": "converted",
}
"""Outcomes that are signals as well, and what those are called."""


def consequence(outcome: Outcome, delivery: Delivery, objections: Sequence[Objection], now: datetime) -> Signal:
    """The signal that follows from an outcome that is one of `SIGNAL_TYPES`.

    Args:
        outcome: what became of the delivery.
        delivery: whose brand, purpose, channel and person it is about.
        objections: the rights to object that the catalogue declares.
        now: when it was received, UTC.
    """
    at, flags = event_time(outcome.at, now)
    return Signal(
        id=outcome.id,
        type=SIGNAL_TYPES[outcome.outcome],
        at=at,
        received_at=now,
        source=SOURCE,
        identifiers={PERSON_ID: delivery.person_id},
        brand=delivery.brand,
        context={"channel": delivery.channel},
        properties={
            "delivery_id": delivery.delivery_id,
            "action": delivery.action,
            "group": delivery.group,
            "issue": delivery.issue,
            "treatment": delivery.treatment,
            "purpose": delivery.purpose,
        },
        consent=_words(outcome, delivery, objections),
        flags=flags,
    )


def unasked(outcome_id: str, person_id: str, action: Action, said_at: datetime, now: datetime) -> Signal:
    """The signal that somebody did what an action asks for without having been asked.

    Args:
        outcome_id: of the outcome, which is no delivery's.
        person_id: who.
        action: what.
        said_at: when, UTC.
        now: when it was received, UTC.
    """
    at, flags = event_time(said_at, now)
    return Signal(
        id=outcome_id,
        type=SIGNAL_TYPES["convert"],
        at=at,
        received_at=now,
        source=SOURCE,
        identifiers={PERSON_ID: person_id},
        brand=action.brand,
        properties={"action": action.id, "group": action.group, "issue": action.issue},
        flags=flags,
    )


def _words(outcome: Outcome, delivery: Delivery, objections: Sequence[Objection]) -> tuple[ConsentChange, ...]:
    """A complaint and an unsubscription withdraw what the message was sent by; an objection withdraws marketing for
    every brand and channel, and exercises every right to object that there is; a bounce marks the contact point; a
    conversion says nothing of consent.
    """
    if outcome.outcome == "convert":
        return ()
    if outcome.outcome == "bounce":  # of the address that it was sent to: one that was put there since is another
        sent_at = min(delivery.at, outcome.at)
        return (
            ConsentChange(
                purpose=CONTACT_POINT,
                channel=delivery.channel,
                brand=ANY,
                granted=False,
                at=sent_at,
                proof=_proof(outcome, delivery),
            ),
        )
    proof = _proof(outcome, delivery)
    if outcome.outcome != "objection":
        return (
            ConsentChange(
                purpose=delivery.purpose, channel=delivery.channel, brand=delivery.brand, granted=False, proof=proof
            ),
        )
    words = [objection.word for objection in objections]
    purposes = dict.fromkeys(["marketing", delivery.purpose, *words])
    return tuple(ConsentChange(purpose=each, brand=ANY, granted=False, proof=proof) for each in purposes)


def _proof(outcome: Outcome, delivery: Delivery) -> str:
    return f"outcome:{outcome.outcome} {outcome.id} of {delivery.delivery_id}"
