"""Revisions of the catalogue in memory."""

from __future__ import annotations

from typing import Unpack

from shared.adapters.memory.store import Governed, Store
from shared.adapters.serving import Served, Serving
from shared.domain.catalogue import Revision
from shared.domain.governance.in_force import InForce


class Catalogues(Serving):
    """The port `Catalogues`."""

    def __init__(self, store: Store, **served: Unpack[Served]) -> None:
        """Serve what is live in a store's environment."""
        super().__init__(**served)
        self._store = store

    def keep(self, revision: Revision) -> None:
        """Store a revision."""
        with self._store.lock:
            self._store.revisions[revision.id] = revision.catalogue.canonical()

    def publish(self, revision: Revision) -> None:
        """Store a revision and let it decide past governance."""
        self.keep(revision)
        with self._store.lock:
            held = self._store.releases.get(self._environment)
            state, head = (held.state, held.head) if held else (None, "")
            self._store.releases[self._environment] = Governed(
                InForce(revision=revision.id), state, head, self._store.next_version()
            )
        self._forget()

    def _in_force(self) -> InForce | None:
        with self._store.lock:
            held = self._store.releases.get(self._environment)
        return held.in_force if held else None

    def _canonical(self, revision: str) -> bytes | None:
        with self._store.lock:
            return self._store.revisions.get(revision)
