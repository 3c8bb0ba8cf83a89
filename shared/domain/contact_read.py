"""What contact policy read, as a record keeps it: the contacts that a rule could ask for, and what this decision had
come to before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.domain.catalogue import Revision, facts
from shared.domain.contact_history import Contact, ContactHistory, ContactState
from shared.domain.contact_past import Folded, Past
from shared.domain.outcome import OutcomeName
from shared.domain.rules import Cap, Cooldown, Scope, in_scope


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
        merged: where several of the past were merged, how many there are; times are the latest of theirs.
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
    """

    treatment: str | None = None


class ContactRead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of the contact history that the answer depends on.

    Attributes:
        contacts: those that a rule could count at the time of the reservation, by time and treatment.
        stands: what the same decision had come to before, and what therefore stands.
    """

    contacts: tuple[PastContact, ...] = ()
    stands: Standing | None = None

    def history(self, revision: Revision) -> ContactHistory:
        """A contact history of which every rule says the same, by the revision that decided."""
        contacts: dict[str, Contact] = {}
        merged: list[Folded] = []
        for number, past in enumerate(self.contacts):
            known: dict[str, Any] = {**_facts(revision, past.treatment), **past.facts}
            if past.merged is not None:
                several = past.merged
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
    revision: Revision, history: ContactHistory, now: datetime, *, stands: Standing | None = None
) -> ContactRead:
    """What contact policy reads of a history.

    Args:
        revision: whose rules ask.
        history: the person's contacts.
        now: the time of the reservation, UTC.
        stands: what the same decision had come to before, where it would be decided otherwise.
    """
    asking = [
        (rule.outcomes, rule.scope, now - timedelta(seconds=rule.window_seconds))
        if isinstance(rule, Cap)
        else (rule.outcomes, rule.after, now - timedelta(seconds=rule.period_seconds))
        for rule in revision.catalogue.rules
        if isinstance(rule, Cap | Cooldown)
    ]
    asked = [contact for contact in history.counting(now) if _is_asked_for(contact, asking, now)]
    asked.sort(key=lambda contact: (contact.at, contact.treatment, contact.delivery_id))
    return ContactRead(contacts=tuple(_past(revision, contact) for contact in asked), stands=stands)


def _is_asked_for(
    contact: Contact | Folded, asking: Sequence[tuple[tuple[OutcomeName, ...], Scope, datetime]], now: datetime
) -> bool:
    """Whether a contact can make a difference to a rule: by its outcomes, what it counts, and since when."""
    of = contact.facts()
    for outcomes, scope, since in asking:
        for outcome in outcomes:
            at = contact.when(outcome, now)
            if at is not None and at > since and in_scope(scope, of):
                return True
    return False


def _past(revision: Revision, contact: Contact | Folded) -> PastContact:
    expected = _facts(revision, contact.treatment)
    return PastContact(
        treatment=contact.treatment,
        state=contact.state,
        at=contact.at,
        outcomes=contact.outcomes,
        facts={name: value for name, value in contact.facts().items() if expected.get(name) != value},
        merged=_merged(contact) if isinstance(contact, Folded) else None,
    )


def _merged(contact: Folded) -> Merged | None:
    if contact.had is None:
        return None
    return Merged(contacts=contact.stands_for, since=contact.begun(), had=contact.numbers)


def _facts(revision: Revision, treatment: str) -> dict[str, str]:
    known = revision.treatments.get(treatment)
    return facts(*known) if known else {}
