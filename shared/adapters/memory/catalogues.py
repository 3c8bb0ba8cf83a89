"""Revisions of the catalogue in memory."""

from __future__ import annotations

import time

from shared.adapters.memory.store import Store
from shared.adapters.refreshing import CATALOGUE_REFRESH_SECONDS, Monotonic, Policies, Refreshing
from shared.domain.catalogue import Revision
from shared.domain.errors import NotFoundError, TransientError
from shared.domain.policy import Policy


class Catalogues:
    """The port `Catalogues`."""

    def __init__(
        self,
        store: Store,
        *,
        environment: str = "live",
        refresh_seconds: float = CATALOGUE_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Serve what is live in an environment, looking again every `refresh_seconds`."""
        self._store = store
        self._environment = environment
        self._policies = Policies(self._load)
        self._current = Refreshing(self._live, refresh_seconds=refresh_seconds, monotonic=monotonic)

    def current(self) -> Policy:
        """The live revision, compiled."""
        return self._current.get()

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled."""
        return self._policies.get(revision)

    def publish(self, revision: Revision) -> None:
        """Store a revision and make it live."""
        with self._store.lock:
            self._store.revisions[revision.id] = revision.catalogue.canonical()
            self._store.releases[self._environment] = revision.id
        self._current.forget()

    def _live(self) -> Policy:
        with self._store.lock:
            revision = self._store.releases.get(self._environment)
        if revision is None:
            raise TransientError(f"no revision of the catalogue is live in {self._environment!r}: publish one")
        return self._policies.get(revision)

    def _load(self, revision: str) -> Revision:
        with self._store.lock:
            data = self._store.revisions.get(revision)
        if data is None:
            raise NotFoundError(f"there is no revision {revision}")
        return Revision.decode(data)
