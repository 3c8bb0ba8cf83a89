"""Revisions of the catalogue in Firestore."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

from shared.adapters.firestore.client import Database
from shared.adapters.refreshing import CATALOGUE_REFRESH_SECONDS, Monotonic, Served, nothing_prepared
from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy

REVISIONS = "revisions"
RELEASES = "releases"
CHUNK_BYTES = 900_000
"""Of a compressed revision in one document; Firestore's limit is 1 MiB."""


class Catalogues:
    """The port `Catalogues`: each revision as its compressed canonical form, in as many documents as that takes."""

    def __init__(
        self,
        database: Database,
        *,
        environment: str = "live",
        refresh_seconds: float = CATALOGUE_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
        prepare: Callable[[Policy], None] = nothing_prepared,
    ) -> None:
        """Serve what is live in an environment, made ready by `prepare`, looking again every `refresh_seconds`."""
        self._database = database
        self._environment = environment
        self._served = Served(
            environment,
            self._live,
            self._load,
            refresh_seconds=refresh_seconds,
            monotonic=monotonic,
            prepare=prepare,
        )

    def current(self) -> Policy:
        """The live revision, compiled; cached, refreshed behind the answer."""
        return self._served.current()

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled; the last few are cached."""
        return self._served.get(revision)

    def publish(self, revision: Revision) -> None:
        """Store a revision and make it live; what is live is written last."""
        canonical = revision.catalogue.canonical()
        data = zlib.compress(canonical, level=9)
        chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
        for number, chunk in reversed(list(enumerate(chunks))):
            batch = self._database.client.batch()
            reference = self._database.reference(REVISIONS, _chunk_id(revision.id, number))
            batch.set(reference, {"chunks": len(chunks), "bytes": len(canonical), "data": chunk})
            self._database.commit(batch, blind=True)
        batch = self._database.client.batch()
        batch.set(self._database.reference(RELEASES, self._environment), {"revision": revision.id}, merge=True)
        self._database.commit(batch, blind=True)
        self._served.forget()

    def _live(self, environment: str) -> str | None:
        snapshot = self._database.get(self._database.reference(RELEASES, environment))
        return str(snapshot.get("revision")) if snapshot.exists else None

    def _load(self, revision: str) -> bytes | None:
        first = self._database.get(self._database.reference(REVISIONS, revision))
        if not first.exists:
            return None
        rest = [self._database.reference(REVISIONS, _chunk_id(revision, n)) for n in range(1, first.get("chunks"))]
        data = {s.reference.id: s.get("data") for s in self._database.get_all(rest)}
        compressed = b"".join([first.get("data"), *(data[r.id] for r in rest)])
        # knowing the length spares copying all of it; what was published before that was kept has none
        return zlib.decompress(compressed, bufsize=(first.to_dict() or {}).get("bytes", zlib.DEF_BUF_SIZE))


def _chunk_id(revision: str, number: int) -> str:
    return f"{revision}#{number}" if number else revision
