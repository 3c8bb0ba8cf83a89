"""Deferral: let deliveries try again that wait for their channel.

Each is due at a place in its channel's queue, so a sweep goes on for as long as something is due before the next one
begins, and publishes each in its time: what were published a minute's worth at once would find no slots and wait again.
A delivery is put off for a while before it is published, and not marked: so it fires again should it get lost, and what
became of it meanwhile is never written over. That it may fire twice does not matter, since it is claimed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.domain.delivery import Delivery
from shared.domain.usage import Usage
from shared.messages import ContactReserved
from shared.ports import Clock, DeferredDeliveries, Publisher, Versioned

PAGE = 300
"""Deliveries that are read and published together."""

SWEEP = timedelta(seconds=56)
"""So long after its tick a sweep waits no more for what is due: the next one takes over."""

STEP = timedelta(seconds=1)
"""What is due is looked for so often."""

AGAIN_AFTER = timedelta(minutes=2)
"""When a delivery fires again of which nothing came."""

EACH = Usage(reads=1, writes=1)
"""What it costs that a delivery fires: its document is read, and put off."""


class FireDeliveries:
    """The use case over its ports."""

    def __init__(
        self,
        deliveries: DeferredDeliveries,
        publisher: Publisher,
        clock: Clock,
        wait_until: Callable[[datetime], None],
    ) -> None:
        """Fire what is due in `deliveries` by `clock`; `wait_until` returns when a time has come."""
        self._deliveries = deliveries
        self._publisher = publisher
        self._clock = clock
        self._wait_until = wait_until

    def __call__(self, began: datetime, trace: str) -> int:
        """Fire what is due, and what comes to be due until the next sweep of one that `began` then; how many fired.

        Raises:
            TransientError: the store or the topic did not answer; what was put off fires again.
        """
        fired, until = 0, began + SWEEP
        while (now := self._clock()) < until:
            coming = self._deliveries.due(until, PAGE)
            due = [each for each in coming if each.value.due_at is not None and each.value.due_at <= now]
            fired += self._fire(due, now, trace)
            if len(due) == PAGE:
                continue
            if len(due) == len(coming):
                break
            self._wait_until(max(now + STEP, coming[len(due)].value.due_at or now))
        return fired

    def _fire(self, due: Sequence[Versioned[Delivery]], now: datetime, trace: str) -> int:
        if not due:
            return 0
        fired = self._deliveries.fire(due, now + AGAIN_AFTER)
        self._publisher.publish([_again(each, now, trace) for each in fired])
        return len(fired)


def _again(delivery: Delivery, now: datetime, trace: str) -> ContactReserved:
    return ContactReserved(
        message_id=f"{delivery.decision_id}:contact.reserved",
        decision_id=delivery.decision_id,
        trace=trace,
        occurred_at=now,
        usage=EACH,
        delivery=delivery,
    )
