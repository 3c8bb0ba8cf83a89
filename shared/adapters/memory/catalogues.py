"""Revisions of the catalogue in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from shared.adapters.memory.store import Governed, Store
from shared.adapters.refreshing import Clock, Monotonic, nothing_prepared
from shared.adapters.serving import CATALOGUE_REFRESH_SECONDS, Served
from shared.domain.catalogue import Revision
from shared.domain.governance.in_force import InForce
from shared.domain.governance.switches import SwitchedOff
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
        clock: Clock = time.time,
        prepare: Callable[[Policy], None] = nothing_prepared,
    ) -> None:
        """Serve what is live in an environment, made ready by `prepare`, looking again every `refresh_seconds`."""
        self._store = store
        self._environment = environment
        self._served = Served(
            environment,
            self._in_force,
            self._load,
            refresh_seconds=refresh_seconds,
            monotonic=monotonic,
            clock=clock,
            prepare=prepare,
        )

    def current(self) -> Policy:
        """The live revision, compiled."""
        return self._served.current()

    def deciding(self, person_id: str) -> Policy:
        """The revision that decides for a person, compiled."""
        return self._served.deciding(person_id)

    def switched_off(self) -> Sequence[SwitchedOff]:
        """What is switched off."""
        return self._served.switched_off()

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled."""
        return self._served.get(revision)

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
        self._served.forget()

    def _in_force(self, environment: str) -> InForce | None:
        with self._store.lock:
            held = self._store.releases.get(environment)
        return held.in_force if held else None

    def _load(self, revision: str) -> bytes | None:
        with self._store.lock:
            return self._store.revisions.get(revision)
