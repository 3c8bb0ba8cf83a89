"""What was accepted and what the interaction history says of it, held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Unended(NamedTuple):
    """A contact that a decision reserved, and of whose delivery no end is told."""

    delivery_id: str
    person_id: str
    at: datetime


class Counted(NamedTuple):
    """What became of the signals of a time, each counted when it was accepted for the first time.

    Attributes:
        decided: a decision is told.
        ended: it is told why they started none.
        untold: nothing is told.
        unaccepted: decisions of that time that no accepted signal started.
    """

    decided: int
    ended: int
    untold: int
    unaccepted: int


class Untold(NamedTuple):
    """A signal that was accepted, and of which nothing is told."""

    decision_id: str
    at: datetime


class Reckoning(Protocol):
    """What was accepted and the interaction history, added up by whoever looks for what is missing."""

    def unended(self, since: datetime, until: datetime, limit: int) -> Sequence[Unended]:
        """Contacts reserved in a time of whose deliveries no end is told, the longest ago first.

        Raises:
            TransientError: the history did not answer.
        """

    def counted(self, since: datetime, until: datetime) -> Counted:
        """What became of the signals of a time.

        Raises:
            TransientError: the history did not answer.
        """

    def untold(self, since: datetime, until: datetime, limit: int) -> Sequence[Untold]:
        """Those of its signals of which nothing is told, the longest ago first.

        Raises:
            TransientError: the history did not answer.
        """

    def reserved(self, since: datetime) -> Mapping[str, int]:
        """How many contacts were reserved since then, by treatment.

        Raises:
            TransientError: the history did not answer.
        """
