"""Volumes and budgets in memory."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from shared.adapters.leasing import Leasing
from shared.adapters.memory.store import Document, Store
from shared.domain.allowance import Ledger
from shared.domain.errors import StaleError
from shared.domain.ready import ready
from shared.ports import Meter, Versioned


class Allowances(Leasing):
    """The port `Allowances`."""

    def __init__(self, store: Store, meter: Meter, holder: str, pause: Callable[[int], None]) -> None:
        """Take blocks as `holder` of the ledgers in `store`, counting on `meter`; `pause(n)` waits, with jitter, before
        the n-th try again.
        """
        super().__init__(Ledgers(store, meter), holder, pause)


class Ledgers:
    """The port `Ledgers`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Keep in `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def load(self, kind: str, ledger_id: str) -> Versioned[Ledger]:
        """A ledger; an empty one, of version None, where there is none yet."""
        self._meter.add(reads=1)
        with self._store.lock:
            document = self._store.ledgers.get((kind, ledger_id))
        if document is None:
            return Versioned(Ledger(), None)
        return Versioned(msgspec.json.decode(document.data, type=ready(Ledger)), document.version)

    def store(self, kind: str, ledger_id: str, ledger: Versioned[Ledger]) -> None:
        """Write a ledger in a commit that is guarded by the version read and sent once."""
        with self._store.lock:
            document = self._store.ledgers.get((kind, ledger_id))
            if (document.version if document else None) != ledger.version:
                raise StaleError(f"the {kind} {ledger_id} changed since it was read")
            data, version = msgspec.json.encode(ledger.value), self._store.next_version()
            self._store.ledgers[kind, ledger_id] = Document(data, version)
        self._meter.add(writes=1)
