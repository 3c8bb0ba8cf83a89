"""Taking outcomes in, from wherever they come: each once, into the contact history and the counts of its model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import StaleError, TransientError
from shared.domain.observed import Observed, took
from shared.domain.outcome import Outcome
from shared.messages.rows import outcome_row
from shared.ports import Outcomes, Publisher, Recording

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

    def __init__(self, outcomes: Outcomes, publisher: Publisher) -> None:
        """Record in `outcomes`, publish history rows."""
        self._outcomes = outcomes
        self._publisher = publisher

    def __call__(self, told: Sequence[Told]) -> frozenset[str]:
        """Take outcomes in; the ids of those that were not taken before.

        Rows are published of all of them, those taken before included, in case that was where somebody died.

        Raises:
            TransientError: a store did not answer; what was taken stays, and repeating is safe.
        """
        by_delivery: dict[str, list[Told]] = {}
        for each in told:
            by_delivery.setdefault(each.delivery.delivery_id, []).append(each)
        new: set[str] = set()
        groups = iter(by_delivery.values())
        while some := list(islice(groups, AT_ONCE)):
            new |= self._taken(some)
        self._publisher.publish(
            [
                outcome_row(
                    delivery,
                    outcome.outcome,
                    outcome.at,
                    row_id=outcome.id,
                    detail=outcome,
                    repeated=outcome.id not in new,
                )
                for outcome, delivery in told
            ]
        )
        return frozenset(new)

    def _taken(self, groups: Sequence[Sequence[Told]]) -> set[str]:
        """Take some deliveries' outcomes together; where others take of one meanwhile, each by itself."""
        try:
            return self._once(groups)
        except StaleError:
            return {taken for group in groups for taken in self._contended(group)}

    def _contended(self, group: Sequence[Told]) -> set[str]:
        for _ in range(ATTEMPTS):
            try:
                return self._once([group])
            except StaleError:
                continue
        raise TransientError(f"outcomes of delivery {group[0].delivery.delivery_id} are contended")

    def _once(self, groups: Sequence[Sequence[Told]]) -> set[str]:
        known = self._outcomes.observed([group[0].delivery.delivery_id for group in groups])
        recordings = []
        for group in groups:
            delivery = group[0].delivery
            before = known.get(delivery.delivery_id)
            taking = took(before.value if before else Observed(delivery_id=delivery.delivery_id), _outcomes_of(group))
            if taking.new:
                contact = Contact.of(delivery) if delivery.state == "presented" else None
                recordings.append(Recording(delivery, taking, before.version if before else None, contact))
        if recordings:
            self._outcomes.record(recordings)
        return {outcome.id for each in recordings for outcome in each.took.new}


def _outcomes_of(group: Iterable[Told]) -> Iterator[Outcome]:
    return (told.outcome for told in group)
