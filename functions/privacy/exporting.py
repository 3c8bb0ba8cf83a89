"""Export: everything that is held about a person, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from functions.privacy.finding import Find
from shared.messages import HistoryRow
from shared.messages.rows import precedence
from shared.ports import Contacts, PersonalData, PersonHistory


class Export:
    """The use case over its ports."""

    def __init__(self, find: Find, contacts: Contacts, data: PersonalData, history: PersonHistory) -> None:
        """Gather what `contacts`, `data` and `history` hold about whom `find` finds."""
        self._find = find
        self._contacts = contacts
        self._data = data
        self._history = history

    def __call__(self, identifiers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """All of it, by where it is held.

        Raises:
            InvalidError: the identifier cannot be one.
            NotFoundError: nobody is known by it.
            ErasedError: the person was erased, and nothing is held.
            TransientError: a store did not answer.
        """
        person, ids, _ = self._find.person_of(self._find.identifier(identifiers))
        held = self._data.held(ids)
        contacts = self._contacts.history(person.person_id).value
        since = min([person.created_at, *(fragment.created_at for fragment in person.fragments.values())])
        return {
            "exported_at": now,
            "person_id": person.person_id,
            "former_ids": ids[1:],
            "profile": person,
            "contact_points": held.addresses,
            "identifiers": held.identifiers,
            "contacts": list(contacts.contacts.values()),
            "earlier_contacts": contacts.past.contacts,
            "deliveries": held.deliveries,
            "outcomes": held.outcomes,
            "deferrals": held.deferrals,
            "history": list(_own(_once(self._history.of_persons((*ids, *self._find.parted(person)), since)), ids)),
        }


def _own(rows: Iterator[dict[str, Any]], ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a person who was taken apart from others: what was decided on as one of them is theirs. What was
    decided on as this one while taken for another comes without what was read of both.
    """
    for row in rows:
        record = row.get("record") or {}
        if (record.get("fragment") or row["person_id"]) not in ids:
            continue
        if row["person_id"] not in ids:
            row["record"] = {name: value for name, value in record.items() if name not in ("profile", "read")}
        yield row


def _once(rows: Iterator[HistoryRow]) -> Iterator[dict[str, Any]]:
    """Each row once, as it happened, with its record as the JSON that it is."""
    told: dict[str, list[HistoryRow]] = {}
    for row in rows:
        told.setdefault(row.row_id, []).append(row)
    for each in told.values():
        yield _plain(min(each, key=precedence))


def _plain(row: HistoryRow) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(row)
    return fields if row.record is None else {**fields, "record": msgspec.json.decode(row.record)}
