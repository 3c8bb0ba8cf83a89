"""Identifiers and profiles in Firestore."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, decode, encode, encode_update, version_of
from shared.adapters.firestore.contacts import regroup
from shared.adapters.firestore.profiles import decode_profile, encode_profile
from shared.adapters.sealing import Sealer
from shared.domain.errors import ErasedError, OversizedError
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports import Meter, Rewrite, Versioned

IDENTIFIERS = "identifiers"
PROFILES = "profiles"

MOST_COMMITTED = 9_000_000
"""Bytes of profiles in one commit, which holds 10 MiB; identifiers and contact histories beside them are small."""

_AT_ONCE = 30
"""Values that a query may ask for at once."""


class Persons:
    """The port `Persons`."""

    def __init__(self, database: Database, meter: Meter, sealer: Sealer) -> None:
        """Read and write `database`, counting on `meter`; profiles are sealed by `sealer`."""
        self._database = database
        self._meter = meter
        self._sealer = sealer

    def identifiers(self, keys: Sequence[str]) -> dict[str, Versioned[Identifier]]:
        """Those of the identifiers with these keys that are known, by key; one batched read."""
        references = [self._database.reference(IDENTIFIERS, key) for key in keys]
        self._meter.add(reads=len(references))
        found = [
            Versioned(decode(Identifier, snapshot), version_of(snapshot.update_time))
            for snapshot in self._database.get_all(references)
        ]
        return {each.value.key: each for each in found}

    def identifiers_of(self, person_ids: Sequence[str]) -> list[Identifier]:
        """All identifiers that point at one of these ids, in order of their keys."""
        collection = self._database.client.collection(IDENTIFIERS)
        found: list[Identifier] = []
        for start in range(0, len(person_ids), _AT_ONCE):
            wanted = FieldFilter("person_id", "in", list(person_ids[start : start + _AT_ONCE]))
            found += [
                decode(Identifier, snapshot) for snapshot in self._database.query(collection.where(filter=wanted))
            ]
        self._meter.add(reads=len(found))
        return sorted(found, key=lambda identifier: identifier.key)

    def profile(self, person_id: str) -> Versioned[Person] | None:
        """A person's profile, None where there is none."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(PROFILES, person_id))
        if not snapshot.exists:
            return None
        return Versioned(decode_profile(self._sealer, snapshot, person_id), version_of(snapshot.update_time))

    def profiles(self, person_ids: Sequence[str]) -> dict[str, Person]:
        """The documents of these ids that are there and not erased."""
        references = {self._database.reference(PROFILES, each): each for each in dict.fromkeys(person_ids)}
        self._meter.add(reads=len(references))
        found: dict[str, Person] = {}
        for snapshot in self._database.get_all(list(references)):
            person_id = references[snapshot.reference]
            with suppress(ErasedError):
                found[person_id] = decode_profile(self._sealer, snapshot, person_id)
        return found

    def rewrite(self, change: Rewrite) -> None:
        """Write persons and identifiers that change together, in one guarded commit."""
        profiles = [encode_profile(self._sealer, each.value) for each in change.persons]
        placed = [encode_profile(self._sealer, each) for each in change.placed]
        size = sum(len(each["sealed"]) for each in (*profiles, *placed))
        if size > MOST_COMMITTED:
            raise OversizedError(f"the profiles of {len(profiles)} persons would be {size:,} bytes, more than a commit")
        batch = self._database.client.batch()
        for person, profile in zip(change.persons, profiles, strict=True):
            reference = self._database.reference(PROFILES, person.value.person_id)
            if person.version is None:
                batch.create(reference, profile)
            else:
                batch.update(reference, profile, option=self._database.guard(person.version))
        for redirect, profile in zip(change.placed, placed, strict=True):
            batch.set(self._database.reference(PROFILES, redirect.person_id), profile)
        for created in change.created:
            batch.create(self._database.reference(IDENTIFIERS, created.key), encode(created))
        for changed in change.changed:
            reference = self._database.reference(IDENTIFIERS, changed.value.key)
            guard = self._database.guard(changed.version or "")
            batch.update(reference, encode_update(changed.value), option=guard)
        regroup(self._database, batch, change.together)
        self._database.commit(batch)
        self._meter.add(writes=len(batch))
