"""What the bridge stands between: records of a log and the door that takes signals in; rows and a log for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """One record of a log, where it stands there and when it was written, in milliseconds since 1970; a value of None
    says that something is no more.
    """

    topic: str
    partition: int
    offset: int
    written_ms: int
    value: bytes | None
    headers: Mapping[str, str]


class Records(Protocol):
    """What a group has not dealt with yet. Only one thread may ask."""

    def next(self) -> Sequence[Record]:
        """What comes next, in order within each partition; none where nothing came for a moment."""

    def accept(self, records: Sequence[Record]) -> None:
        """Let the group know that these, the last given, are dealt with. What it does not hear comes again."""

    def again(self, records: Sequence[Record], pause_seconds: float) -> None:
        """Give these, the last that were given, once more, after a pause."""


class Intake(Protocol):
    """The door, as one who sends signals sees it."""

    def take(self, source: str, items: Sequence[bytes], headers: Mapping[str, str]) -> Sequence[str | None]:
        """Have items taken in as a source's: why each was refused for good, None for what was accepted.

        Raises:
            TransientError: it did not say so of all; sending them again does no harm.
        """


class Row(NamedTuple):
    """A row of the history as it travels; `receipt` is what it is acknowledged by."""

    receipt: str
    data: bytes
    attributes: Mapping[str, str]


class Rows(Protocol):
    """Rows of the history that wait."""

    def pull(self) -> Sequence[Row]:
        """What waits; none where nothing came for a moment.

        Raises:
            TransientError: nobody answered.
        """

    def acknowledge(self, rows: Sequence[Row]) -> None:
        """Have them come no more."""


class Outlet(Protocol):
    """A log that takes rows."""

    def tell(self, rows: Sequence[Row]) -> None:
        """Append them, and return once all are kept.

        Raises:
            TransientError: some may not be.
        """
