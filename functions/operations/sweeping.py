"""Sweeping: let deliveries try again that somebody began and nobody ended.

Each of them is told to delivery once more by the message that it came with. Delivery takes a message it has seen for
what it is: what was sent it tells again, what is being sent it leaves alone, what is too late it ends. So a sweep may
find too much, be repeated, or die anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from shared.domain.contact_history import ContactHistory
from shared.domain.delivery import FINAL, Delivery
from shared.domain.usage import Usage
from shared.messages import ContactReserved
from shared.ports import AbandonedDeliveries, Contacts, Publisher, Reckoning, Unended
from shared.ports import Overdue as OverduePort

PAGE = 200
"""Deliveries that are read and published together."""

MOST_PAGES = 10
"""Pages of one sweep: whoever asks decides when the next one comes."""

LEFT_ALONE = timedelta(minutes=15)
"""How long what was begun is left to Pub/Sub, which delivers its message again."""

LATE = timedelta(hours=1)
"""How long what is due may wait for a clock that comes every minute."""

LOOKED_BACK = timedelta(days=3)
"""How far back the history is searched: reservations are kept so long at least."""

EACH = Usage(reads=1)
"""What it costs that a delivery is told again: its document is read."""


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sweep.

    Attributes:
        found: what had come to no end.
        told: deliveries that try again, or tell again how they ended.
        waiting: of what was found, what waits for its time.
        gone: of what was found, what is nowhere any more: its person was erased, or its reservation has long expired.
        more: whether there may be more of it.
        after: from where to go on then.
    """

    found: int
    told: int
    waiting: int = 0
    gone: int = 0
    more: bool = False
    after: datetime | None = None


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """What the clock should have done more than an hour ago: how much of each kind, and of all."""

    deferrals: int
    deliveries: int
    windows: int
    erasures: int
    late: int


class SeeOverdue:
    """What is due every minute is done every minute, or somebody is to know."""

    def __init__(self, overdue: OverduePort) -> None:
        """See what is `overdue`."""
        self._overdue = overdue

    def __call__(self, now: datetime) -> Overdue:
        """How much was due more than an hour ago, and is still.

        Raises:
            TransientError: the store did not answer.
        """
        found = self._overdue.late(now - LATE)
        return Overdue(**found._asdict(), late=sum(found))


class SweepDeliveries:
    """Deliveries that are being sent, by nobody: whoever claimed them died, and their message comes no more."""

    def __init__(self, deliveries: AbandonedDeliveries, publisher: Publisher) -> None:
        """Find them in `deliveries`, tell them by `publisher`."""
        self._deliveries = deliveries
        self._publisher = publisher

    def __call__(self, now: datetime, trace: str, after: datetime | None = None) -> Swept:
        """Tell those that were abandoned a while ago to delivery again, or of them only those since `after`.

        Raises:
            TransientError: the store or the topic did not answer.
        """
        told, last = 0, after
        for _ in range(MOST_PAGES):
            page = self._deliveries.abandoned(now - LEFT_ALONE, PAGE, last)
            tell(self._publisher, page, now, trace)
            told += len(page)
            if len(page) < PAGE:
                return Swept(found=told, told=told)
            last = page[-1].lease_until
        return Swept(found=told, told=told, more=True, after=last)


class SweepOutbox:
    """Contacts that were reserved, and of whose delivery no end is told: their message, or that of their end, was not
    published, or was lost on its way.
    """

    def __init__(self, reckoning: Reckoning, contacts: Contacts, publisher: Publisher) -> None:
        """Find them by `reckoning`, see in `contacts` what became of them, tell them by `publisher`."""
        self._reckoning = reckoning
        self._contacts = contacts
        self._publisher = publisher

    def __call__(self, now: datetime, trace: str, after: datetime | None = None) -> Swept:
        """Tell those to delivery again that were reserved a while ago, or of them only those since `after`.

        Raises:
            TransientError: a store, the history or the topic did not answer.
        """
        most = PAGE * MOST_PAGES
        unended = self._reckoning.unended(after or now - LOOKED_BACK, now - LEFT_ALONE, most)
        told = waiting = gone = 0
        for first in range(0, len(unended), PAGE):
            page = unended[first : first + PAGE]
            again, later = self._again(page, now)
            tell(self._publisher, again, now, trace)
            told += len(again)
            waiting += later
            gone += len(page) - len(again) - later
        more = len(unended) == most
        last = unended[-1].at + timedelta(microseconds=1) if more else None
        return Swept(found=len(unended), told=told, waiting=waiting, gone=gone, more=more, after=last)

    def _again(self, page: Sequence[Unended], now: datetime) -> tuple[list[Delivery], int]:
        """The deliveries to be told, and how many wait for their time."""
        known = self._contacts.deliveries([each.delivery_id for each in page])
        unclaimed = [each.person_id for each in page if each.delivery_id not in known]
        histories = self._contacts.histories(unclaimed) if unclaimed else {}
        again, waiting = [], 0
        for each in page:
            delivery = known.get(each.delivery_id)
            if delivery is None:
                reserved = _reserved(each, histories[each.person_id])
                again += [reserved] if reserved is not None else []
            elif delivery.state in FINAL or (delivery.state == "sending" and not delivery.is_held(now)):
                again.append(delivery)
            else:
                waiting += 1
        return again, waiting


def _reserved(unended: Unended, history: ContactHistory) -> Delivery | None:
    """The delivery of a reservation that nobody has claimed, as its contact has it."""
    contact = history.contacts.get(unended.delivery_id)
    if contact is None or contact.state != "reserved":
        return None
    return contact.delivery(history.holder(unended.delivery_id, unended.person_id))


def tell(publisher: Publisher, deliveries: Sequence[Delivery], now: datetime, trace: str) -> None:
    """Tell deliveries to delivery once more.

    Raises:
        TransientError: the topic did not answer.
    """
    if deliveries:
        publisher.publish(
            [
                ContactReserved(
                    message_id=f"{each.decision_id}:contact.reserved",
                    decision_id=each.decision_id,
                    trace=trace,
                    occurred_at=now,
                    usage=EACH,
                    delivery=each,
                )
                for each in deliveries
            ]
        )
