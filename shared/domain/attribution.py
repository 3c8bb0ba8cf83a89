"""Attribution: of which treatment an outcome is that names none (`domain.md` 8).

It is of the latest treatment of its action that the person got before it: that was sent, or shown and seen, no longer
ago than its channel's attribution window. What was sent to any of those that are one person counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from shared.domain.catalogue import Channel
from shared.domain.delivery import Delivery
from shared.domain.part import seconds


def attributed(
    deliveries: Iterable[Delivery], seen: Collection[str], channels: Mapping[str, Channel], at: datetime
) -> Delivery | None:
    """The delivery that an outcome of this time is of, None where there is none.

    Args:
        deliveries: of the action, to any of the persons that are one.
        seen: ids of those of them that were shown and of which there was an impression.
        channels: of the live revision; a delivery on one that is gone is not looked at.
        at: when the outcome happened, UTC.
    """
    got = [
        delivery
        for delivery in deliveries
        if delivery.state == "sent" or (delivery.state == "presented" and delivery.delivery_id in seen)
        if (channel := channels.get(delivery.channel)) is not None
        if at - timedelta(seconds=seconds(channel.attribution_window)) <= delivery.at <= at
    ]
    return max(got, key=lambda delivery: (delivery.at, delivery.delivery_id), default=None)
