"""A contact history as a document of Firestore on paper: the writes of the adapter applied, and its size as Firestore
counts it, for lives that are too long for the emulator.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath

from shared.adapters.firestore import histories
from shared.domain.contact import Contact
from shared.domain.contact_folding import fold
from shared.domain.contact_history import ContactHistory
from shared.domain.delivery import Delivery


class Document:
    """One person's document of `contacts`."""

    def __init__(self, person_id: str = "p-07525a50d1b9379f6be174c5") -> None:
        self.person_id = person_id
        self.fields: dict[str, Any] = {}

    def history(self) -> ContactHistory:
        return histories.decode_history(self.fields)

    def reserve(self, contact: Contact, rules: Any, now: datetime) -> None:
        """Read, fold and reserve."""
        added = histories.additions([contact])
        if not self.fields:
            self.fields = added
            return
        for name, value in histories.changes(added, fold(self.history(), rules, now)).items():
            self._put(FieldPath.from_api_repr(name).parts, value)

    def change(self, delivery: Delivery, entry: dict[str, Any]) -> None:
        self._merge(self.fields, histories.change(delivery, entry))

    def claim(self, delivery: Delivery) -> None:
        self.change(delivery, {"state": "sending", "at": histories.microseconds(delivery.at)})

    def observe(self, delivery: Delivery, outcome: str, at: datetime) -> None:
        contact = Contact.of(delivery) if delivery.state == "presented" else None
        self.change(delivery, histories.observation(contact, {outcome: at}, ()))

    def size(self) -> int:
        """Bytes, by https://firebase.google.com/docs/firestore/storage-size (read in November 2026): the name is its
        collection's and its own id and 16, a document or a map its fields and 32.
        """
        return _size("contacts") + _size(self.person_id) + 16 + _size(self.fields)

    def _put(self, parts: tuple[str, ...], value: Any) -> None:
        inner = self.fields
        for part in parts[:-1]:
            inner = inner.setdefault(part, {})
        if value is firestore.DELETE_FIELD:
            inner.pop(parts[-1], None)
        else:
            inner[parts[-1]] = value

    def _merge(self, into: dict[str, Any], given: dict[str, Any]) -> None:
        for name, value in given.items():
            if isinstance(value, dict):
                self._merge(into.setdefault(name, {}), value)
            elif isinstance(value, firestore.Minimum):
                into[name] = min(value.value, into.get(name, value.value))
            else:
                into[name] = value


def _size(value: Any) -> int:
    match value:
        case str():
            return len(value.encode()) + 1
        case bool() | None:
            return 1
        case int() | float():
            return 8
        case bytes():
            return len(value)
        case list():
            return sum(map(_size, value))
        case dict():
            return 32 + sum(_size(name) + _size(inner) for name, inner in value.items())
    raise TypeError(type(value))
