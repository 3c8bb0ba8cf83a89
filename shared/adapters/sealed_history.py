"""Rows of the history with what is personal in them sealed: the record, whole, under its person's key. A decision that
was made of somebody while taken for one with another is under the key of whose signal it was, so that it is theirs
should the two be taken apart.

What remains readable says which action was chosen for a random person id and what became of it. A record from before
records were sealed is read as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from shared.adapters.sealing import Sealer
from shared.domain.errors import ErasedError
from shared.domain.ready import ready
from shared.domain.signal import Signal
from shared.messages import HistoryRow, Publishable
from shared.ports import Ended, Publisher

_PURPOSE = "record"


class _SealedRecord(msgspec.Struct, frozen=True, tag_field="sealed_as", tag="person"):
    """What stands in a record's place."""

    person_id: str
    sealed: bytes


_MARK = '{"sealed_as":'


class _Whose(msgspec.Struct, frozen=True):
    """As which of the persons that it was made of a person was decided on."""

    fragment: str = ""


class SealingPublisher:
    """The port `Publisher`, which seals records on their way to another."""

    def __init__(self, publisher: Publisher, sealer: Sealer) -> None:
        """Publish by `publisher` what `sealer` sealed."""
        self._publisher = publisher
        self._sealer = sealer

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Publish, and return once all are accepted."""
        sealed = [sealed_row(self._sealer, each) if isinstance(each, HistoryRow) else each for each in messages]
        self._publisher.publish(sealed)


def sealed_row(sealer: Sealer, row: HistoryRow) -> HistoryRow:
    """A row with its record sealed; without it, where the person was erased meanwhile."""
    if row.record is None or row.person_id is None:
        return row
    whose = row.person_id
    if row.kind == "decision" and '"fragment":"' in row.record:
        whose = msgspec.json.decode(row.record, type=ready(_Whose)).fragment or whose
    try:
        sealed = sealer.seal(whose, _PURPOSE, row.record.encode())
    except ErasedError:
        return msgspec.structs.replace(row, record=None)
    record = msgspec.json.encode(_SealedRecord(whose, sealed)).decode()
    return msgspec.structs.replace(row, record=record)


def open_record(sealer: Sealer, record: str) -> str:
    """A record as it was before it was sealed.

    Raises:
        ErasedError: its person was erased.
        PermanentError: it does not open with this person's key.
    """
    if not is_sealed(record):
        return record
    kept = msgspec.json.decode(record, type=ready(_SealedRecord))
    return sealer.open(kept.person_id, _PURPOSE, kept.sealed).decode()


def ended_in(sealer: Sealer, row: HistoryRow) -> Ended:
    """What the row of a signal that started no decision tells.

    Raises:
        ErasedError: its person was erased, before or after.
    """
    if row.record is None:
        raise ErasedError("the signal was of somebody who was erased")
    signal = msgspec.json.decode(open_record(sealer, row.record), type=ready(Signal))
    return Ended(row.outcome, row.occurred_at, signal)


def is_sealed(record: str) -> bool:
    """Whether a record is sealed, however its JSON is spaced or ordered."""
    return record.startswith(_MARK) or ('"sealed_as"' in record and "sealed_as" in msgspec.json.decode(record))


def opened(sealer: Sealer, listener: Callable[[HistoryRow], None]) -> Callable[[HistoryRow], None]:
    """A listener that is told rows with their records opened, where they open."""

    def hear(row: HistoryRow) -> None:
        if row.record is not None:
            try:
                row = msgspec.structs.replace(row, record=open_record(sealer, row.record))
            except ErasedError:
                row = msgspec.structs.replace(row, record=None)
        listener(row)

    return hear
