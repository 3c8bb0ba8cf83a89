"""Delivery: send what is reserved, once.

The claim creates the delivery's document and moves its contact to `sending`, in one commit that needs no read: the
message carries the delivery. Only who finds the document there reads it, and learns whether the work is done, under way
or abandoned. From the claim on the contact counts for good, since nobody can know that an attempt did not arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from shared.domain.catalogue import Channel, Connector
from shared.domain.contact_policy import still_allowed
from shared.domain.content import render
from shared.domain.delivery import FINAL, Delivery, DeliveryState
from shared.domain.erasure import ERASED
from shared.domain.errors import (
    AlreadyExistsError,
    ErasedError,
    NotFoundError,
    NotTakenError,
    PermanentError,
    TransientError,
)
from shared.domain.outgoing import facts
from shared.domain.profile import Person
from shared.messages import ContactReserved, TreatmentDelivered
from shared.ports import Catalogues, ChannelProvider, ContactPoints, Contacts, Persons, behind


class _Message(NamedTuple):
    """What goes to the provider."""

    channel: Channel
    connector: Connector
    address: str | None
    payload: Mapping[str, object]


class _Stop(NamedTuple):
    """That nothing goes to the provider, and why."""

    state: DeliveryState
    reason: str


class Deliver:
    """The use case over its ports."""

    def __init__(
        self,
        catalogues: Catalogues,
        persons: Persons,
        contacts: Contacts,
        contact_points: ContactPoints,
        provider: ChannelProvider,
    ) -> None:
        """Send through `provider` to the address that only delivery may open."""
        self._catalogues = catalogues
        self._persons = persons
        self._contacts = contacts
        self._contact_points = contact_points
        self._provider = provider

    def __call__(self, reserved: ContactReserved, now: datetime) -> tuple[TreatmentDelivered]:
        """The delivery's end.

        Raises:
            TransientError: the provider did not take it this time, or another instance is sending it right now.
        """
        delivery = reserved.delivery
        try:
            claimed, version = self._claim(delivery, None, now)
        except AlreadyExistsError:
            found = self._contacts.delivery(delivery.delivery_id)
            if found is None:
                raise TransientError(f"delivery {delivery.delivery_id} is not visible yet") from None
            if found.value.state in FINAL:
                return (_delivered(reserved, found.value),)
            if found.value.is_held(now):
                raise TransientError(f"delivery {delivery.delivery_id} is being sent by another instance") from None
            claimed, version = self._claim(found.value, found.version, now)
        if claimed.state in FINAL:
            return (_delivered(reserved, claimed),)
        return (_delivered(reserved, self._send(claimed, version, now)),)

    def _claim(self, delivery: Delivery, version: str | None, now: datetime) -> tuple[Delivery, str]:
        """Claim the delivery, or end it here and now when it lapsed unclaimed."""
        if delivery.state == "reserved" and delivery.expires_at is not None and now >= delivery.expires_at:
            return self._settle(delivery, version, "expired", now, reason="not sent in time", release=True), ""
        claimed = delivery.claimed(now)
        return claimed, self._contacts.claim(claimed, version)

    def _send(self, delivery: Delivery, version: str, now: datetime) -> Delivery:
        unseen = not delivery.may_have_arrived
        try:
            message = self._message(delivery, now)
        except ErasedError:
            message = _Stop("cancelled", ERASED)
        except (NotFoundError, TransientError) as error:
            self._yield(delivery.yielded(now, begun=False), version)
            raise TransientError(str(error)) from error
        if isinstance(message, _Stop):
            return self._settle(delivery, version, message.state, now, reason=message.reason, release=unseen)
        try:
            receipt = self._provider.send(message.connector, delivery.delivery_id, message.address, message.payload)
        except PermanentError as error:
            return self._settle(delivery, version, "failed", now, reason=str(error), release=unseen)
        except TransientError as error:
            turned_away = isinstance(error, NotTakenError)
            if delivery.attempts >= message.channel.max_attempts:
                reason = f"given up after {delivery.attempts} attempts: {error}"
                return self._settle(delivery, version, "failed", now, reason=reason, release=unseen and turned_away)
            self._yield(delivery.yielded(now, begun=True, turned_away=turned_away), version)
            raise
        return self._settle(delivery, version, "sent", now, reference=receipt.reference)

    def _message(self, delivery: Delivery, now: datetime) -> _Message | _Stop:
        """What to send, or why not.

        Raises:
            ErasedError: the person was erased.
            NotFoundError: the revision is not visible here yet.
            TransientError: a store did not answer.
        """
        policy = self._catalogues.get(delivery.revision)
        action, treatment = policy.revision.treatment(delivery.treatment)
        channel = policy.revision.channels[delivery.channel]
        connector = policy.revision.connector(delivery.channel, delivery.brand)
        if connector is None:
            return _Stop("failed", f"the channel {delivery.channel} has no connector")
        found = behind(self._persons, delivery.person_id)
        if found is None:
            return _Stop("cancelled", "the person is gone")
        person = found.value
        stop = still_allowed(policy.revision, delivery.treatment, person)
        if stop is not None:
            return _Stop("cancelled", f"stopped by {stop.kind} {stop.rule} just before sending")
        try:
            address = self._address(delivery, person)
            seen = policy.features.seen(person, now)
            content = render(policy.revision, action, treatment, seen)
        except ErasedError:
            raise
        except PermanentError as error:
            return _Stop("failed", str(error))
        if address is None and channel.needs_contact_point:
            return _Stop("failed", "no contact point")
        payload = facts(policy.revision, connector, delivery, content, seen.attributes)
        return _Message(channel, connector, address, payload)

    def _address(self, delivery: Delivery, person: Person) -> str | None:
        """Where to reach the person; of one that several turned out to be, the first that can be reached of
        the one that is written to, the one whose id it has now, and the others.
        """
        former = dict.fromkeys([delivery.person_id, person.person_id, *sorted(person.fragments)])
        whose = [each for each in former if each in person.fragments]
        reached = [each for each in whose if delivery.channel in person.fragments[each].reachable]
        return self._contact_points.address(next(iter(reached), delivery.person_id), delivery.channel)

    def _yield(self, delivery: Delivery, version: str) -> None:
        """Let the next attempt have it at once, instead of when the lease ends."""
        self._contacts.settle(delivery, version, release=False)

    def _settle(
        self,
        delivery: Delivery,
        version: str | None,
        state: DeliveryState,
        now: datetime,
        *,
        reference: str | None = None,
        reason: str | None = None,
        release: bool = False,
    ) -> Delivery:
        """End it. An attempt that may have arrived keeps the contact counted."""
        settled = delivery.settled(state, now, reference=reference, reason=reason)
        self._contacts.settle(settled, version, release=release)
        return settled


def _delivered(reserved: ContactReserved, delivery: Delivery) -> TreatmentDelivered:
    return TreatmentDelivered(
        message_id=f"{delivery.decision_id}:treatment.delivered",
        decision_id=reserved.decision_id,
        occurred_at=delivery.at,
        delivery=delivery,
    )
