"""Redriving: put parked messages back on their topics, some at a time, so that whoever asks decides how fast.

A message is published before it is forgotten here, so a death in between publishes it twice, which is once to
everybody. What is parked again meanwhile, were it before it is forgotten here, is newer than what was asked for, and is
left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from shared.domain.errors import InvalidError
from shared.ports import DeadLetters, Parked, Place, Quarantine, parked_in

PAGE = 50
MOST_PAGES = 20
"""Pages that are looked through in one call."""

MOST_AT_ONCE = 500
TAKEN_IN = 1000
"""Dead letters that are taken in at once."""

FROM_ELSEWHERE = "kafka_topic"
"""Names the record of a Kafka topic that a bridge parked, and which only stands there."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be put back.

    Attributes:
        function: only what this function or subscription gave up.
        kind: only `undecodable`, `permanent` or `dead_letter`.
        reason: only where the reason has this in it, whatever the case.
        before: only what was parked until then; by default until now.
        most: so many at most.
        after: go on where an answer said.
    """

    function: str = ""
    kind: Literal["", "undecodable", "permanent", "dead_letter"] = ""
    reason: str = ""
    before: datetime | None = None
    most: int = 100
    after: str = ""


class TakenIn(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters that were taken in.

    Attributes:
        taken_in: how many.
        more: whether some may wait still.
        at: when; whatever was parked until then is there to be put back.
    """

    taken_in: int
    more: bool
    at: datetime


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        redriven: messages that are on their topics again.
        refused: those that cannot go back: cut, of no known topic, or records of Kafka.
        after: from where to go on; empty at the end.
    """

    redriven: int
    refused: int
    after: str


class Redrive:
    """The use case over its ports."""

    def __init__(self, quarantine: Quarantine, letters: DeadLetters) -> None:
        """Take from `quarantine`, publish by `letters`."""
        self._quarantine = quarantine
        self._letters = letters

    def take_in(self, now: datetime) -> TakenIn:
        """Park the dead letters that wait.

        Raises:
            TransientError: Pub/Sub or the quarantine did not answer; what is not parked waits on.
        """
        taken = self._letters.take_in(self._quarantine, now=now, limit=TAKEN_IN)
        return TakenIn(taken_in=taken, more=taken >= TAKEN_IN, at=now)

    def __call__(self, wanted: Wanted, now: datetime) -> Redriven:
        """Put some of what is wanted back, oldest first.

        Raises:
            InvalidError: `most` or `after` does not fit.
            TransientError: a store or a topic did not answer; what is back is not here any more, or goes back again.
        """
        if not 1 <= wanted.most <= MOST_AT_ONCE:
            raise InvalidError(f"is not between 1 and {MOST_AT_ONCE}", field="most")
        until, last = wanted.before or now, _place(wanted.after)
        redriven = refused = 0
        for _ in range(MOST_PAGES):
            page = self._quarantine.page(PAGE, last)
            for parked in page:
                if parked.at > until:
                    return Redriven(redriven=redriven, refused=refused, after="")
                last = Place(parked.at, parked.id)
                if not _is_wanted(wanted, parked):
                    continue
                if not self._put_back(parked):
                    refused += 1
                    continue
                redriven += 1
                if redriven == wanted.most:
                    return Redriven(redriven=redriven, refused=refused, after=_text(last))
            if len(page) < PAGE:
                return Redriven(redriven=redriven, refused=refused, after="")
        return Redriven(redriven=redriven, refused=refused, after="" if last is None else _text(last))

    def _put_back(self, parked: Parked) -> bool:
        if parked.truncated or not parked.topic or FROM_ELSEWHERE in parked.attributes:
            return False
        self._letters.republish(parked.topic, parked.data, parked.attributes)
        self._quarantine.remove(parked)
        return True


def parked_decisions(quarantine: Quarantine) -> Iterator[str]:
    """The decisions whose messages are parked, as far as these say it."""
    for parked in parked_in(quarantine, PAGE):
        if known := parked.attributes.get("decision_id"):
            yield known


def _is_wanted(wanted: Wanted, parked: Parked) -> bool:
    return (
        wanted.function in ("", parked.function)
        and wanted.kind in ("", parked.kind)
        and wanted.reason.casefold() in parked.reason.casefold()
    )


def _text(place: Place) -> str:
    return f"{place.at.isoformat()} {place.id}"


def _place(text: str) -> Place | None:
    if not text:
        return None
    at, _, parked_id = text.partition(" ")
    try:
        return Place(msgspec.convert(at, datetime), parked_id)
    except msgspec.ValidationError:
        raise InvalidError("is not what an answer said", field="after") from None
