"""Handing over: what is held about a person, put aside sealed under the person's key, to be fetched for thirty days.

A workflow may not carry it: it is personal, and more than a workflow holds. What the workflow gets is where it lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from functions.privacy.exporting import Export
from functions.privacy.finding import Find
from shared.domain.erasure import check_case
from shared.domain.errors import NotFoundError
from shared.domain.handover import KEPT, Handover, handover_id
from shared.ports import Handovers

PART_BYTES = 700_000
"""Of a part: sealed, it is in one document."""


class HandOver:
    """The use case over its ports. The same request again puts the same thing aside, as it is by then."""

    def __init__(self, find: Find, export: Export, handovers: Handovers) -> None:
        """Put what `export` gathers about whom `find` finds aside in `handovers`."""
        self._find = find
        self._export = export
        self._handovers = handovers

    def __call__(self, identifiers: Mapping[str, Any], *, by: str, case: str, now: datetime) -> Handover:
        """Put it aside.

        Raises:
            InvalidError: the identifier cannot be one, or the case is more than a reference.
            NotFoundError: nobody is known by it.
            ErasedError: the person was erased, and nothing is held.
            TransientError: a store did not answer; doing it again is safe.
        """
        check_case(case)
        person_id = self._find.person_of(self._find.identifier(identifiers)).person.person_id
        parts = list(_parts(self._export(identifiers, now)))
        handover = Handover(
            id=handover_id(person_id, case),
            person_id=person_id,
            case=case,
            by=by,
            made_at=now,
            until=now + KEPT,
            bytes=sum(map(len, parts)),
            parts=len(parts),
        )
        self._handovers.put(handover, parts)
        return handover

    def fetch(self, name: str, now: datetime) -> Iterator[bytes]:
        """What was put aside, part by part; the first is there before anything is given.

        Raises:
            ErasedError: the person was erased since.
            NotFoundError: there is none, or none any more.
            TransientError: the store did not answer.
        """
        handover = self._handovers.get(name)
        if handover is None or not handover.is_there(now):
            raise NotFoundError(f"nothing is put aside as {name}")
        parts = self._handovers.parts(handover)
        first = next(parts)
        return _with(first, parts)


def _with(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in parts that are as large as they may be."""
    waiting = b""
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield waiting[:PART_BYTES]
            waiting = waiting[PART_BYTES:]
    if waiting:
        yield waiting
