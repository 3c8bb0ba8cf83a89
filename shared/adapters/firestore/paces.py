"""The pace of channels in Firestore: a document of `paces` for each."""

from __future__ import annotations

from shared.adapters.firestore.client import Database, decode, encode, encode_update, version_of
from shared.adapters.known_paces import Timing
from shared.adapters.pacing import Pacing, Tell
from shared.domain.errors import AlreadyExistsError, StaleError
from shared.domain.pace import Pace
from shared.ports import Meter, Versioned

PACES = "paces"


class Paces(Pacing):
    """The port `Paces`."""

    def __init__(self, database: Database, meter: Meter, timing: Timing, tell: Tell) -> None:
        """Keep to what `database` says, counting on `meter`; `tell` hears what operators want to know."""
        super().__init__(SharedPaces(database, meter), timing, tell)


class SharedPaces:
    """What is shared of paces."""

    def __init__(self, database: Database, meter: Meter) -> None:
        """Read and write `database`, counting on `meter`."""
        self._database = database
        self._meter = meter

    def load(self, channel: str, *, counted: bool = True) -> Versioned[Pace]:
        """A pace; an empty one, of version None, where there is none yet."""
        if counted:
            self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(PACES, channel))
        if not snapshot.exists:
            return Versioned(Pace(), None)
        return Versioned(decode(Pace, snapshot), version_of(snapshot.update_time))

    def store(self, channel: str, pace: Versioned[Pace]) -> str:
        """Write a pace in a commit that is guarded by the version read."""
        batch = self._database.client.batch()
        reference = self._database.reference(PACES, channel)
        if pace.version is None:
            batch.create(reference, encode(pace.value))
        else:
            batch.update(reference, encode_update(pace.value), option=self._database.guard(pace.version))
        try:
            versions = self._database.commit(batch, once=True)
        except AlreadyExistsError as error:
            raise StaleError(f"the pace of {channel} was created meanwhile") from error
        self._meter.add(writes=1)
        return versions[0]
