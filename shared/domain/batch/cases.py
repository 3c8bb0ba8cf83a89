"""Cases: the decisions that a simulation makes. Each is of a person on a line, or made again from a record on one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shared.domain.batch.persons import Line
from shared.domain.catalogue import Revision
from shared.domain.contact_history import ContactHistory
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.errors import InvalidError
from shared.domain.profile import Profile
from shared.domain.ready import ready
from shared.domain.signal import Signal


class Case(NamedTuple):
    """A decision to be made.

    Attributes:
        name: the person's, and of a decision of the past `PERSON/DECISION`.
        at: when, UTC.
        history: the contacts before, as a revision sees them.
    """

    name: str
    profile: Profile
    signal: Signal
    slots: Slots
    at: datetime
    history: Callable[[Revision], ContactHistory]


_of_persons = msgspec.json.Decoder(ready(Line))
_of_records = msgspec.json.Decoder(ready(DecisionRecord))


def persons(lines: Sequence[bytes], first: int | None = None) -> Iterator[Line]:
    """The persons on lines; empty lines stand for nobody.

    Args:
        lines: of JSON.
        first: the number of the first line, None where nobody knows it.

    Raises:
        InvalidError: a line is no person.
    """
    return _decoded(_of_persons, lines, first, "of the persons", "A person is one JSON object a line.")


def records(lines: Sequence[bytes], first: int | None = None) -> Iterator[Case]:
    """The decisions of the past, each a record on a line: the person as read then, what happened, where, and when.

    Raises:
        InvalidError: a line is no record.
    """
    for record in _decoded(_of_records, lines, first, "of the history", "A decision is its record on one line."):
        yield Case(
            name=f"{record.person_id}/{record.decision_id}",
            profile=record.profile,
            signal=record.signal,
            slots=record.slots,
            at=record.decided_at,
            history=record.read.history if record.read else _nothing,
        )


def _nothing(_revision: Revision) -> ContactHistory:
    return ContactHistory()


def _decoded(decoder: Any, lines: Sequence[bytes], first: int | None, of: str, form: str) -> Iterator[Any]:
    for number, line in enumerate(lines, first or 0):
        if line.strip():
            try:
                yield decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                where = "a line" if first is None else f"line {number}"
                raise InvalidError(f"{where} {of}: {error}. {form}") from None
