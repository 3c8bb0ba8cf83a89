"""What is asked once more just before sending: whether the message may go out, to this person, as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.domain.consent import undeliverable
from shared.domain.contact_policy import Withheld, first_stop, still_allowed
from shared.domain.delivery import Delivery, DeliveryState
from shared.domain.governance.switches import SwitchedOff
from shared.domain.policy.ending import reason_ended
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.ports import Contacts, NotNow

LONG_AGO = timedelta(minutes=5)
"""What was decided longer ago is asked about once more by the whole of contact policy, for a read more."""


class Stop(NamedTuple):
    """That nothing goes to the provider, and why."""

    state: DeliveryState
    reason: str


def last_checks(
    policy: Policy,
    delivery: Delivery,
    person: Person,
    contacts: Contacts,
    now: datetime,
    off: Sequence[SwitchedOff],
) -> Stop | NotNow | None:
    """What keeps a message from being sent, or from being sent yet; None where nothing does.

    Raises:
        TransientError: the store did not answer.
    """
    stop = still_allowed(policy.revision, delivery.treatment, person, off)
    if stop is None and delivery.decided_at(policy.revision.deadline(delivery.treatment)) < now - LONG_AGO:
        stop = _stopped_since(policy, delivery, person, contacts, now)
        if stop is not None and stop.kind == "quiet_hours" and stop.allowed_at is not None:
            return NotNow(stop.allowed_at, f"it is quiet by {stop.rule}")
    if stop is not None:
        return Stop("cancelled", f"stopped by {stop.kind} {stop.rule} just before sending")
    if undeliverable(person.consents, delivery.channel):
        return Stop("cancelled", "a message to this contact point bounced since")
    ended = reason_ended(policy, delivery, person, now)
    return Stop("cancelled", ended) if ended is not None else None


def _stopped_since(
    policy: Policy, delivery: Delivery, person: Person, contacts: Contacts, now: datetime
) -> Withheld | None:
    """The rule of contact policy that stops it by now, beside all other contacts of this person."""
    history = contacts.history(delivery.person_id).value
    others = {key: contact for key, contact in history.contacts.items() if key != delivery.delivery_id}
    beside = msgspec.structs.replace(history, contacts=others)
    return first_stop(policy, delivery.treatment, policy.features.seen(person, now), beside, now)
