"""Contact history: what became of each treatment of one person, all that a contact policy needs (`domain.md` 6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import itemgetter

import msgspec

from shared.domain.contact import Contact
from shared.domain.contact_past import NOTHING_PAST, Past

FORGET_WITHHELD_AFTER = timedelta(hours=48)
"""Twice the age at which a signal is too late to decide on: no repetition that matters comes later."""

WITHHELD_KEPT = 256
"""Most decisions that are remembered for having chosen nothing: a page that asks every few minutes for two days."""


class ContactHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts of one person, and the decisions that ended without one.

    Attributes:
        contacts: those that may still be claimed, released or repeated, by delivery id.
        withheld: decisions that chose nothing, decision id to when; so that a repeated signal is not decided twice.
        past: those that were folded, with what came late.
        late: what came after its contact was folded, by delivery id; `past` has it already.
        parts: of one that several persons have together, what each has by itself, by person id; none where there is
            one person alone.
    """

    contacts: dict[str, Contact] = {}
    withheld: dict[str, datetime] = {}
    past: Past = NOTHING_PAST
    late: dict[str, Contact] = {}
    parts: dict[str, ContactHistory] = {}

    @classmethod
    def together(cls, parts: Mapping[str, ContactHistory]) -> ContactHistory:
        """The history of several persons that turned out to be one: every contact of each, once, in whatever order
        they came together. A delivery is in one part alone, so nothing is counted twice.
        """
        own = [part for _, part in sorted(parts.items())]
        decided = sorted((item for part in own for item in part.withheld.items()), key=itemgetter(1), reverse=True)
        return cls(
            contacts={key: contact for part in own for key, contact in part.contacts.items()},
            withheld=dict(decided),
            past=Past.together(part.past for part in own),
            late={key: contact for part in own for key, contact in part.late.items()},
            parts=dict(parts),
        )

    def part(self, person_id: str) -> ContactHistory:
        """What this person has by itself, of a history that it is in."""
        return self.parts[person_id] if self.parts else self

    def holder(self, delivery_id: str, person_id: str) -> str:
        """Whose part has this contact; `person_id`, who asks, where no other's has."""
        return next((each for each, part in self.parts.items() if delivery_id in part.contacts), person_id)

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
