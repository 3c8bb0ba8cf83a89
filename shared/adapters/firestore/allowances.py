"""Volumes and budgets in Firestore: a ledger for each in each of its periods."""

from __future__ import annotations

from collections.abc import Callable

from google.cloud import firestore

from shared.adapters.firestore.client import Database, decode, encode, version_of
from shared.adapters.leasing import Leasing
from shared.domain.allowance import Ledger
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.ports import Meter, Versioned

COLLECTIONS = {"volume": "volumes", "budget": "budgets"}


class Allowances(Leasing):
    """The port `Allowances`."""

    def __init__(self, database: Database, meter: Meter, holder: str, pause: Callable[[int], None]) -> None:
        """Take blocks as `holder` of the ledgers in `database`, counting on `meter`; `pause(n)` waits, with jitter,
        before the n-th try again.
        """
        super().__init__(Ledgers(database, meter), holder, pause)


class Ledgers:
    """The port `Ledgers`."""

    def __init__(self, database: Database, meter: Meter) -> None:
        """Keep in `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def load(self, kind: str, ledger_id: str) -> Versioned[Ledger]:
        """A ledger; an empty one, of version None, where there is none yet."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._reference(kind, ledger_id))
        if not snapshot.exists:
            return Versioned(Ledger(), None)
        return Versioned(decode(Ledger, snapshot), version_of(snapshot.update_time))

    def store(self, kind: str, ledger_id: str, ledger: Versioned[Ledger]) -> None:
        """Write a ledger in a commit that is guarded by the version read and sent once."""
        batch = self._database.client.batch()
        reference, fields = self._reference(kind, ledger_id), encode(ledger.value)
        if ledger.version is None:
            batch.create(reference, fields)
        else:
            every = {"spent": 0, "blocks": {}, "since": {}, **fields}  # a map that is named is replaced whole
            batch.update(reference, every, option=self._database.guard(ledger.version))
        try:
            self._database.commit(batch, once=True)
        except AlreadyExistsError as error:
            raise StaleError(f"the {kind} {ledger_id} was created meanwhile") from error
        self._meter.add(writes=1)

    def _reference(self, kind: str, ledger_id: str) -> firestore.DocumentReference:
        return self._database.reference(COLLECTIONS[kind], ledger_id)
