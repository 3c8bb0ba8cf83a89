"""Contact points in a Firestore database of their own, each sealed under its person's key."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from shared.adapters.firestore.client import Database, Snapshot, fields_of
from shared.adapters.sealing import Sealer
from shared.ports import Meter

CONTACT_POINTS = "contact_points"
_BATCH = 200


class ContactPoints:
    """The port `ContactPoints`. An address is bound to person and channel: moved to another it does not open."""

    def __init__(self, database: Database, meter: Meter, sealer: Sealer) -> None:
        """Read and write `database`, counting on `meter`; addresses are sealed by `sealer`."""
        self._database = database
        self._meter = meter
        self._sealer = sealer

    def address(self, person_id: str, channel: str) -> str | None:
        """Where to reach a person on a channel, None where unknown.

        Raises:
            ErasedError: the person was erased.
            PermanentError: it does not open with this person's key, which only operators can put right.
        """
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(CONTACT_POINTS, person_id))
        sealed = fields_of(snapshot).get(channel)
        if sealed is None:
            return None
        return self._sealer.open(person_id, _purpose(channel), sealed).decode()

    def put(self, addresses: Mapping[str, Mapping[str, str]]) -> None:
        """Store persons' addresses, leaving those on other channels as they are."""
        persons = ((person_id, channels) for person_id, channels in addresses.items() if channels)
        while some := list(islice(persons, _BATCH)):
            batch = self._database.client.batch()
            for person_id, channels in some:
                sealed = {
                    channel: self._sealer.seal(person_id, _purpose(channel), address.encode())
                    for channel, address in channels.items()
                }
                batch.set(self._database.reference(CONTACT_POINTS, person_id), sealed, merge=True)
            self._database.commit(batch, blind=True)
            self._meter.add(writes=len(some))


def open_addresses(sealer: Sealer, person_id: str, snapshot: Snapshot) -> dict[str, str]:
    """All addresses of a person, by channel."""
    fields = fields_of(snapshot)
    return {channel: sealer.open(person_id, _purpose(channel), sealed).decode() for channel, sealed in fields.items()}


def _purpose(channel: str) -> str:
    return f"{channel} address"
