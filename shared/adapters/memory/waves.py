"""Waves in memory; audiences by SQL there are none, since nothing here reads SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

import msgspec

from shared.adapters.memory.history import DecisionHistory
from shared.adapters.memory.store import Document, Store
from shared.adapters.tallying import Told, tallied
from shared.domain.errors import AlreadyExistsError, InvalidError, StaleError, TransientError
from shared.domain.outbound.wave import OutboundWave, Page, Reconciled
from shared.domain.profile import Person
from shared.domain.ready import ready
from shared.ports import Versioned
from shared.ports.waves import Query


class Waves:
    """The port `Waves`."""

    def __init__(self, store: Store) -> None:
        """Keep in `store`."""
        self._store = store

    def create(self, wave: OutboundWave) -> None:
        """Keep a new wave."""
        with self._store.lock:
            if wave.id in self._store.waves:
                raise AlreadyExistsError(f"there is a wave {wave.id}")
            self._store.waves[wave.id] = Document(msgspec.json.encode(wave), self._store.next_version())

    def get(self, wave_id: str) -> Versioned[OutboundWave] | None:
        """A wave, None where there is none."""
        with self._store.lock:
            document = self._store.waves.get(wave_id)
        if document is None:
            return None
        return Versioned(msgspec.json.decode(document.data, type=ready(OutboundWave)), document.version)

    def update(self, wave: Versioned[OutboundWave]) -> None:
        """Write a wave in a guarded commit."""
        with self._store.lock:
            held = self._store.waves.get(wave.value.id)
            if held is None or held.version != wave.version:
                raise StaleError(f"the wave {wave.value.id} changed since it was read")
            self._store.waves[wave.value.id] = Document(msgspec.json.encode(wave.value), self._store.next_version())

    def latest(self, limit: int, audience: str = "") -> Sequence[OutboundWave]:
        """The waves begun last, the latest first."""
        with self._store.lock:
            held = [msgspec.json.decode(each.data, type=ready(OutboundWave)) for each in self._store.waves.values()]
        found = [wave for wave in held if audience in ("", wave.audience)]
        return sorted(found, key=lambda wave: wave.begun_at, reverse=True)[:limit]

    def put_pages(self, wave_id: str, pages: Mapping[int, Page]) -> None:
        """Keep pages by number."""
        with self._store.lock:
            for number, page in pages.items():
                self._store.wave_pages[wave_id, number] = msgspec.msgpack.encode(page)

    def pages(self, wave_id: str, first: int, beyond: int) -> Sequence[Page]:
        """The pages from one number until before another."""
        with self._store.lock:
            held = [self._store.wave_pages.get((wave_id, number)) for number in range(first, beyond)]
        there = [msgspec.msgpack.decode(each, type=ready(Page)) for each in held if each is not None]
        if None in held[: len(there)]:
            raise TransientError(f"a page of the wave {wave_id} is not there")
        return there

    def forget_pages(self, wave_id: str, pages: int) -> None:
        """Let go of so many pages."""
        with self._store.lock:
            for number in range(pages):
                self._store.wave_pages.pop((wave_id, number), None)


class Members:
    """The port `Members`."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def carrying(self, audience: str, after: str, limit: int) -> Sequence[str]:
        """Ids of persons whose profiles carry an audience, in order, those after one."""
        with self._store.lock:
            held = [
                msgspec.json.decode(each.data, type=ready(Person))
                for each in self._store.profiles.values()
                if each.data
            ]
        found = sorted(each.person_id for each in held if audience in each.audiences and each.person_id > after)
        return found[:limit]


class Audiences:
    """The port `Audiences`, where there is no BigQuery."""

    def estimate(self, query: Query) -> NoReturn:
        """Refuse: nothing here reads SQL."""
        del query
        raise InvalidError("is found by SQL, which needs BigQuery: kairos up --on emulators", field="audience")

    def find(self, job: str, query: Query, most_bytes: int) -> NoReturn:
        """Refuse."""
        del job, most_bytes
        self.estimate(query)

    def found(self, job: str, first: int, limit: int) -> Sequence[str]:
        """Nobody."""
        del job, first, limit
        return ()


class WaveHistory:
    """The port `WaveHistory`, over the rows of a history."""

    def __init__(self, history: DecisionHistory) -> None:
        """Read what a history holds."""
        self._history = history

    def tally(self, decision_ids: Sequence[str], since: datetime, until: datetime) -> tuple[Reconciled, frozenset[str]]:
        """How the decisions of some signals ended."""
        wanted = set(decision_ids)
        rows = (row for row in self._history.told(since, until) if row.decision_id in wanted)
        told = [
            Told(row.decision_id or "", row.kind, row.outcome, row.channel, row.action)
            for row in rows
            if row.kind in ("decision", "signal")
        ]
        return tallied(decision_ids, told)
