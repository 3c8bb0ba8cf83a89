"""Releases in memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.adapters.memory.store import Governed, Store
from shared.domain.errors import StaleError
from shared.domain.governance.audit import Entry, read
from shared.domain.governance.environment import Environment
from shared.domain.ready import ready
from shared.ports.releases import Held


class Releases:
    """The port `Releases`."""

    def __init__(self, store: Store) -> None:
        """Keep in `store`."""
        self._store = store

    def held(self, environment: str) -> Held:
        """What is held of an environment."""
        with self._store.lock:
            held = self._store.releases.get(environment)
        if held is None:
            return Held(None, None, "", None)
        state = msgspec.json.decode(held.state, type=ready(Environment)) if held.state is not None else None
        return Held(state, held.in_force, held.head, held.version)

    def environments(self) -> Sequence[str]:
        """The environments that there are, by name."""
        with self._store.lock:
            return sorted(self._store.releases)

    def store(self, environment: Environment, entry: Entry, version: str | None) -> None:
        """Keep a state and the entry that accounts for it."""
        name = environment.name
        with self._store.lock:
            held = self._store.releases.get(name)
            if (held.version if held else None) != version or (name, entry.number) in self._store.audit:
                raise StaleError(f"the releases of {name} changed since they were read")
            self._store.releases[name] = Governed(
                environment.in_force(), msgspec.json.encode(environment), entry.head, self._store.next_version()
            )
            self._store.audit[name, entry.number] = msgspec.json.encode(entry)

    def log(self, environment: str, *, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Entries of its log that can be read, by number."""
        with self._store.lock:
            found = sorted((number, data) for (name, number), data in self._store.audit.items() if name == environment)
        entries = (read(data) for number, data in found if number > after)
        return [entry for entry in entries if entry is not None][:limit]
