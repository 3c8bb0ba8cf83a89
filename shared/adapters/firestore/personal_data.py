"""Everything held about a person in Firestore, to hand it over or to erase it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, Snapshot, decode, encode, fields_of
from shared.adapters.firestore.contact_points import CONTACT_POINTS, open_addresses
from shared.adapters.firestore.contacts import CONTACTS, DELIVERIES
from shared.adapters.firestore.deferrals import DEFERRALS, decode_deferral
from shared.adapters.firestore.handovers import HANDOVERS
from shared.adapters.firestore.outcomes import OUTCOMES
from shared.adapters.firestore.persons import IDENTIFIERS, PROFILES
from shared.adapters.firestore.profiles import encode_erased
from shared.adapters.sealing import Sealer
from shared.domain.delivery import Delivery
from shared.domain.erasure import ERASED, Erasure, carrying, tombstone
from shared.domain.identity.links import Identifier
from shared.domain.observed import Observed
from shared.ports import Held

ERASURES = "erasures"
_UNFINISHED = ("unfinished", "==", True)
"""An erasure's document has this field for as long as it is not finished."""

_ASKED_AT_ONCE = 30
"""Values that one query may name."""

_WRITTEN_AT_ONCE = 300


class PersonalData:
    """The port `PersonalData`, over the main database and that of contact points."""

    def __init__(self, database: Database, vault: Database, sealer: Sealer) -> None:
        """Read and write both; `sealer` opens contact points."""
        self._database = database
        self._vault = vault
        self._sealer = sealer

    def held(self, person_ids: Sequence[str]) -> Held:
        """What hangs on these ids."""
        deliveries = [decode(Delivery, each) for each in self._of(DELIVERIES, person_ids)]
        addresses: dict[str, str] = {}
        for person_id in reversed(person_ids):
            snapshot = self._vault.get(self._vault.reference(CONTACT_POINTS, person_id))
            addresses |= open_addresses(self._sealer, person_id, snapshot)
        return Held(
            identifiers=tuple(decode(Identifier, each) for each in self._living(person_ids)),
            deliveries=tuple(deliveries),
            outcomes=tuple(one for each in self._outcomes(deliveries) for one in decode(Observed, each).each()),
            deferrals=tuple(decode_deferral(self._sealer, each) for each in self._of(DEFERRALS, person_ids)),
            addresses=addresses,
        )

    def identifiers(self, person_ids: Sequence[str], erasure_id: str) -> Sequence[Identifier]:
        """Those of these persons, with what hangs on them, and the tombstones of an erasure."""
        living = [decode(Identifier, each) for each in self._living(person_ids, erasure_id)]
        return [*living, *self._tombstones(erasure_id)]

    def known_by(self, namespace: str, value: str) -> Sequence[Identifier]:
        """What is known of an identifier, in each of its periods, the latest first."""
        found = [decode(Identifier, each) for each in self._where(IDENTIFIERS, "value", [value])]
        own = [identifier for identifier in found if identifier.namespace == namespace]
        return sorted(own, key=lambda identifier: identifier.at, reverse=True)

    def bury(self, versions: Mapping[str, str], at: datetime) -> None:
        """Put `erased` in the place of profiles, in one guarded commit."""
        batch = self._database.client.batch()
        for person_id, version in versions.items():
            reference = self._database.reference(PROFILES, person_id)
            batch.update(reference, encode_erased(at), option=self._database.guard(version))
        self._database.commit(batch)

    def tombstone(self, person_ids: Sequence[str], erasure_id: str, at: datetime) -> int:
        """Put a tombstone in the place of every identifier of these persons, and of what hangs on one."""

        def bury(batch: firestore.WriteBatch, snapshot: Snapshot) -> None:
            batch.set(snapshot.reference, encode(tombstone(decode(Identifier, snapshot), erasure_id, at)))

        found = self._living(person_ids, erasure_id)
        self._write(self._database, found, bury)
        return len(found)

    def delete(self, person_ids: Sequence[str]) -> Mapping[str, int]:
        """Delete outcomes before the deliveries that lead to them, then the rest."""
        deliveries = list(self._of(DELIVERIES, person_ids))
        own = {
            OUTCOMES: list(self._outcomes(decode(Delivery, each) for each in deliveries)),
            DELIVERIES: deliveries,
            DEFERRALS: list(self._of(DEFERRALS, person_ids)),
            HANDOVERS: list(self._of(HANDOVERS, person_ids)),
            CONTACTS: self._database.get_all([self._database.reference(CONTACTS, each) for each in person_ids]),
        }
        points = self._vault.get_all([self._vault.reference(CONTACT_POINTS, each) for each in person_ids])
        for found in own.values():
            self._write(self._database, found, _delete)
        self._write(self._vault, points, _delete)
        handed = sum("part" not in fields_of(each) for each in own[HANDOVERS])
        return {**{name: len(found) for name, found in own.items()}, HANDOVERS: handed, CONTACT_POINTS: len(points)}

    def readmit(self, identifier: Identifier) -> None:
        """Take a tombstone away."""
        batch = self._database.client.batch()
        batch.delete(self._database.reference(IDENTIFIERS, identifier.key))
        self._database.commit(batch, blind=True)

    def _living(self, person_ids: Sequence[str], erasure_id: str = "") -> list[Snapshot]:
        own = [each for each in self._of(IDENTIFIERS, person_ids) if not decode(Identifier, each).anchor]
        tombstones = self._tombstones(erasure_id) if erasure_id else []
        anchors = carrying((*(decode(Identifier, each) for each in own), *tombstones))
        return [*own, *self._where(IDENTIFIERS, "anchor", sorted(anchors))]

    def _tombstones(self, erasure_id: str) -> list[Identifier]:
        found = (decode(Identifier, each) for each in self._where(IDENTIFIERS, "signal_id", [erasure_id]))
        return [each for each in found if each.rule == ERASED]

    def _outcomes(self, deliveries: Iterable[Delivery]) -> Iterator[Snapshot]:
        return self._where(OUTCOMES, "delivery_id", [each.delivery_id for each in deliveries])

    def _of(self, collection: str, person_ids: Sequence[str]) -> Iterator[Snapshot]:
        return self._where(collection, "person_id", person_ids)

    def _where(self, collection: str, field: str, values: Sequence[str]) -> Iterator[Snapshot]:
        """The documents that have one of these values in a field."""
        left = iter(values)
        while some := list(islice(left, _ASKED_AT_ONCE)):
            query = self._database.client.collection(collection).where(filter=FieldFilter(field, "in", some))
            yield from self._database.query(query)

    @staticmethod
    def _write(
        database: Database, found: Sequence[Snapshot], write: Callable[[firestore.WriteBatch, Snapshot], None]
    ) -> None:
        for start in range(0, len(found), _WRITTEN_AT_ONCE):
            batch = database.client.batch()
            for snapshot in found[start : start + _WRITTEN_AT_ONCE]:
                write(batch, snapshot)
            database.commit(batch, blind=True)


class Erasures:
    """The port `Erasures`: a document of `erasures` each."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database

    def put(self, erasure: Erasure) -> None:
        """Keep it as it is now."""
        batch = self._database.client.batch()
        unfinished = {_UNFINISHED[0]: True} if erasure.finished_at is None else {}
        batch.set(self._database.reference(ERASURES, erasure.id), {**encode(erasure), **unfinished})
        self._database.commit(batch, blind=True)

    def get(self, erasure_id: str) -> Erasure | None:
        """One of them, None where there is none."""
        snapshot = self._database.get(self._database.reference(ERASURES, erasure_id))
        return decode(Erasure, snapshot) if snapshot.exists else None

    def all(self) -> Sequence[Erasure]:
        """Every one, the latest first."""
        snapshots = self._database.query(self._database.client.collection(ERASURES))
        return sorted((decode(Erasure, each) for each in snapshots), key=lambda each: each.begun_at, reverse=True)

    def due(self, now: datetime) -> Sequence[Erasure]:
        """Those that another run now would finish, the earliest first; only what is not finished is read."""
        query = self._database.client.collection(ERASURES).where(filter=FieldFilter(*_UNFINISHED))
        unfinished = [decode(Erasure, each) for each in self._database.query(query)]
        return sorted((each for each in unfinished if each.is_due(now)), key=lambda each: each.begun_at)


def _delete(batch: firestore.WriteBatch, snapshot: Snapshot) -> None:
    batch.delete(snapshot.reference)
