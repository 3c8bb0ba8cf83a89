"""Handovers in Firestore: a document each, and one for each of its parts, sealed under the person's key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.adapters.firestore.client import Database, decode, encode, fields_of
from shared.adapters.sealing import Sealer
from shared.domain.errors import TransientError
from shared.domain.handover import Handover

HANDOVERS = "handovers"
_PURPOSE = "handover"


class Handovers:
    """The port `Handovers`. Every document names the person, so that an erasure finds it, and the time from which on
    it expires. Parts are written before what makes them count.
    """

    def __init__(self, database: Database, sealer: Sealer) -> None:
        """Keep in `database`, sealed by `sealer`."""
        self._database = database
        self._sealer = sealer

    def put(self, handover: Handover, parts: Sequence[bytes]) -> None:
        """Put parts aside."""
        whose = {"person_id": handover.person_id, "at": handover.made_at}
        for number, part in enumerate(parts):
            sealed = self._sealer.seal(handover.person_id, _PURPOSE, part)
            self._write(_part(handover.id, number), {**whose, "part": sealed})
        self._write(handover.id, {**encode(handover), **whose})

    def get(self, handover_id: str) -> Handover | None:
        """One of them, None where there is none."""
        snapshot = self._database.get(self._database.reference(HANDOVERS, handover_id))
        return decode(Handover, snapshot) if snapshot.exists else None

    def parts(self, handover: Handover) -> Iterator[bytes]:
        """What was put aside, part by part."""
        for number in range(handover.parts):
            snapshot = self._database.get(self._database.reference(HANDOVERS, _part(handover.id, number)))
            if not snapshot.exists:
                raise TransientError(f"the handover {handover.id} is being deleted")
            yield self._sealer.open(handover.person_id, _PURPOSE, fields_of(snapshot)["part"])

    def _write(self, document: str, fields: dict[str, object]) -> None:
        batch = self._database.client.batch()
        batch.set(self._database.reference(HANDOVERS, document), fields)
        self._database.commit(batch, blind=True)


def _part(handover_id: str, number: int) -> str:
    return f"{handover_id} {number:04}"
