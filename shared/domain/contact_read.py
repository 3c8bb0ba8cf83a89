"""What contact policy read, as a record keeps it: the contacts that a rule could ask for, and what this decision had
come to before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec

from shared.domain.catalogue import Revision, facts
from shared.domain.contact import Contact, ContactState
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_past import Folded, Past
from shared.domain.contact_policy import NOTHING_CLOSED, Closed, Deferred
from shared.domain.governance.switches import NOTHING_OFF, SwitchedOff
from shared.domain.policy.policy import Policy


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """That an entry stands for several contacts.

    Attributes:
        contacts: how many.
        since: when the first of them was reserved or shown.
        had: how many had each outcome.
    """

    contacts: int
    since: datetime
    had: dict[str, int]


class PastContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact that counted.

    Attributes:
        at: when it was reserved, or began to be sent.
        outcomes: outcome to when it was first observed.
        facts: what rules see of it, as far as the decision's revision would say it otherwise.
        merged: where it stands for several of the past, how many there are; times are the latest of theirs.
    """

    treatment: str
    state: ContactState
    at: datetime
    outcomes: dict[str, datetime] = {}
    facts: dict[str, str] = {}
    merged: Merged | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the same decision had come to before, where it would come to something else by what is known meanwhile.

    Attributes:
        treatment: what it had reserved, None where it chose nothing.
        deferred: what it had put off.
    """

    treatment: str | None = None
    deferred: Deferred | None = None


class ContactRead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of the contact history that the answer depends on.

    Attributes:
        contacts: those that a rule could count at the time of the reservation, by time and treatment.
        stands: what the same decision had come to before, and what therefore stands.
        closed: the volumes and budgets of which nothing was left, by the rule's id.
        off: what was switched off, whether or not anything of it ranked.
    """

    contacts: tuple[PastContact, ...] = ()
    stands: Standing | None = None
    closed: dict[str, Closed] = {}
    off: tuple[SwitchedOff, ...] = ()

    def history(self, revision: Revision) -> ContactHistory:
        """A contact history of which every rule says the same, by the revision that decided."""
        contacts: dict[str, Contact] = {}
        merged: list[Folded] = []
        for number, past in enumerate(self.contacts):
            known: dict[str, Any] = {**_facts(revision, past.treatment), **past.facts}
            if (several := past.merged) is not None:
                merged.append(
                    Folded.several(known, past.at, past.outcomes, several.had, several.contacts, several.since)
                )
                continue
            contacts[str(number)] = Contact(
                delivery_id=str(number),
                decision_id="",
                revision=revision.id,
                state=past.state,
                at=past.at,
                outcomes=past.outcomes,
                **known,
            )
        return ContactHistory(contacts=contacts, past=Past(tuple(merged)))


def read_of(
    policy: Policy,
    history: ContactHistory,
    now: datetime,
    *,
    stands: Standing | None = None,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
    off: Sequence[SwitchedOff] = NOTHING_OFF,
) -> ContactRead:
    """What contact policy reads of a history.

    Args:
        policy: whose rules ask.
        history: the person's contacts.
        now: the time of the reservation, UTC.
        stands: what the same decision had come to before, where it would be decided otherwise.
        closed: volumes and budgets, by the rule's id, of which nothing is left.
        off: what is switched off.
    """
    asked = [
        (contact.at, contact.treatment, contact.delivery_id, contact, counted.unlike)
        for contact, _, counted in policy.contact_rules.asked(history, now)
    ]
    asked.sort(key=itemgetter(0, 1, 2))
    contacts = tuple(
        [
            PastContact(
                treatment=treatment,
                state=contact.state,
                at=at,
                outcomes=contact.outcomes,
                facts=unlike,
                merged=None if type(contact) is Contact else _merged(contact),
            )
            for at, treatment, _, contact, unlike in asked
        ]
    )
    return ContactRead(contacts=contacts, stands=stands, closed=dict(closed), off=tuple(off))


def _merged(contact: Contact | Folded) -> Merged | None:
    if not isinstance(contact, Folded) or contact.had is None:
        return None
    return Merged(contacts=contact.stands_for, since=contact.begun(), had=contact.numbers)


def _facts(revision: Revision, treatment: str) -> dict[str, str]:
    known = revision.treatments.get(treatment)
    return facts(*known) if known else {}
