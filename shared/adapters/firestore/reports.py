"""Reports in Firestore: a document for each, and what it says in parts beside it, compressed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, fields_of
from shared.domain.errors import TransientError
from shared.ports import Kind

REPORTS = "reports"
PARTS = "report_parts"
PART_BYTES = 900_000
"""Of a part, in the MiB that a document may hold."""


class Reports:
    """The port `Reports`. Parts are named by what they hold, and are there before the report that names them; those of
    the report whose place it takes go afterwards.
    """

    def __init__(self, database: Database) -> None:
        """Keep in `database`."""
        self._database = database

    def put(self, kind: Kind, name: str, data: bytes, at: datetime | None = None) -> None:
        """Keep a report."""
        packed = zlib.compress(data)
        digest = hashlib.sha256(packed).hexdigest()[:16]
        parts = [f"{kind} {name} {digest} {number}" for number in range(-(-len(packed) // PART_BYTES))]
        expires = {} if at is None else {"at": at}
        for number, part in enumerate(parts):
            piece = packed[number * PART_BYTES : (number + 1) * PART_BYTES]
            self._set(PARTS, part, {"data": piece, **expires})
        before = self._head(kind, name)
        self._set(REPORTS, f"{kind} {name}", {"kind": kind, "name": name, "parts": parts, **expires})
        self._delete(PARTS, [part for part in before.get("parts", ()) if part not in parts])

    def get(self, kind: Kind, name: str) -> bytes | None:
        """A report, None where there is none.

        Raises:
            TransientError: it is being replaced just now.
        """
        head = self._head(kind, name)
        if not head:
            return None
        references = [self._database.reference(PARTS, part) for part in head["parts"]]
        found = {snapshot.id: fields_of(snapshot)["data"] for snapshot in self._database.get_all(references)}
        if len(found) < len(references):
            raise TransientError(f"the report {kind} {name} is being replaced")
        return zlib.decompress(b"".join(found[reference.id] for reference in references))

    def names(self, kind: Kind) -> Sequence[str]:
        """The names of those there are, the last in the order of their letters first."""
        query = self._database.client.collection(REPORTS).where(filter=FieldFilter("kind", "==", kind))
        found = self._database.query(query.select(["name"]))
        return sorted((str(fields_of(each)["name"]) for each in found), reverse=True)

    def remove(self, kind: Kind, name: str) -> None:
        """Forget a report."""
        head = self._head(kind, name)
        self._delete(REPORTS, [f"{kind} {name}"])
        self._delete(PARTS, head.get("parts", ()))

    def _head(self, kind: Kind, name: str) -> dict[str, Any]:
        return fields_of(self._database.get(self._database.reference(REPORTS, f"{kind} {name}")))

    def _set(self, collection: str, document: str, fields: dict[str, Any]) -> None:
        batch = self._database.client.batch()
        batch.set(self._database.reference(collection, document), fields)
        self._database.commit(batch, blind=True)

    def _delete(self, collection: str, documents: Sequence[str]) -> None:
        batch = self._database.client.batch()
        for document in documents:
            batch.delete(self._database.reference(collection, document))
        if documents:
            self._database.commit(batch, blind=True)
