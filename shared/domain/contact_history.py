"""Contact history: what became of each treatment of one person, all that a contact policy needs (`domain.md` 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from shared.domain.delivery import Delivery
from shared.domain.propensity import model_id

ContactState = Literal["reserved", "sending", "released", "presented"]


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


class ContactHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts of one person within the longest window, and the decisions that ended without one.

    Attributes:
        contacts: by delivery id.
        withheld: decisions that chose nothing, decision id to when; so that a repeated signal is not decided twice.
    """

    contacts: dict[str, Contact] = {}
    withheld: dict[str, datetime] = {}

    def of_decision(self, decision_id: str) -> list[Contact]:
        """What a decision reserved, in no particular order."""
        return [contact for contact in self.contacts.values() if contact.decision_id == decision_id]

    def counting(self, now: datetime) -> Iterator[Contact]:
        """The contacts that count."""
        return (contact for contact in self.contacts.values() if contact.counts(now))

    def expired_keys(self, now: datetime, keep: timedelta, keep_withheld: timedelta) -> tuple[list[str], list[str]]:
        """Deliveries and withheld decisions that no rule can ask for any more."""
        contacts = [
            key for key, contact in self.contacts.items() if max([contact.at, *contact.outcomes.values()]) < now - keep
        ]
        return contacts, [key for key, at in self.withheld.items() if at < now - keep_withheld]
