"""Export: everything that is held about a person, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from functions.privacy.finding import Find
from shared.domain.ready import ready
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

    def __call__(self, identifiers: Mapping[str, Any], now: datetime) -> Iterator[bytes]:
        """All of it, by where it is held: one JSON object in parts, since a long history is more than one answer of
        known length may hold. Everything is read before the first part is there.

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
        told = _once(self._history.of_persons((*ids, *self._find.parted(person)), since))
        documents = {
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
        }
        return _parts(documents, (_told(row, ids) for row in told if _whose(row) in ids))


class _Whose(msgspec.Struct, frozen=True):
    """As which of the persons that it was made of a person was decided on."""

    fragment: str = ""


def _whose(row: HistoryRow) -> str | None:
    """Whose a row is: what was decided on somebody as one of those who were taken for them is that one's."""
    record = msgspec.json.decode(row.record, type=ready(_Whose)) if row.record else _Whose()
    return record.fragment or row.person_id


def _told(row: HistoryRow, ids: Sequence[str]) -> bytes:
    """A row as it is handed over, its record the JSON that it is. What was decided on the person while taken for
    another comes without what was read of both.
    """
    fields: dict[str, Any] = msgspec.to_builtins(row)
    if row.record and row.person_id in ids:
        fields["record"] = msgspec.Raw(row.record.encode())
    elif row.record:
        record = msgspec.json.decode(row.record)
        fields["record"] = {name: value for name, value in record.items() if name not in ("profile", "read")}
    return msgspec.json.encode(fields)


def _once(rows: Iterator[HistoryRow]) -> Sequence[HistoryRow]:
    """Each row once, as it happened."""
    told: dict[str, list[HistoryRow]] = {}
    for row in rows:
        told.setdefault(row.row_id, []).append(row)
    return [min(each, key=precedence) for each in told.values()]


def _parts(documents: Mapping[str, Any], history: Iterable[bytes]) -> Iterator[bytes]:
    """A JSON object of these members and the history, of which each part ends with a row."""
    yield msgspec.json.encode(documents)[:-1] + b',"history":['
    comma = b""
    for row in history:
        yield comma + row
        comma = b","
    yield b"]}"
