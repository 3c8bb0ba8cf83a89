"""A contact: one treatment of one person, and what became of it (`domain.md` 6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from shared.domain.delivery import Delivery
from shared.domain.propensity import model_id

ContactState = Literal["reserved", "sending", "released", "presented"]

AT_UNKNOWN = datetime.max.replace(tzinfo=UTC)
"""The time of a contact of which nothing is known but outcomes that came after it was folded."""


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One treatment reserved for, sent to or seen by a person.

    Attributes:
        delivery_id: its id.
        decision_id: the decision that chose it.
        revision: the catalogue's, by which it chose.
        state: `reserved` counts as contact until `expires_at`; `sending` counts for ever, since from the first attempt
            on nobody can know that it did not arrive; `released` never counts; `presented` (inbound) counts by its
            outcomes.
        at: when it was reserved, and once sending when that began.
        expires_at: when an unclaimed reservation lapses.
        outcomes: outcome to when it was first observed.
        bins: what its delivery carries for its outcomes to be learnt by, until the delivery has a document of its own.
    """

    delivery_id: str
    decision_id: str
    brand: str
    issue: str
    group: str
    action: str
    treatment: str
    channel: str
    purpose: str
    revision: str
    state: ContactState
    at: datetime
    expires_at: datetime | None = None
    outcomes: dict[str, datetime] = {}
    bins: str = ""

    @classmethod
    def of(cls, delivery: Delivery) -> Contact:
        """The entry that counts a delivery: reserved if it is outbound, presented if it was shown."""
        return cls(
            delivery_id=delivery.delivery_id,
            decision_id=delivery.decision_id,
            brand=delivery.brand,
            issue=delivery.issue,
            group=delivery.group,
            action=delivery.action,
            treatment=delivery.treatment,
            channel=delivery.channel,
            purpose=delivery.purpose,
            revision=delivery.revision,
            state="presented" if delivery.state == "presented" else "reserved",
            at=delivery.at,
            expires_at=delivery.expires_at,
            bins="" if delivery.state == "presented" else delivery.bins,
        )

    @classmethod
    def late(cls, delivery: Delivery) -> Contact:
        """What stands for a contact that was folded, to hold what becomes of it now; it does not know its time."""
        return msgspec.structs.replace(
            cls.of(delivery), decision_id="", state="presented", at=AT_UNKNOWN, expires_at=None, bins=""
        )

    def delivery(self, person_id: str) -> Delivery:
        """The delivery of a reservation that nobody has claimed yet."""
        return Delivery(
            delivery_id=self.delivery_id,
            decision_id=self.decision_id,
            person_id=person_id,
            revision=self.revision,
            model=model_id(self.treatment, self.channel),
            state="reserved",
            at=self.at,
            expires_at=self.expires_at,
            bins=self.bins,
            **self.facts(),
        )

    def counts(self, now: datetime) -> bool:
        """Whether this is, or may still become, a contact."""
        if self.state == "reserved":
            return self.expires_at is None or now < self.expires_at
        return self.state != "released"

    def when(self, outcome: str, now: datetime) -> datetime | None:
        """When this outcome was observed; `sent` is taken as had from the reservation on, unless it lapsed."""
        if outcome == "sent" and self.state in ("reserved", "sending") and self.counts(now):
            return self.at
        return self.outcomes.get(outcome)

    def facts(self) -> dict[str, Any]:
        """What a rule's scope sees of it."""
        return {
            "brand": self.brand,
            "issue": self.issue,
            "group": self.group,
            "action": self.action,
            "treatment": self.treatment,
            "channel": self.channel,
            "purpose": self.purpose,
        }
