"""What should have been done long ago."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol


class Late(NamedTuple):
    """How much of each kind was due before a time and is not done.

    Attributes:
        deferrals: decisions that wait to be made again.
        deliveries: that wait to try their channel again.
        windows: in which a response was awaited.
        erasures: that another run would finish.
    """

    deferrals: int
    deliveries: int
    windows: int
    erasures: int


class Overdue(Protocol):
    """What the clock has done every minute, to whoever asks whether it does."""

    def late(self, before: datetime) -> Late:
        """How much was due before then, and is still.

        Raises:
            TransientError: the store did not answer.
        """
