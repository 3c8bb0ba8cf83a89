"""Waves in Firestore: a document each, and one for each page, which also says when it was written, by which it expires;
and the persons whose profiles carry an audience.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.firestore.client import Database, decode, encode, encode_update, version_of
from shared.adapters.firestore.persons import PROFILES
from shared.domain.errors import TransientError
from shared.domain.outbound.wave import OutboundWave, Page
from shared.ports import Versioned

WAVES = "waves"
PAGES = "wave_pages"
_AT_ONCE = 100
"""Pages of one commit or one reading."""


class Waves:
    """The port `Waves`."""

    def __init__(self, database: Database) -> None:
        """Keep in `database`."""
        self._database = database

    def create(self, wave: OutboundWave) -> None:
        """Keep a new wave."""
        batch = self._database.client.batch()
        batch.create(self._database.reference(WAVES, wave.id), encode(wave))
        self._database.commit(batch)

    def get(self, wave_id: str) -> Versioned[OutboundWave] | None:
        """A wave, None where there is none."""
        snapshot = self._database.get(self._database.reference(WAVES, wave_id))
        if not snapshot.exists:
            return None
        return Versioned(decode(OutboundWave, snapshot), version_of(snapshot.update_time))

    def update(self, wave: Versioned[OutboundWave]) -> None:
        """Write a wave in a guarded commit."""
        batch = self._database.client.batch()
        reference = self._database.reference(WAVES, wave.value.id)
        batch.update(reference, encode_update(wave.value), option=self._database.guard(wave.version or ""))
        self._database.commit(batch)

    def latest(self, limit: int, audience: str = "") -> Sequence[OutboundWave]:
        """The waves begun last, the latest first; of one audience all are read, which needs no index of its own."""
        collection = self._database.client.collection(WAVES)
        if not audience:
            query = collection.order_by("begun_at", direction=firestore.Query.DESCENDING).limit(limit)
            return [decode(OutboundWave, each) for each in self._database.query(query)]
        own = collection.where(filter=FieldFilter("audience", "==", audience))
        found = [decode(OutboundWave, each) for each in self._database.query(own)]
        return sorted(found, key=lambda wave: wave.begun_at, reverse=True)[:limit]

    def put_pages(self, wave_id: str, pages: Mapping[int, Page]) -> None:
        """Keep pages by number."""
        numbered = sorted(pages.items())
        for start in range(0, len(numbered), _AT_ONCE):
            batch = self._database.client.batch()
            for number, page in numbered[start : start + _AT_ONCE]:
                batch.set(self._page(wave_id, number), {**encode(page), "at": firestore.SERVER_TIMESTAMP})
            self._database.commit(batch, blind=True)

    def pages(self, wave_id: str, first: int, beyond: int) -> Sequence[Page]:
        """The pages from one number until before another."""
        found: dict[str, Page] = {}
        references = [self._page(wave_id, number) for number in range(first, beyond)]
        for start in range(0, len(references), _AT_ONCE):
            for snapshot in self._database.get_all(references[start : start + _AT_ONCE]):
                found[snapshot.id] = decode(Page, snapshot)
        there = [found[each.id] for each in references if each.id in found]
        if references[: len(there)] and references[len(there) - 1].id not in found:
            raise TransientError(f"a page of the wave {wave_id} is not there")
        return there

    def forget_pages(self, wave_id: str, pages: int) -> None:
        """Let go of so many pages."""
        for start in range(0, pages, _AT_ONCE):
            batch = self._database.client.batch()
            for number in range(start, min(start + _AT_ONCE, pages)):
                batch.delete(self._page(wave_id, number))
            self._database.commit(batch, blind=True)

    def _page(self, wave_id: str, number: int) -> firestore.DocumentReference:
        return self._database.reference(PAGES, f"{wave_id}:{number:06}")


class Members:
    """The port `Members`."""

    def __init__(self, database: Database) -> None:
        """Ask `database`."""
        self._database = database

    def carrying(self, audience: str, after: str, limit: int) -> Sequence[str]:
        """Ids of persons whose profiles carry an audience, in order, those after one."""
        collection = self._database.client.collection(PROFILES)
        query = collection.where(filter=FieldFilter("audiences", "array_contains", audience))
        query = query.order_by("__name__").select(["__name__"]).limit(limit)
        if after:
            query = query.start_after({"__name__": self._database.reference(PROFILES, after)})
        return [snapshot.id for snapshot in self._database.query(query)]
