"""Delivery of one reservation: a state machine on a document (`domain.md` 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.domain.instant import Instant

DeliveryState = Literal["reserved", "sending", "deferred", "sent", "failed", "expired", "cancelled", "presented"]
FINAL: frozenset[DeliveryState] = frozenset({"sent", "failed", "expired", "cancelled", "presented"})

RESERVATION_TTL = timedelta(hours=1)
"""How long a reservation may be repeated word for word; what nobody declares a deadline for lapses after it too."""

LONGEST_DEADLINE_SECONDS = 2 * 86400
"""The latest deadline that may be declared: what is older folds into the past of its contact history."""

CLAIM_LEASE = timedelta(seconds=20)
"""How long one sender has a delivery to itself; longer than any channel's timeout plus the commit after it."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One treatment on its way to one person.

    Attributes:
        person_id: whose contact history counts it; where that person was merged into another, still its own id.
        state: reserved → sending → sent | failed | deferred | expired | cancelled; a deferred one waits for its channel
            and is sent then; `presented` for inbound ones, which are returned.
        at: when it entered this state, UTC.
        attempts: sends begun.
        turned_away: those of them that the provider certainly did not take.
        due_at: of a deferred one, when it tries again; a whole second.
        bounced: of one that failed, whether the provider said at once that the address is none.
        respond_by: of one that was sent, when its response window ends, until that was looked at; a whole second.
        lease_until: until when the present sender has it to itself.
        reference: the provider's own id of the message.
        reason: why it failed, expired or was cancelled.
        model: the adaptive model that its outcome teaches.
        bins: the cells that the person was in when it was chosen, which its outcome teaches as well.
        value: pounds of an acceptance less the price of the contact, as it was ranked by; 0 where the decision's row
            alone says it.
        cost: of one that was sent, pounds.
        segments: text messages that it became, where they are what its channel is priced by.
    """

    delivery_id: str
    decision_id: str
    person_id: str
    revision: str
    brand: str
    issue: str
    group: str
    action: str
    treatment: str
    channel: str
    purpose: str
    model: str
    state: DeliveryState
    at: Instant
    placement: str | None = None
    rank: int = 1
    expires_at: Instant | None = None
    attempts: int = 0
    turned_away: int = 0
    lease_until: Instant | None = None
    due_at: Instant | None = None
    respond_by: Instant | None = None
    bounced: bool = False
    reference: str | None = None
    reason: str | None = None
    bins: str = ""
    value: float = 0.0
    cost: float = 0.0
    segments: int = 0

    def is_held(self, now: datetime) -> bool:
        """Whether another sender is at it right now."""
        return self.state == "sending" and self.lease_until is not None and now < self.lease_until

    def claimed(self, now: datetime) -> Delivery:
        """The same delivery with one more attempt begun."""
        return msgspec.structs.replace(
            self, state="sending", at=now, attempts=self.attempts + 1, lease_until=now + CLAIM_LEASE, due_at=None
        )

    def decided_at(self, deadline: timedelta) -> datetime:
        """When it was reserved, where it had until its `deadline` from then on."""
        return self.expires_at - deadline if self.expires_at else self.at

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is too late to send it."""
        return self.expires_at is not None and now >= self.expires_at

    @property
    def may_have_arrived(self) -> bool:
        """Whether an attempt before the present one may have reached the person: then it counts as contact for good."""
        return self.attempts - self.turned_away > 1

    @property
    def is_unseen(self) -> bool:
        """Whether no attempt that was made can have reached the person."""
        return self.attempts == self.turned_away

    def yielded(self, now: datetime, *, begun: bool, turned_away: bool = False) -> Delivery:
        """The same delivery, free for the next attempt at once; an attempt that was not `begun` is not counted, and of
        one that was `turned_away` it is remembered.
        """
        return msgspec.structs.replace(
            self,
            lease_until=now,
            attempts=self.attempts if begun else self.attempts - 1,
            turned_away=self.turned_away + turned_away,
        )

    def deferred(self, now: datetime, until: datetime, why: str) -> Delivery:
        """The same delivery, to be tried again `until` then, or at its deadline if that comes first."""
        until = min(until, self.expires_at or until)
        due_at = until.replace(microsecond=0) + timedelta(seconds=1 if until.microsecond else 0)
        return msgspec.structs.replace(self, state="deferred", at=now, lease_until=None, due_at=due_at, reason=why)

    def settled(
        self,
        state: DeliveryState,
        now: datetime,
        *,
        reference: str | None = None,
        reason: str | None = None,
        respond_by: datetime | None = None,
        bounced: bool = False,
    ) -> Delivery:
        """The same delivery at its end; of one that was sent, until when the person may respond."""
        return msgspec.structs.replace(
            self,
            state=state,
            at=now,
            lease_until=None,
            due_at=None,
            reference=reference,
            reason=reason,
            respond_by=respond_by,
            bounced=bounced,
        )
