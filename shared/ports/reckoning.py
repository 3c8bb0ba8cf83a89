"""What the interaction history says of what came to no end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Unended(NamedTuple):
    """A contact that a decision reserved, and of whose delivery no end is told."""

    delivery_id: str
    person_id: str
    at: datetime


class Reckoning(Protocol):
    """The interaction history, added up by whoever looks for what is missing."""

    def unended(self, since: datetime, until: datetime, limit: int) -> Sequence[Unended]:
        """Contacts reserved in a time of whose deliveries no end is told, the longest ago first.

        Raises:
            TransientError: the history did not answer.
        """
