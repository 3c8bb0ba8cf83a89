"""Releases in Firestore: a document per environment, and below it one per entry of its log."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.collection import CollectionReference

from shared.adapters.firestore.catalogues import IN_FORCE, RELEASES, REVISION, in_force_of
from shared.adapters.firestore.client import Database, encode, fields_of, version_of
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.domain.governance.audit import Entry, read
from shared.domain.governance.environment import Environment
from shared.domain.ready import ready
from shared.ports.releases import Held

AUDIT = "audit"
_STATE, _HEAD = "state", "head"


class Releases:
    """The port `Releases`. What is in force stands in fields of its own, which are all that deciding functions read."""

    def __init__(self, database: Database) -> None:
        """Keep in `database`."""
        self._database = database

    def held(self, environment: str) -> Held:
        """What is held of an environment."""
        snapshot = self._database.get(self._database.reference(RELEASES, environment))
        if not snapshot.exists:
            return Held(None, None, "", None)
        fields = fields_of(snapshot)
        state = (
            msgspec.json.decode(zlib.decompress(fields[_STATE]), type=ready(Environment)) if _STATE in fields else None
        )
        return Held(state, in_force_of(snapshot), fields.get(_HEAD, ""), version_of(snapshot.update_time))

    def environments(self) -> Sequence[str]:
        """The environments that there are, by name."""
        return sorted(each.reference.id for each in self._database.query(self._database.client.collection(RELEASES)))

    def store(self, environment: Environment, entry: Entry, version: str | None) -> None:
        """Keep a state and the entry that accounts for it."""
        in_force = environment.in_force()
        fields: dict[str, Any] = {_STATE: zlib.compress(msgspec.json.encode(environment)), _HEAD: entry.head}
        if in_force is not None:
            fields |= {REVISION: in_force.revision, IN_FORCE: encode(in_force)}
        batch = self._database.client.batch()
        reference = self._database.reference(RELEASES, environment.name)
        if version is None:
            batch.create(reference, fields)
        else:
            batch.update(reference, fields, self._database.guard(version))
        batch.create(
            self._log(environment.name).document(f"{entry.number:010}"),
            {"number": entry.number, "entry": msgspec.json.encode(entry).decode()},
        )
        try:
            self._database.commit(batch, once=True)
        except AlreadyExistsError as error:
            raise StaleError(f"the releases of {environment.name} changed since they were read") from error

    def log(self, environment: str, *, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Entries of its log that can be read, by number."""
        query = self._log(environment).where(filter=FieldFilter("number", ">", after)).order_by("number")
        snapshots = self._database.query(query.limit(limit) if limit is not None else query)
        found = (read(fields_of(each).get("entry", "")) for each in snapshots)
        return [entry for entry in found if entry is not None]

    def _log(self, environment: str) -> CollectionReference:
        log: CollectionReference = self._database.reference(RELEASES, environment).collection(AUDIT)
        return log
