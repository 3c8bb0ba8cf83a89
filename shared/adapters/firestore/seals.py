"""Seals in Firestore: a document each, and what it chains in documents beside it, some thousands of rows in one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, encode, fields_of
from shared.domain.ready import ready
from shared.domain.seal import Entry, Seal, Sealed

SEALS = "seals"
ENTRIES = "seal_entries"
ENTRIES_IN_ONE = 8000
"""Their ids and digests take less than half of the MiB that a document may hold."""

_packed = msgspec.msgpack.Decoder(list[tuple[str, bytes]])


class Seals:
    """The port `Seals`. The entries are written before the seal that makes them count; those of a sealer that lost the
    race for its number are named by another head, and nobody asks for them.
    """

    def __init__(self, database: Database) -> None:
        """Keep in `database`."""
        self._database = database

    def all(self) -> Sequence[Seal]:
        """Every seal, by number."""
        seals = self._database.client.collection(SEALS).order_by("number")
        return [_decode(fields_of(snapshot)) for snapshot in self._database.query(seals)]

    def of_day(self, day: date) -> Sequence[Sealed]:
        """Those of a day with what they chain, by number."""
        found = self._database.client.collection(SEALS).where(filter=FieldFilter("day", "==", day.isoformat()))
        seals = [_decode(fields_of(snapshot)) for snapshot in self._database.query(found)]
        return [Sealed(seal, self._entries(seal)) for seal in sorted(seals, key=lambda seal: seal.number)]

    def add(self, sealed: Sealed) -> None:
        """Keep a seal with what it chains."""
        seal, entries = sealed
        for part, begin in enumerate(range(0, len(entries), ENTRIES_IN_ONE)):
            batch = self._database.client.batch()
            data = zlib.compress(msgspec.msgpack.encode(entries[begin : begin + ENTRIES_IN_ONE]))
            batch.set(self._database.reference(ENTRIES, _part(seal, part)), {"data": data})
            self._database.commit(batch, blind=True)
        batch = self._database.client.batch()
        batch.create(self._database.reference(SEALS, f"{seal.number:010}"), encode(seal))
        self._database.commit(batch)

    def _entries(self, seal: Seal) -> tuple[Entry, ...]:
        found: list[Entry] = []
        for part in range(-(-seal.rows // ENTRIES_IN_ONE)):
            snapshot = self._database.get(self._database.reference(ENTRIES, _part(seal, part)))
            if snapshot.exists:  # what is not there is found when the chain is made again
                found += [Entry(*each) for each in _packed.decode(zlib.decompress(fields_of(snapshot)["data"]))]
        return tuple(found)


def _part(seal: Seal, part: int) -> str:
    return f"{seal.number:010}-{seal.head[:16]}-{part:06}"


def _decode(fields: dict[str, Any]) -> Seal:
    return msgspec.convert(fields, ready(Seal))
