"""Contact history: what became of each treatment of one person, all that a contact policy needs (`domain.md` 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from shared.domain.contact_past import AT_UNKNOWN, NOTHING_PAST, Folded, Past
from shared.domain.delivery import Delivery
from shared.domain.propensity import model_id

ContactState = Literal["reserved", "sending", "released", "presented"]

FORGET_WITHHELD_AFTER = timedelta(hours=48)
"""Twice the age at which a signal is too late to decide on: no repetition that matters comes later."""

WITHHELD_KEPT = 256
"""Most decisions that are remembered for having chosen nothing: a page that asks every few minutes for two days."""


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


class ContactHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts of one person, and the decisions that ended without one.

    Attributes:
        contacts: those that may still be claimed, released or repeated, by delivery id.
        withheld: decisions that chose nothing, decision id to when; so that a repeated signal is not decided twice.
        past: those that were folded, with what came late.
        late: what came after its contact was folded, by delivery id; `past` has it already.
    """

    contacts: dict[str, Contact] = {}
    withheld: dict[str, datetime] = {}
    past: Past = NOTHING_PAST
    late: dict[str, Contact] = {}

    @classmethod
    def read(
        cls,
        contacts: Mapping[str, Contact],
        late: Mapping[str, Contact],
        past: bytes | None,
        withheld: dict[str, datetime],
    ) -> ContactHistory:
        """A history from its stored parts.

        Args:
            contacts: entries of contacts; one that was shown may have been folded, and come again with an outcome.
            late: entries of which only is known what became of them since they were folded.
            past: the past as it is encoded.
            withheld: decisions that chose nothing.
        """
        folded = Past.decode(past) if past else NOTHING_PAST
        whole, again = dict(contacts), dict(late)
        shown = {key: each for key, each in contacts.items() if each.state == "presented"}
        if shown and folded.contacts:
            again |= {key: shown[key] for key in folded.those_of(shown)}
            whole = {key: each for key, each in contacts.items() if key not in again}
        return cls(contacts=whole, withheld=withheld, past=folded.with_late(again.values()), late=again)

    def of_decision(self, decision_id: str) -> list[Contact]:
        """What a decision reserved, in no particular order, as far as it is not folded."""
        return [contact for contact in self.contacts.values() if contact.decision_id == decision_id]

    def counting(self, now: datetime) -> Iterator[Contact | Folded]:
        """The contacts that count."""
        yield from (contact for contact in self.contacts.values() if contact.counts(now))
        yield from self.past.contacts

    def before(self, reserved: Contact, at: datetime) -> ContactHistory:
        """The contacts there were at `at`, without those of the decision that reserved this one."""
        own = reserved.decision_id
        contacts = {key: c for key, c in self.contacts.items() if c.decision_id != own and c.at <= at}
        return ContactHistory(contacts=contacts, past=self.past.before(reserved.delivery_id, at))

    def withheld_to_forget(self, now: datetime) -> list[str]:
        """Decisions that chose nothing of which no repetition matters any more, and those that there is no room for,
        with one more to come.
        """
        latest = sorted(self.withheld.items(), key=lambda each: each[1], reverse=True)
        since = now - FORGET_WITHHELD_AFTER
        return [key for place, (key, at) in enumerate(latest, 1) if at < since or place >= WITHHELD_KEPT]
