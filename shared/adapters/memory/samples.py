"""Samples of the persons in memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.adapters.memory.contacts import Contacts
from shared.adapters.memory.store import Store
from shared.domain.profile import Person
from shared.domain.ready import ready
from shared.domain.signal import digest
from shared.ports.samples import Sampled


class Samples:
    """The port `Samples`."""

    def __init__(self, store: Store, contacts: Contacts) -> None:
        """Take persons from `store`, and their histories from `contacts`."""
        self._store = store
        self._contacts = contacts

    def persons(self, seed: str, most: int) -> Sequence[Sampled]:
        """So many persons, from a place on that the seed says."""
        begin = f"p-{digest('sample', seed)}"
        with self._store.lock:
            known = sorted((key, each.data) for key, each in self._store.profiles.items() if each.data)
        turned = [data for key, data in known if key >= begin] + [data for key, data in known if key < begin]
        persons = (msgspec.json.decode(data, type=ready(Person)) for data in turned)
        chosen = [person for person in persons if person.merged_into is None][:most]
        return [Sampled(each, self._contacts.history(each.person_id).value) for each in chosen]
