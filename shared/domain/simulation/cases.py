"""Cases: the decisions that a simulation makes, of persons or of the past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shared.domain.contact_read import ContactRead
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.errors import InvalidError
from shared.domain.profile import Profile
from shared.domain.signal import Signal
from shared.domain.simulation.persons import SOURCE, Line


class Occasion(NamedTuple):
    """What all persons are decided on by.

    Attributes:
        slots: where treatments may appear.
        kind: the type of the signal that each person sends.
        context: of that signal.
        brand: whose it is, None for that of no brand in particular.
        now: when all are decided, UTC.
    """

    slots: Slots
    kind: str
    context: dict[str, Any]
    brand: str | None
    now: datetime


class Case(NamedTuple):
    """A decision to be made.

    Attributes:
        name: the person's, and of a decision of the past `PERSON/DECISION`.
        at: when, UTC.
    """

    name: str
    profile: Profile
    signal: Signal
    slots: Slots
    at: datetime
    read: ContactRead


_NOTHING = ContactRead()
_persons = msgspec.json.Decoder(Line)
_records = msgspec.json.Decoder(DecisionRecord)


def of_persons(lines: Sequence[bytes], occasion: Occasion, first: int | None = None) -> Iterator[Case]:
    """The decisions on persons, each on a line; empty lines stand for nobody.

    Args:
        lines: of JSON.
        occasion: what they are decided on by.
        first: the number of the first line, None where nobody knows it.

    Raises:
        InvalidError: a line is no person.
    """
    for line in _decoded(_persons, lines, first, "of the persons", "A person is one JSON object a line."):
        yield Case(
            name=line.person_id,
            profile=line.profile(occasion.now),
            signal=Signal(
                id=line.person_id,
                type=occasion.kind,
                at=occasion.now,
                received_at=occasion.now,
                source=SOURCE,
                identifiers={},
                brand=occasion.brand,
                context=occasion.context,
            ),
            slots=occasion.slots,
            at=occasion.now,
            read=line.read,
        )


def of_records(lines: Sequence[bytes], first: int | None = None) -> Iterator[Case]:
    """The decisions of the past, each a record on a line: the person as read then, what happened, where, and when.

    Raises:
        InvalidError: a line is no record.
    """
    for record in _decoded(_records, lines, first, "of the history", "A decision is its record on one line."):
        yield Case(
            name=f"{record.person_id}/{record.decision_id}",
            profile=record.profile,
            signal=record.signal,
            slots=record.slots,
            at=record.decided_at,
            read=record.read or _NOTHING,
        )


def _decoded(decoder: Any, lines: Sequence[bytes], first: int | None, of: str, form: str) -> Iterator[Any]:
    for number, line in enumerate(lines, first or 0):
        if line.strip():
            try:
                yield decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                where = "a line" if first is None else f"line {number}"
                raise InvalidError(f"{where} {of}: {error}. {form}") from None
