"""A contact history as a document of Firestore.

Its fields:

- `contacts`: by delivery id `decision`, `of`, `state`, `at`, `expires_at`, `outcomes` and `bins`; without `decision`,
  what came after the contact was folded
- `facts`: by a digest, `of`, what contacts have in common: the seven facts of a treatment as it was, and the revision
- `past`: the folded contacts, in bytes
- `withheld`: by decision id, when it chose nothing
- `former`: the persons whose histories are read with this one
- `merged_into`: the person with whose history this one is read

Times are microseconds since 1970: eight bytes, and an atomic minimum keeps the earliest. Entries of before there were
`facts` have theirs in themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from google.cloud import firestore

from shared.adapters.firestore.client import path
from shared.domain.contact import AT_UNKNOWN, Contact
from shared.domain.contact_folding import Fold
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_past import FACTS
from shared.domain.delivery import Delivery
from shared.domain.ready import ready
from shared.domain.signal import digest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OF = (*FACTS, "revision")


def microseconds(at: datetime) -> int:
    """A time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def additions(contacts: Iterable[Contact]) -> dict[str, dict[str, Any]]:
    """Contacts as entries, with their facts."""
    given = list(contacts)
    return {
        "contacts": {contact.delivery_id: _entry(contact) for contact in given},
        "facts": {_key(contact): _facts(contact) for contact in given},
    }


def changes(added: Mapping[str, Mapping[str, Any]], fold: Fold | None) -> dict[str, Any]:
    """The update that adds entries and folds."""
    update: dict[str, Any] = {}
    if fold is not None:
        unused = {_key(contact) for contact in fold.gone} - {_key(contact) for contact in fold.kept}
        update |= {path("facts", key): firestore.DELETE_FIELD for key in unused}
        update |= {path("contacts", contact.delivery_id): firestore.DELETE_FIELD for contact in fold.gone}
        update |= {path("withheld", decision_id): firestore.DELETE_FIELD for decision_id in fold.withheld}
        update["past"] = fold.past.encode()
    return update | {path(name, key): entry for name, new in added.items() for key, entry in new.items()}


def change(delivery: Delivery, entry: dict[str, Any]) -> dict[str, Any]:
    """What merges fields into a delivery's entry, or where that was folded makes one of them until the next fold."""
    key = _key(delivery)
    return {"contacts": {delivery.delivery_id: {"of": key, **entry}}, "facts": {key: _facts(delivery)}}


def observation(contact: Contact | None, noted: Mapping[str, datetime], undone: Iterable[str]) -> dict[str, Any]:
    """The fields of an entry that note outcomes and undo others, and the contact itself where the history may have
    none.
    """
    outcomes: dict[str, Any] = {name: firestore.Minimum(microseconds(at)) for name, at in noted.items()}
    outcomes |= dict.fromkeys(undone, firestore.DELETE_FIELD)
    return {**(_entry(contact) if contact else {}), **({"outcomes": outcomes} if outcomes else {})}


def decode_history(fields: dict[str, Any]) -> ContactHistory:
    """A history from its document."""
    facts = {key: dict(zip(_OF, of, strict=False)) for key, of in fields.get("facts", {}).items()}
    contacts: dict[str, Contact] = {}
    late: dict[str, Contact] = {}
    for key, entry in fields.get("contacts", {}).items():
        outcomes = {name: _time(at) for name, at in entry.get("outcomes", {}).items()}
        if "decision_id" in entry:
            whole = {**entry, "at": _time(entry["at"]), "outcomes": outcomes}
            contacts[key] = msgspec.convert(whole, ready(Contact))
        elif (of := facts.get(entry.get("of"))) is not None:
            (contacts if "decision" in entry else late)[key] = Contact(
                delivery_id=key,
                decision_id=entry.get("decision", ""),
                state=entry.get("state", "presented"),
                at=_time(entry["at"]) if "at" in entry else AT_UNKNOWN,
                expires_at=_time(entry["expires_at"]) if "expires_at" in entry else None,
                outcomes=outcomes,
                bins=entry.get("bins", ""),
                **of,
            )
    withheld = {key: _time(at) for key, at in fields.get("withheld", {}).items()}
    return ContactHistory.read(contacts, late, fields.get("past"), withheld)


def _entry(contact: Contact) -> dict[str, Any]:
    entry = {
        "decision": contact.decision_id,
        "of": _key(contact),
        "state": contact.state,
        "at": microseconds(contact.at),
    }
    if contact.expires_at is not None:
        entry["expires_at"] = microseconds(contact.expires_at)
    if contact.bins:
        entry["bins"] = contact.bins
    if contact.outcomes:
        entry["outcomes"] = {name: microseconds(at) for name, at in contact.outcomes.items()}
    return entry


def _facts(of: Contact | Delivery) -> list[str]:
    return [getattr(of, name) for name in _OF]


def _key(of: Contact | Delivery) -> str:
    """What stands for the facts: the same for the same facts, and for others another."""
    return digest("facts", *_facts(of))[:12]


def _time(at: int | str) -> datetime:
    return _EPOCH + at * _MICROSECOND if isinstance(at, int) else datetime.fromisoformat(at)
