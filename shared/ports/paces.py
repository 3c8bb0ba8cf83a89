"""When a message may be sent on a channel, for all instances together."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.domain.catalogue import Channel
from shared.domain.delivery import Delivery
from shared.domain.errors import TransientError


class Turn(NamedTuple):
    """That a message may be sent, since `at`, and perhaps to find out whether the provider is back.

    Attributes:
        at: when it may be sent.
        is_probe: whether it finds out, alone, whether the provider is back.
        usable_until: until when another message may have the turn, should nothing come of this one.
    """

    at: datetime
    is_probe: bool = False
    usable_until: datetime | None = None


class NotNow(NamedTuple):
    """That a message may not be sent now: when to try again, and why."""

    until: datetime
    why: str


class Paces(Protocol):
    """The pace of channels: rate limits, what providers asked for, and breakers. A process asks the store for many
    messages at once, and looks from time to time what the others found.
    """

    def turn(self, channel: Channel, delivery: Delivery) -> Turn | NotNow:
        """Whether this message may be sent, told when it may: that takes some seconds at most. One that was deferred
        comes before others of its purpose.

        Raises:
            TransientError: the store did not answer, or contention did not end.
        """

    def give_back(self, channel: Channel, delivery: Delivery, turn: Turn) -> None:
        """Nothing was sent in this turn: another message may have it. What cannot be given back now is lost."""

    def took(self, channel: Channel, delivery: Delivery, turn: Turn) -> None:
        """The provider answered as one that works, whatever it answered."""

    def failed(self, channel: Channel, delivery: Delivery, turn: Turn, error: TransientError) -> NotNow | None:
        """The provider did not take it this time, and perhaps said for how long to leave it alone. When to try again
        where the channel as a whole holds off now; None where it does not.
        """
