"""Samples of the persons in Firestore: ids are random, so those that follow any id are as good as drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from google.cloud.firestore_v1.field_path import FieldPath

from shared.adapters.firestore.client import Database, fields_of
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.persons import PROFILES
from shared.adapters.firestore.profiles import decode_profile
from shared.adapters.sealing import Sealer
from shared.domain.errors import ErasedError
from shared.domain.profile import Person
from shared.domain.signal import digest
from shared.ports.samples import Sampled

_PAGE = 300
"""Profiles of one query: each may be a megabyte, and most are two kilobytes."""

_AT_ONCE = 16
"""Contact histories that are read at once."""


class Samples:
    """The port `Samples`."""

    def __init__(self, database: Database, contacts: Contacts, sealer: Sealer) -> None:
        """Take persons from `database`, opened by `sealer`, and their histories from `contacts`."""
        self._database = database
        self._contacts = contacts
        self._sealer = sealer

    def persons(self, seed: str, most: int) -> Sequence[Sampled]:
        """So many persons, from a place on that the seed says."""
        begin = f"p-{digest('sample', seed)}"
        chosen: list[Person] = []
        for person in self._from(begin):
            if len(chosen) == most:
                break
            chosen.append(person)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            histories = pool.map(lambda person: self._contacts.history(person.person_id).value, chosen)
            return [Sampled(person, history) for person, history in zip(chosen, histories, strict=True)]

    def _from(self, begin: str) -> Iterator[Person]:
        """Every person, those after an id first."""
        collection = self._database.client.collection(PROFILES)
        ordered = collection.order_by(FieldPath.document_id())
        for first, until in ((begin, None), (None, begin)):
            after = first
            while True:
                query = ordered.limit(_PAGE)
                if after is not None:
                    place = {FieldPath.document_id(): collection.document(after)}
                    query = query.start_at(place) if after == first else query.start_after(place)
                if until is not None:
                    query = query.end_before({FieldPath.document_id(): collection.document(until)})
                page = self._database.query(query)
                for snapshot in page:
                    if "sealed" not in fields_of(snapshot):
                        continue
                    try:
                        person = decode_profile(self._sealer, snapshot, snapshot.id)
                    except ErasedError:
                        continue
                    if person.merged_into is None:
                        yield person
                if len(page) < _PAGE:
                    break
                after = page[-1].id
