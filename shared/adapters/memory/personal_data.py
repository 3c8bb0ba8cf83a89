"""Everything held about a person in memory, to hand it over or to erase it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.erasure import ERASED, Erasure, carrying, tombstone
from shared.domain.errors import StaleError
from shared.domain.identity.links import Identifier
from shared.domain.observed import Observed
from shared.domain.ready import ready
from shared.ports import Held


class PersonalData:
    """The port `PersonalData`."""

    def __init__(self, store: Store) -> None:
        """Read and write `store`."""
        self._store = store

    def held(self, person_ids: Sequence[str]) -> Held:
        """What hangs on these ids."""
        with self._store.lock:
            deliveries = self._deliveries(person_ids)
            return Held(
                identifiers=tuple(self._living(person_ids)),
                deliveries=tuple(deliveries.values()),
                outcomes=tuple(one for each in self._outcomes(deliveries).values() for one in each.each()),
                deferrals=tuple(self._deferrals(person_ids).values()),
                addresses={
                    channel: address
                    for person_id in reversed(person_ids)
                    for (holder, channel), address in self._store.contact_points.items()
                    if holder == person_id
                },
            )

    def identifiers(self, person_ids: Sequence[str], erasure_id: str) -> Sequence[Identifier]:
        """Those of these persons, with what hangs on them, and the tombstones of an erasure."""
        with self._store.lock:
            return [*self._living(person_ids, erasure_id), *self._tombstones(erasure_id)]

    def known_by(self, namespace: str, value: str) -> Sequence[Identifier]:
        """What is known of an identifier, in each of its periods, the latest first."""
        with self._store.lock:
            own = [each for each in self._identifiers() if (each.namespace, each.value) == (namespace, value)]
        return sorted(own, key=lambda identifier: identifier.at, reverse=True)

    def bury(self, versions: Mapping[str, str], at: datetime) -> None:
        """Put nothing, which says that it is erased, in the place of profiles."""
        del at
        with self._store.lock:
            for person_id, version in versions.items():
                found = self._store.profiles.get(person_id)
                if found is None or found.version != version:
                    raise StaleError(f"the profile of {person_id} changed since it was read")
            for person_id in versions:
                self._store.profiles[person_id] = Document(b"", self._store.next_version())

    def tombstone(self, person_ids: Sequence[str], erasure_id: str, at: datetime) -> int:
        """Put a tombstone in the place of every identifier of these persons, and of what hangs on one."""
        with self._store.lock:
            found = self._living(person_ids, erasure_id)
            for each in found:
                stone = tombstone(each, erasure_id, at)
                self._store.identifiers[each.key] = Document(msgspec.json.encode(stone), self._store.next_version())
        return len(found)

    def delete(self, person_ids: Sequence[str]) -> Mapping[str, int]:
        """Delete outcomes, deliveries, deferrals, contacts and contact points."""
        store = self._store
        with store.lock:
            deliveries = self._deliveries(person_ids)
            outcomes, deferrals = self._outcomes(deliveries), self._deferrals(person_ids)
            contacts = [each for each in person_ids if each in store.histories]
            points = [each for each in store.contact_points if each[0] in person_ids]
            handovers = [key for key, (each, _) in store.handovers.items() if each.person_id in person_ids]
            for key in outcomes:
                del store.outcomes[key]
            for key in deliveries:
                del store.deliveries[key]
            for key in deferrals:
                del store.deferrals[key]
                store.due.pop(key, None)
            for key in handovers:
                del store.handovers[key]
            for key in contacts:
                del store.histories[key]
            for point in points:
                del store.contact_points[point]
        return {
            "outcomes": len(outcomes),
            "deliveries": len(deliveries),
            "deferrals": len(deferrals),
            "handovers": len(handovers),
            "contacts": len(contacts),
            "contact_points": len({person_id for person_id, _ in points}),
        }

    def readmit(self, identifier: Identifier) -> None:
        """Take a tombstone away."""
        with self._store.lock:
            self._store.identifiers.pop(identifier.key, None)

    def _living(self, person_ids: Sequence[str], erasure_id: str = "") -> list[Identifier]:
        every = self._identifiers()
        own = [each for each in every if each.person_id in person_ids and not each.anchor]
        anchors = carrying((*own, *(self._tombstones(erasure_id) if erasure_id else ())))
        return [*own, *(each for each in every if each.anchor in anchors)]

    def _tombstones(self, erasure_id: str) -> list[Identifier]:
        return [each for each in self._identifiers() if each.rule == ERASED and each.signal_id == erasure_id]

    def _identifiers(self) -> list[Identifier]:
        return [msgspec.json.decode(each.data, type=ready(Identifier)) for each in self._store.identifiers.values()]

    def _deliveries(self, person_ids: Sequence[str]) -> dict[str, Delivery]:
        every = {k: msgspec.json.decode(each.data, type=ready(Delivery)) for k, each in self._store.deliveries.items()}
        return {key: delivery for key, delivery in every.items() if delivery.person_id in person_ids}

    def _outcomes(self, deliveries: Mapping[str, Delivery]) -> dict[str, Observed]:
        own = {key: each for key, each in self._store.outcomes.items() if key in deliveries}
        return {key: msgspec.json.decode(each.data, type=ready(Observed)) for key, each in own.items()}

    def _deferrals(self, person_ids: Sequence[str]) -> dict[str, Deferral]:
        every = {key: msgspec.json.decode(data, type=ready(Deferral)) for key, data in self._store.deferrals.items()}
        return {key: deferral for key, deferral in every.items() if deferral.person_id in person_ids}


class Erasures:
    """The port `Erasures`."""

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        self._store = store

    def put(self, erasure: Erasure) -> None:
        """Keep it as it is now."""
        with self._store.lock:
            self._store.erasures[erasure.id] = msgspec.json.encode(erasure)

    def get(self, erasure_id: str) -> Erasure | None:
        """One of them, None where there is none."""
        with self._store.lock:
            data = self._store.erasures.get(erasure_id)
        return None if data is None else msgspec.json.decode(data, type=ready(Erasure))

    def all(self) -> Sequence[Erasure]:
        """Every one, the latest first."""
        with self._store.lock:
            every = [msgspec.json.decode(data, type=ready(Erasure)) for data in self._store.erasures.values()]
        return sorted(every, key=lambda each: each.begun_at, reverse=True)

    def due(self, now: datetime) -> Sequence[Erasure]:
        """Those that another run now would finish, the earliest first."""
        return [each for each in reversed(self.all()) if each.is_due(now)]
