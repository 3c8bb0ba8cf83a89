"""Delivery: send what is reserved, once.

The claim creates the delivery's document and moves its contact to `sending`, in one commit that needs no read: the
message carries the delivery. Only who finds the document there reads it, and learns whether the work is done, under way
or abandoned. From the claim on the contact counts for good, since nobody can know that an attempt did not arrive.

Before the claim a delivery takes its turn at the pace of its channel. One that would have to wait long is deferred: its
document says until when, and whoever fires what was deferred sends the message again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from functions.delivery.last_checks import Stop, last_checks
from shared.domain.catalogue import Channel, Connector
from shared.domain.content import NO_FRAGMENTS, Fragments, render, segments_of
from shared.domain.delivery import FINAL, Delivery
from shared.domain.erasure import ERASED
from shared.domain.errors import (
    AlreadyExistsError,
    BouncedError,
    ErasedError,
    NotFoundError,
    NotTakenError,
    PermanentError,
    TransientError,
)
from shared.domain.linking import linked, offered_links
from shared.domain.links import Links
from shared.domain.outgoing import facts
from shared.domain.pace import MOST_HELD
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.response import closing
from shared.messages import ContactReserved, TreatmentDelivered
from shared.ports import (
    Allowances,
    Catalogues,
    ChannelProvider,
    ContactPoints,
    Contacts,
    NotNow,
    Paces,
    Persons,
    Timer,
    Turn,
    Versioned,
    behind,
)


class _Message(NamedTuple):
    """What goes to the provider."""

    connector: Connector
    address: str | None
    payload: Mapping[str, object]
    segments: int


class Deliver:
    """The use case over its ports."""

    def __init__(
        self,
        catalogues: Catalogues,
        persons: Persons,
        contacts: Contacts,
        contact_points: ContactPoints,
        provider: ChannelProvider,
        paces: Paces,
        *,
        allowances: Allowances,
        timer: Timer,
        links: Links | None = None,
        fragments: Fragments = NO_FRAGMENTS,
    ) -> None:
        """Send through `provider`, at the channels' `paces`, to the address that only delivery may open; with `links`
        of ours in what is sent, and texts of content services. What a message cost beside what was known of that
        before it was written is told to `allowances`; `timer` says how long it takes to write.
        """
        self._catalogues = catalogues
        self._persons = persons
        self._contacts = contacts
        self._contact_points = contact_points
        self._provider = provider
        self._paces = paces
        self._allowances, self._timer = allowances, timer
        self._links = links
        self._fragments = fragments

    def __call__(self, reserved: ContactReserved, now: datetime) -> tuple[TreatmentDelivered, ...]:
        """The delivery's end; nothing where it is deferred.

        Raises:
            TransientError: the provider did not take it this time, or another instance is sending it right now.
        """
        delivery = reserved.delivery
        found = self._found(delivery) if delivery.state == "deferred" else Versioned(delivery, None)
        if found.value.state in FINAL:
            return (_delivered(reserved, found.value),)
        try:
            end = self._take_turn(found, now)
        except AlreadyExistsError:
            found = self._found(delivery)
            if found.value.state in FINAL:
                return (_delivered(reserved, found.value),)
            if found.value.state == "deferred":
                return ()  # it waits for its time
            end = self._take_turn(found, now)
        return (_delivered(reserved, end),) if end.state in FINAL else ()

    def _found(self, delivery: Delivery) -> Versioned[Delivery]:
        """The delivery's document.

        Raises:
            TransientError: it is not visible yet, or another instance holds it.
        """
        found = self._contacts.delivery(delivery.delivery_id)
        if found is None:
            raise TransientError(f"delivery {delivery.delivery_id} is not visible yet")
        return found

    def _take_turn(self, found: Versioned[Delivery], now: datetime) -> Delivery:
        """Send when the channel's pace allows it, or defer; ended here and now where it is too late.

        Raises:
            AlreadyExistsError: without a version, it was claimed, deferred or ended before.
        """
        delivery, version = found.value, found.version
        if delivery.is_held(now):
            raise TransientError(f"delivery {delivery.delivery_id} is being sent by another instance")
        if delivery.is_overdue(now):
            return self._expire(delivery, version, now)
        channel = self._policy(delivery).revision.lane(delivery.channel, delivery.brand)
        turn = self._paces.turn(channel, delivery)
        if isinstance(turn, NotNow):
            return self._defer(delivery, version, now, turn)
        at = max(now, turn.at)
        if delivery.is_overdue(at):
            self._paces.give_back(channel, delivery, turn)
            return self._expire(delivery, version, now)
        try:
            claimed = delivery.claimed(at)
            version = self._contacts.claim(claimed, version)
        except (AlreadyExistsError, TransientError):
            self._paces.give_back(channel, delivery, turn)
            raise
        return self._send(claimed, version, at, channel, turn)

    def _policy(self, delivery: Delivery) -> Policy:
        try:
            return self._catalogues.get(delivery.revision)
        except NotFoundError as error:
            raise TransientError(str(error)) from error

    def _expire(self, delivery: Delivery, version: str | None, now: datetime) -> Delivery:
        expired = delivery.settled("expired", now, reason="not sent in time")
        return self._settle(expired, version, release=delivery.is_unseen)

    def _defer(self, delivery: Delivery, version: str | None, now: datetime, not_now: NotNow) -> Delivery:
        return self._settle(delivery.deferred(now, not_now.until, not_now.why), version)

    def _send(self, delivery: Delivery, version: str, now: datetime, channel: Channel, turn: Turn) -> Delivery:
        unseen = not delivery.may_have_arrived
        try:
            message = self._message(delivery, now)
        except ErasedError:
            message = Stop("cancelled", ERASED)
        except TransientError:
            self._paces.give_back(channel, delivery, turn)
            self._settle(delivery.yielded(now, begun=False), version)
            raise
        if isinstance(message, NotNow):
            self._paces.give_back(channel, delivery, turn)
            return self._defer(delivery.yielded(now, begun=False), version, now, message)
        if isinstance(message, Stop):
            self._paces.give_back(channel, delivery, turn)
            return self._settle(delivery.settled(message.state, now, reason=message.reason), version, release=unseen)
        try:
            receipt = self._provider.send(message.connector, delivery.delivery_id, message.address, message.payload)
        except PermanentError as error:
            failed = delivery.settled("failed", now, reason=str(error), bounced=isinstance(error, BouncedError))
            end = self._settle(failed, version, release=unseen)
        except TransientError as error:
            return self._not_sent(delivery, version, now, channel, turn, error)
        else:
            sent = delivery.settled("sent", now, reference=receipt.reference, respond_by=closing(channel, now))
            end = self._paid(sent, message.segments, version)
        self._paces.took(channel, delivery, turn)
        return end

    def _paid(self, sent: Delivery, segments: int, version: str) -> Delivery:
        """Keep that it was sent, and what it cost; budgets hear of what was not known of that when it was reserved."""
        revision = self._policy(sent).revision
        _, treatment = revision.treatment(sent.treatment)
        known, price = revision.price(treatment), revision.channels[sent.channel].price
        cost = price * segments if segments else price
        end = self._settle(msgspec.structs.replace(sent, cost=cost, segments=segments), version)
        if cost != known:
            self._allowances.correct(
                revision, sent.treatment, sent.decided_at(revision.deadline(sent.treatment)), cost - known
            )
        return end

    def _not_sent(
        self, delivery: Delivery, version: str, now: datetime, channel: Channel, turn: Turn, error: TransientError
    ) -> Delivery:
        """Defer it where its channel holds off as a whole; otherwise the next attempt may have it at once, or it was
        the last. None is the last that the provider asked to come again.

        Raises:
            TransientError: the same error, for the message to be delivered again.
        """
        turned_away = isinstance(error, NotTakenError)
        free = delivery.yielded(now, begun=True, turned_away=turned_away)
        not_now = self._paces.failed(channel, delivery, turn, error)
        was_last = delivery.attempts >= channel.max_attempts
        if not_now is None and was_last and error.retry_after is not None:
            not_now = NotNow(now + min(MOST_HELD, timedelta(seconds=error.retry_after)), str(error))
        if not_now is not None:
            return self._defer(free, version, now, not_now)
        if was_last:
            reason = f"given up after {delivery.attempts} attempts: {error}"
            release = turned_away and not delivery.may_have_arrived
            return self._settle(delivery.settled("failed", now, reason=reason), version, release=release)
        self._settle(free, version)  # the next attempt may have it at once, instead of when the lease ends
        raise error

    def _message(self, delivery: Delivery, now: datetime) -> _Message | Stop | NotNow:
        """What to send, or why not, or not yet.

        Raises:
            ErasedError: the person was erased.
            TransientError: a store did not answer.
        """
        policy = self._policy(delivery)
        found = behind(self._persons, delivery.person_id)
        if found is None:
            return Stop("cancelled", "the person is gone")
        person = found.value
        stop = last_checks(policy, delivery, person, self._contacts, now, self._catalogues.switched_off())
        if stop is not None:
            return stop
        try:
            return self._written(policy, delivery, person, now)
        except ErasedError:
            raise
        except PermanentError as error:
            return Stop("failed", str(error))

    def _written(self, policy: Policy, delivery: Delivery, person: Person, now: datetime) -> _Message:
        """The message, as its connector reads it.

        Raises:
            PermanentError: it cannot be written, or there is no way to the person.
        """
        revision = policy.revision
        connector = revision.connector(delivery.channel, delivery.brand)
        if connector is None:
            raise PermanentError(f"the channel {delivery.channel} has no connector")
        address = self._address(delivery, person)
        seen = policy.features.seen(person, now)
        action, treatment = revision.treatment(delivery.treatment)
        channel = revision.channels[delivery.channel]
        offered = offered_links(self._links, delivery.delivery_id, treatment)
        content = render(revision, action, treatment, seen, offered, self._fragments, timer=self._timer)
        if address is None and channel.needs_contact_point:
            raise PermanentError("no contact point")
        content, links = linked(self._links, delivery.delivery_id, channel, treatment, content, offered)
        payload = facts(revision, connector, delivery, content, seen.attributes)
        return _Message(connector, address, {**payload, "links": links}, segments_of(channel, content))

    def _address(self, delivery: Delivery, person: Person) -> str | None:
        """Where to reach the person; of one that several turned out to be, the first that can be reached of
        the one that is written to, the one whose id it has now, and the others.
        """
        former = dict.fromkeys([delivery.person_id, person.person_id, *sorted(person.fragments)])
        whose = [each for each in former if each in person.fragments]
        reached = [each for each in whose if delivery.channel in person.fragments[each].reachable]
        return self._contact_points.address(next(iter(reached), delivery.person_id), delivery.channel)

    def _settle(self, delivery: Delivery, version: str | None, *, release: bool = False) -> Delivery:
        """Keep what became of it. An attempt that may have arrived keeps the contact counted."""
        self._contacts.settle(delivery, version, release=release)
        return delivery


def _delivered(reserved: ContactReserved, delivery: Delivery) -> TreatmentDelivered:
    return TreatmentDelivered(
        message_id=f"{delivery.decision_id}:treatment.delivered",
        decision_id=reserved.decision_id,
        occurred_at=delivery.at,
        delivery=delivery,
    )
