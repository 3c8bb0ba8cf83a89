"""Where messages go: on by a topic, or aside into quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

import msgspec

from shared.messages import Publishable


class Publisher(Protocol):
    """The way on: topics."""

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Publish, and return once all are accepted.

        Raises:
            TransientError: some may not have been.
        """


class Parked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a function could not take, as it came.

    Attributes:
        id: deterministic from the function and the bytes: what is redelivered is parked once.
        function: who could not take it.
        revision: of the function's code (`K_REVISION`).
        topic: where `redrive` publishes it again.
        reason: why, for people.
        kind: `undecodable`, `permanent` or `dead_letter`.
        data: the bytes.
        attributes: the message's attributes.
        truncated: whether the bytes are only their beginning, so that `redrive` refuses.
    """

    id: str
    function: str
    revision: str
    topic: str
    reason: str
    kind: Literal["undecodable", "permanent", "dead_letter"]
    at: datetime
    data: bytes
    attributes: dict[str, str] = {}
    truncated: bool = False


class Place(NamedTuple):
    """A place in quarantine, by which pages follow each other."""

    at: datetime
    id: str


class Quarantine(Protocol):
    """Where poison is parked, so that it slows nobody."""

    def park(self, parked: Parked) -> None:
        """Keep it; the same id again takes the place of what was kept."""

    def list(self, limit: int = 100) -> Sequence[Parked]:
        """What is parked, newest first."""

    def page(self, limit: int, after: Place | None = None) -> Sequence[Parked]:
        """What is parked, oldest first; only what comes `after` a place."""

    def get(self, parked_id: str) -> Parked | None:
        """One of them."""

    def remove(self, parked: Parked) -> None:
        """Forget it, once redriven, unless it was parked again since: what is put back may come back at once."""


def parked_in(quarantine: Quarantine, at_once: int, after: Place | None = None) -> Iterator[Parked]:
    """All that is parked, oldest first, so many read at once, since each may be as large as a document; only what comes
    `after` a place.

    Raises:
        TransientError: the store did not answer.
    """
    while page := quarantine.page(at_once, after):
        after = Place(page[-1].at, page[-1].id)
        yield from page


class DeadLetters(Protocol):
    """What was refused too often, on Pub/Sub or on Kafka."""

    def take_in(self, quarantine: Quarantine, *, now: datetime, limit: int = 1000) -> int:
        """Park what waits, then let it wait no more, and say how many.

        Raises:
            TransientError: not all may have been taken in; what was not waits on.
        """

    def republish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish once more what was parked.

        Raises:
            TransientError: it may not have been accepted.
        """
