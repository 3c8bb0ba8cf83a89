"""Reports in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.memory.store import Store
from shared.ports import Kind


class Reports:
    """The port `Reports`."""

    def __init__(self, store: Store) -> None:
        """Keep in `store`."""
        self._store = store

    def put(self, kind: Kind, name: str, data: bytes, at: datetime | None = None) -> None:  # noqa: ARG002 - for ever
        """Keep a report."""
        with self._store.lock:
            self._store.reports[kind, name] = data

    def get(self, kind: Kind, name: str) -> bytes | None:
        """A report, None where there is none."""
        with self._store.lock:
            return self._store.reports.get((kind, name))

    def names(self, kind: Kind) -> Sequence[str]:
        """The names of those there are, the last in the order of their letters first."""
        with self._store.lock:
            return sorted((name for of, name in self._store.reports if of == kind), reverse=True)

    def remove(self, kind: Kind, name: str) -> None:
        """Forget a report."""
        with self._store.lock:
            self._store.reports.pop((kind, name), None)
