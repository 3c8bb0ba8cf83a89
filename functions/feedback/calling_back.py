"""Callbacks: what providers report of messages, taken as outcomes of the deliveries that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from functions.feedback.reading import Event, Readers, events
from functions.feedback.rejecting import rejection
from functions.feedback.taking import TakeOutcomes, Told
from shared.domain.catalogue import Callback
from shared.domain.delivery import Delivery
from shared.domain.errors import InvalidError, TransientError
from shared.domain.outcome import Outcome
from shared.domain.signal import digest
from shared.ports import Catalogues, Contacts

NOT_YET = timedelta(minutes=10)
"""How long after an event what its provider calls the message may still be on the way into our books."""


class CalledBack(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each event of a request.

    Attributes:
        accepted: outcomes that were taken, each with its place.
        ignored: places of events that are no outcome here.
        rejected: events that cannot be read, or whose message nobody knows, each with its place and why.
    """

    accepted: list[dict[str, Any]]
    ignored: list[int]
    rejected: list[dict[str, Any]]


class TakeCallbacks:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, contacts: Contacts, take: TakeOutcomes) -> None:
        """Read by the live revision's formats, look deliveries up in `contacts`."""
        self._catalogues = catalogues
        self._contacts = contacts
        self._take = take
        self._readers = Readers()

    def __call__(self, callback: Callback, body: bytes, query: Mapping[str, str], now: datetime) -> CalledBack:
        """Take a body of one event or many; each by itself.

        Raises:
            InvalidError: the body as a whole cannot be read.
            TransientError: a store did not answer, or a message was just sent and is not in our books yet; what was
                taken stays, and sending the same again does no harm.
        """
        form, reader = self._readers.of(self._catalogues.current().revision, callback)
        found = events(form, reader, callback, body, query, now)
        told = {index: each for index, each in found.items() if isinstance(each, Event)}
        deliveries = self._deliveries(callback, list(told.values()))
        taking: dict[int, Told] = {}
        unknown: dict[int, Event] = {}
        for index, event in told.items():
            delivery = _of(event, deliveries)
            if delivery is None:
                unknown[index] = event
            else:
                taking[index] = Told(_outcome(event, delivery, now), delivery)
        taken = self._take(list(taking.values()), now)
        recent = [each for each in unknown.values() if not each.delivery_id and (each.at or now) > now - NOT_YET]
        if recent:
            raise TransientError(f"{len(recent)} events are of messages that are not known yet")
        accepted = []
        for index, each in taking.items():
            outcome = each.outcome
            duplicate = taken.pop(outcome.id, True)  # the same twice in one request is a duplicate too
            told_of = {"outcome": outcome.outcome, "delivery_id": outcome.delivery_id}
            accepted.append({"index": index, "outcome_id": outcome.id, "duplicate": duplicate, **told_of})
        rejected = [rejection(index, 400, error) for index, error in found.items() if isinstance(error, InvalidError)]
        nobody = InvalidError("no message of ours is known by this id", field="delivery_id")
        rejected += [rejection(index, 404, nobody) for index in unknown]
        return CalledBack(
            accepted=accepted,
            ignored=[index for index, each in found.items() if each is None],
            rejected=sorted(rejected, key=lambda each: int(each["index"])),
        )

    def _deliveries(self, callback: Callback, told: Sequence[Event]) -> dict[str, Delivery]:
        """The deliveries that events may be of, by id and by what the provider calls them; only of its channels."""
        ids = [event.delivery_id for event in told if event.delivery_id]
        references = [reference for event in told if not event.delivery_id for reference in event.references]
        found = dict(self._contacts.deliveries(sorted(set(ids)))) if ids else {}
        if references:
            for reference, deliveries in self._contacts.by_references(sorted(set(references))).items():
                own = [delivery for delivery in deliveries if delivery.channel in callback.channels]
                if len(own) == 1:
                    found[reference] = own[0]
        return {key: delivery for key, delivery in found.items() if delivery.channel in callback.channels}


def _of(event: Event, deliveries: Mapping[str, Delivery]) -> Delivery | None:
    keys = (event.delivery_id,) if event.delivery_id else event.references
    return next((deliveries[key] for key in keys if key in deliveries), None)


def _outcome(event: Event, delivery: Delivery, now: datetime) -> Outcome:
    return Outcome(
        id="o-" + digest("outcome", delivery.delivery_id, event.key),
        outcome=event.outcome,
        delivery_id=delivery.delivery_id,
        at=event.at or now,
        value=event.value,
    )
