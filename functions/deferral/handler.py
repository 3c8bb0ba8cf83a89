"""Deferral: publish the signals of decisions whose waiting is over, so that each is decided again.

The decision that is made then has an id that follows from the one that waited. So it does not matter that a deferral
fires twice, as when a sweep dies between publishing and marking, or when two sweeps meet: the second is a duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.domain.deferral import Deferral
from shared.domain.usage import Usage
from shared.messages import SignalReceived
from shared.ports import Deferrals, Publisher, Timer

PAGE = 300
"""Deferrals that are read, published and marked together."""

SWEEP_SECONDS = 50.0
"""After this long a sweep begins no other page: the next one is about to begin, and takes over."""

EACH = Usage(reads=1, writes=1)
"""What it costs that a deferral fires: its document is read, and marked."""


class Fired(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a sweep.

    Attributes:
        fired: decisions that are made again.
        more: whether it ended before it had seen all of those that were due.
        deliveries: that try their channel again.
    """

    fired: int
    more: bool
    deliveries: int = 0


class FireDeferrals:
    """The use case over its ports."""

    def __init__(self, deferrals: Deferrals, publisher: Publisher, timer: Timer) -> None:
        """Fire what is due in `deferrals`, and stop in time by `timer`."""
        self._deferrals = deferrals
        self._publisher = publisher
        self._timer = timer

    def __call__(self, now: datetime, trace: str) -> Fired:
        """Fire what is due, page by page.

        Raises:
            TransientError: the store or the topic did not answer; what is not marked fires with the next sweep.
        """
        began, fired = self._timer(), 0
        while due := self._deferrals.due(now, PAGE):
            self._publisher.publish([_again(each, now, trace) for each in due])
            self._deferrals.fired(due, now)
            fired += len(due)
            if _is_last(due):
                break
            if self._timer() - began >= SWEEP_SECONDS:
                return Fired(fired=fired, more=True)
        return Fired(fired=fired, more=False)


def _is_last(due: Sequence[Deferral]) -> bool:
    return len(due) < PAGE


def _again(deferral: Deferral, now: datetime, trace: str) -> SignalReceived:
    decision = deferral.next_decision_id
    return SignalReceived(
        message_id=f"{decision}:signal.received",
        decision_id=decision,
        trace=trace,
        occurred_at=now,
        usage=EACH,
        signal=deferral.next_signal(),
    )
