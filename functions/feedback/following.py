"""Links of messages that people follow: a click, an opening, an unsubscription.

The links are signed, so a token that opens is one that a message of ours carried. What was counted of it is an outcome
like any other; each link of a message counts one click and its picture one opening, however often they are fetched.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from functions.feedback.taking import TakeOutcomes, Told
from shared.domain.delivery import Delivery
from shared.domain.links import Links, check_target
from shared.domain.outcome import Outcome
from shared.domain.signal import digest
from shared.ports import Contacts

NOBODY_WITHIN = timedelta(seconds=1)
"""What is followed this soon after the provider took the message, or before, was followed by a machine on its way."""

Wish = Literal["unsubscribe", "objection"]
"""What somebody asks for on the page of an unsubscription."""


class Follow:
    """The use case over its ports."""

    def __init__(self, links: Links, contacts: Contacts, take: TakeOutcomes) -> None:
        """Read tokens by `links`, look deliveries up in `contacts`."""
        self._links = links
        self._contacts = contacts
        self._take = take

    def target(self, token: str) -> str:
        """Where a click leads.

        Raises:
            InvalidError: we did not make this link.
        """
        target = self._links.opened("c", token).target
        check_target(target)
        return target

    def clicked(self, token: str, now: datetime) -> None:
        """Count a click."""
        delivery_id, target = self._links.opened("c", token)
        self._count("click", delivery_id, target, now)

    def message(self, token: str) -> str:
        """The delivery whose picture this is.

        Raises:
            InvalidError: we did not make this link.
        """
        return self._links.opened("o", token).delivery_id

    def opened(self, delivery_id: str, now: datetime) -> None:
        """Count an opening."""
        self._count("impression", delivery_id, "", now)

    def leaving(self, token: str) -> Delivery | None:
        """The delivery whose person wants to hear no more, None where nothing is known of it any more.

        Raises:
            InvalidError: we did not make this link.
        """
        delivery_id = self._links.opened("u", token).delivery_id
        return self._contacts.deliveries([delivery_id]).get(delivery_id)

    def left(self, token: str, wish: Wish, now: datetime) -> None:
        """Take a person at their word. A word that is repeated within a minute is one; later it is said anew, so that
        it outweighs what was granted in between.

        Raises:
            InvalidError: we did not make this link.
            TransientError: it could not be kept; sending it again does no harm.
        """
        delivery = self.leaving(token)
        if delivery is not None:
            self._take([_told(wish, delivery, f"{now:%Y-%m-%dT%H:%M}", now)], now)

    def _count(self, name: str, delivery_id: str, what: str, now: datetime) -> None:
        delivery = self._contacts.deliveries([delivery_id]).get(delivery_id)
        if delivery is not None and not _is_on_its_way(delivery, now):
            self._take([_told(name, delivery, what, now)], now)


def _is_on_its_way(delivery: Delivery, now: datetime) -> bool:
    return delivery.is_held(now) or (delivery.state == "sent" and now < delivery.at + NOBODY_WITHIN)


def _told(name: str, delivery: Delivery, what: str, now: datetime) -> Told:
    told = digest("outcome", delivery.delivery_id, f"link {name} {what}")
    return Told(Outcome(id=f"o-{told}", outcome=name, delivery_id=delivery.delivery_id, at=now), delivery)
