"""Revisions of the catalogue in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.adapters.memory.store import Store
from shared.adapters.refreshing import CATALOGUE_REFRESH_SECONDS, Monotonic, Served, nothing_prepared
from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy


class Catalogues:
    """The port `Catalogues`."""

    def __init__(
        self,
        store: Store,
        *,
        environment: str = "live",
        refresh_seconds: float = CATALOGUE_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
        prepare: Callable[[Policy], None] = nothing_prepared,
    ) -> None:
        """Serve what is live in an environment, made ready by `prepare`, looking again every `refresh_seconds`."""
        self._store = store
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
        """The live revision, compiled."""
        return self._served.current()

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled."""
        return self._served.get(revision)

    def publish(self, revision: Revision) -> None:
        """Store a revision and make it live."""
        with self._store.lock:
            self._store.revisions[revision.id] = revision.catalogue.canonical()
            self._store.releases[self._environment] = revision.id
        self._served.forget()

    def _live(self, environment: str) -> str | None:
        with self._store.lock:
            return self._store.releases.get(environment)

    def _load(self, revision: str) -> bytes | None:
        with self._store.lock:
            return self._store.revisions.get(revision)
