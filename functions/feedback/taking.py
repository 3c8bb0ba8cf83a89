"""Taking outcomes in, from wherever they come: each once, into the contact history and the counts of its model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import NamedTuple

from shared.domain.consequences import SIGNAL_TYPES, consequence
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import StaleError, TransientError
from shared.domain.observed import Closing, Observed, took
from shared.domain.outcome import Outcome
from shared.domain.response import closing
from shared.domain.signal import Signal, decision_id
from shared.messages import HistoryRow, SignalReceived
from shared.messages.rows import outcome_row
from shared.ports import Catalogues, Outcomes, Publisher, Recording
from shared.runtime import trace

AT_ONCE = 50
"""Deliveries whose outcomes are taken in one commit."""

ATTEMPTS = 8
"""Tries of a guarded commit before the caller is asked to send again; each loser reads the winner's work."""


class Told(NamedTuple):
    """An outcome, and the delivery that it is of."""

    outcome: Outcome
    delivery: Delivery


class TakeOutcomes:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, outcomes: Outcomes, publisher: Publisher) -> None:
        """Record in `outcomes`, publish history rows and, by the live revision, what follows for consent."""
        self._catalogues = catalogues
        self._outcomes = outcomes
        self._publisher = publisher

    def __call__(self, told: Sequence[Told], now: datetime) -> dict[str, bool]:
        """Take outcomes in; those that were taken, by id, with whether they were before. All are, except `no_response`
        beside an answer.

        What follows from them, and their rows, are published of those taken before as well, in case that was where
        somebody died.

        Raises:
            TransientError: a store did not answer; what was taken stays, and repeating is safe.
        """
        by_delivery: dict[str, list[Told]] = {}
        for each in told:
            by_delivery.setdefault(each.delivery.delivery_id, []).append(each)
        taken: dict[str, bool] = {}
        groups = iter(by_delivery.values())
        while some := list(islice(groups, AT_ONCE)):
            taken |= self._taken(some)
        rows = [_row(each, repeated=taken[each.outcome.id]) for each in told if each.outcome.id in taken]
        self._publisher.publish([*self._consequences(told, now), *rows])
        return taken

    def note(self, messages: Sequence[HistoryRow | SignalReceived]) -> None:
        """Tell the history, and identity, of what is no delivery's outcome."""
        if messages:
            self._publisher.publish(messages)

    def _consequences(self, told: Sequence[Told], now: datetime) -> Iterator[SignalReceived]:
        """What identity is to hear."""
        for outcome, delivery in told:
            if outcome.outcome not in SIGNAL_TYPES:
                continue
            objections = self._catalogues.current().revision.catalogue.consent.objections
            yield heard(consequence(outcome, delivery, objections, now), now)

    def _taken(self, groups: Sequence[Sequence[Told]]) -> dict[str, bool]:
        """Take some deliveries' outcomes together; where others take of one meanwhile, each by itself."""
        try:
            return self._once(groups)
        except StaleError:
            return {key: again for group in groups for key, again in self._contended(group).items()}

    def _contended(self, group: Sequence[Told]) -> dict[str, bool]:
        for _ in range(ATTEMPTS):
            try:
                return self._once([group])
            except StaleError:
                continue
        raise TransientError(f"outcomes of delivery {group[0].delivery.delivery_id} are contended")

    def _once(self, groups: Sequence[Sequence[Told]]) -> dict[str, bool]:
        known = self._outcomes.observed([group[0].delivery.delivery_id for group in groups])
        recordings: list[Recording] = []
        taken: dict[str, bool] = {}
        for group in groups:
            delivery = group[0].delivery
            found = known.get(delivery.delivery_id)
            before = found.value if found else Observed(delivery_id=delivery.delivery_id)
            shown = delivery.state == "presented"
            taking = took(before, (each.outcome for each in group), self._closing(delivery) if shown else None)
            taken |= {each.outcome.id: True for each in group if each.outcome.id in before.outcomes}
            taken |= {outcome.id: False for outcome in taking.new}
            if taking.new:
                contact = Contact.of(delivery) if shown else None
                recordings.append(Recording(delivery, taking, found.version if found else None, contact))
        if recordings:
            self._outcomes.record(recordings)
        return taken

    def _closing(self, delivery: Delivery) -> Closing | None:
        """When windows of what was shown end; no more of a channel that is gone."""
        channel = self._catalogues.current().revision.channels.get(delivery.channel)
        return partial(closing, channel) if channel else None


def heard(signal: Signal, now: datetime) -> SignalReceived:
    """A signal of ours as ingest would have accepted it."""
    decision = decision_id(signal.source, signal.id)
    return SignalReceived(
        message_id=f"{decision}:signal.received",
        decision_id=decision,
        trace=trace.current(),
        occurred_at=now,
        signal=signal,
    )


def _row(told: Told, *, repeated: bool) -> HistoryRow:
    outcome, delivery = told
    return outcome_row(delivery, outcome.outcome, outcome.at, row_id=outcome.id, detail=outcome, repeated=repeated)
