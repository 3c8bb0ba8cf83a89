"""Identifiers and profiles in Firestore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.cloud import firestore

from shared.adapters.firestore.client import Database, decode, encode, version_of
from shared.adapters.firestore.profiles import decode_profile, encode_profile
from shared.adapters.sealing import Sealer
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports import Meter, Versioned

IDENTIFIERS = "identifiers"
PROFILES = "profiles"


class Persons:
    """The port `Persons`. A version is the document's and the profile's own, to tell an unchanged profile."""

    def __init__(self, database: Database, meter: Meter, sealer: Sealer) -> None:
        """Read and write `database`, counting on `meter`; profiles are sealed by `sealer`."""
        self._database = database
        self._meter = meter
        self._sealer = sealer

    def links(self, identifiers: Mapping[str, str]) -> dict[str, Identifier]:
        """Those of these identifiers that are linked, by namespace; one batched read."""
        references = [self._identifier(namespace, value) for namespace, value in identifiers.items()]
        self._meter.add(reads=len(references))
        found = [decode(Identifier, snapshot) for snapshot in self._database.get_all(references)]
        return {link.namespace: link for link in found}

    def profile(self, person_id: str) -> Versioned[Person] | None:
        """A person's profile, None where there is none."""
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(PROFILES, person_id))
        if not snapshot.exists:
            return None
        profile = decode_profile(self._sealer, snapshot, person_id)
        return Versioned(profile, f"{version_of(snapshot.update_time)}/{profile.version}")

    def create(self, profile: Person, links: Sequence[Identifier]) -> None:
        """Create a person with its first identifiers, in one commit."""
        self.create_all([(profile, links)])

    def create_all(self, persons: Sequence[tuple[Person, Sequence[Identifier]]]) -> None:
        """Create several persons in one commit."""
        batch = self._database.client.batch()
        for profile, links in persons:
            batch.create(self._database.reference(PROFILES, profile.person_id), encode_profile(self._sealer, profile))
            self._link(batch, links)
        self._database.commit(batch)
        self._meter.add(writes=len(batch))

    def update(self, profile: Versioned[Person], links: Sequence[Identifier]) -> None:
        """Write a changed profile and link identifiers to it, in one commit."""
        person = profile.value
        version, _, own = (profile.version or "").rpartition("/")
        batch = self._database.client.batch()
        if own != str(person.version):
            reference = self._database.reference(PROFILES, person.person_id)
            batch.update(reference, encode_profile(self._sealer, person), option=self._database.guard(version))
        self._link(batch, links)
        if len(batch):
            self._database.commit(batch)
            self._meter.add(writes=len(batch))

    def _link(self, batch: firestore.WriteBatch, links: Sequence[Identifier]) -> None:
        for link in links:
            batch.create(self._identifier(link.namespace, link.value), encode(link))

    def _identifier(self, namespace: str, value: str) -> firestore.DocumentReference:
        return self._database.reference(IDENTIFIERS, f"{namespace}:{value}")
