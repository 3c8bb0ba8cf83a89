"""Revisions of the catalogue in Firestore."""

from __future__ import annotations

import zlib
from typing import Unpack

import msgspec

from shared.adapters.firestore.client import Database, Snapshot, encode, fields_of
from shared.adapters.serving import Served, Serving
from shared.domain.catalogue import Revision
from shared.domain.governance.in_force import InForce
from shared.domain.ready import ready

REVISIONS = "revisions"
RELEASES = "releases"
REVISION = "revision"
IN_FORCE = "in_force"
CHUNK_BYTES = 900_000
"""Of a compressed revision in one document; Firestore's limit is 1 MiB."""


class Catalogues(Serving):
    """The port `Catalogues`: each revision as its compressed canonical form, in as many documents as that takes."""

    def __init__(self, database: Database, **served: Unpack[Served]) -> None:
        """Serve what is live in a database's environment."""
        super().__init__(**served)
        self._database = database

    def keep(self, revision: Revision) -> None:
        """Store a revision, its first document last."""
        canonical = revision.catalogue.canonical()
        data = zlib.compress(canonical, level=9)
        chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
        for number, chunk in reversed(list(enumerate(chunks))):
            batch = self._database.client.batch()
            reference = self._database.reference(REVISIONS, _chunk_id(revision.id, number))
            batch.set(reference, {"chunks": len(chunks), "bytes": len(canonical), "data": chunk})
            self._database.commit(batch, blind=True)

    def publish(self, revision: Revision) -> None:
        """Store a revision and let it decide past governance; what is in force is written last."""
        self.keep(revision)
        batch = self._database.client.batch()
        batch.set(
            self._database.reference(RELEASES, self._environment),
            {REVISION: revision.id, IN_FORCE: encode(InForce(revision=revision.id))},
            merge=[REVISION, IN_FORCE],
        )
        self._database.commit(batch, blind=True)
        self._forget()

    def _in_force(self) -> InForce | None:
        reference = self._database.reference(RELEASES, self._environment)
        return in_force_of(self._database.get(reference, fields=(REVISION, IN_FORCE)))

    def _canonical(self, revision: str) -> bytes | None:
        first = self._database.get(self._database.reference(REVISIONS, revision))
        if not first.exists:
            return None
        rest = [self._database.reference(REVISIONS, _chunk_id(revision, n)) for n in range(1, first.get("chunks"))]
        data = {s.reference.id: s.get("data") for s in self._database.get_all(rest)}
        compressed = b"".join([first.get("data"), *(data[r.id] for r in rest)])
        # knowing the length spares copying all of it; what was published before that was kept has none
        return zlib.decompress(compressed, bufsize=(first.to_dict() or {}).get("bytes", zlib.DEF_BUF_SIZE))


def in_force_of(snapshot: Snapshot) -> InForce | None:
    """What is in force by an environment's document; one from before there were releases says the revision alone."""
    fields = fields_of(snapshot)
    if IN_FORCE in fields:
        return msgspec.convert(fields[IN_FORCE], ready(InForce))
    return InForce(revision=str(fields[REVISION])) if fields.get(REVISION) else None


def _chunk_id(revision: str, number: int) -> str:
    return f"{revision}#{number}" if number else revision
