"""Seals in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from shared.adapters.memory.store import Store
from shared.domain.errors import AlreadyExistsError
from shared.domain.seal import Seal, Sealed


class Seals:
    """The port `Seals`."""

    def __init__(self, store: Store) -> None:
        """Keep in `store`."""
        self._store = store

    def all(self) -> Sequence[Seal]:
        """Every seal, by number."""
        with self._store.lock:
            return [sealed.seal for _, sealed in sorted(self._store.seals.items())]

    def of_day(self, day: date) -> Sequence[Sealed]:
        """Those of a day with what they chain, by number."""
        with self._store.lock:
            return [sealed for _, sealed in sorted(self._store.seals.items()) if sealed.seal.day == day]

    def add(self, sealed: Sealed) -> None:
        """Keep a seal with what it chains."""
        with self._store.lock:
            if sealed.seal.number in self._store.seals:
                raise AlreadyExistsError(f"seal {sealed.seal.number} was made meanwhile")
            self._store.seals[sealed.seal.number] = sealed
