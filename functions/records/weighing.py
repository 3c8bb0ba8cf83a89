"""Weighing: how probable the choices of a day were, told to the history where their own rows could not say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from shared.domain.decision import DecisionRecord
from shared.domain.errors import NotFoundError
from shared.domain.policy.policy import Policy
from shared.domain.selected import is_single
from shared.domain.selection import probability, row_id
from shared.messages import HistoryRow
from shared.ports import Catalogues, Days, Publisher, Unopened

AT_ONCE = 500
"""Rows published together."""


class DayWeighed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of weighing a day, or the part of it whose ids begin with a prefix.

    Attributes:
        decisions: how many gave something.
        told: of how many the history is now told how probable that was; of the others their own rows say it.
        passed_over: how many could not be weighed: their persons were erased, or their revision is gone.
    """

    day: date
    decisions: int
    told: int
    passed_over: int


class Weigh:
    """The use case over its ports. A decision is weighed alike however often it is: its row has the same id."""

    def __init__(self, days: Days, catalogues: Catalogues, publisher: Publisher) -> None:
        """Read `days`, work out by `catalogues`, tell the history by `publisher`."""
        self._days = days
        self._catalogues = catalogues
        self._publisher = publisher

    def __call__(self, day: date, prefix: str = "") -> DayWeighed:
        """Weigh the decisions of a day whose ids begin with a prefix.

        Raises:
            TransientError: the history or a topic did not answer.
        """
        decisions = told = passed_over = 0
        rows: list[HistoryRow] = []
        for record in self._days.decisions(day, prefix):
            if isinstance(record, Unopened):
                passed_over += 1
                continue
            if not record.chosen:
                continue
            try:
                policy = self._catalogues.get(record.revision)
            except NotFoundError:
                passed_over += 1
                continue
            decisions += 1
            rows.extend(_told(policy, record))
            if len(rows) >= AT_ONCE:
                told += len(rows)
                self._publisher.publish(rows)
                rows = []
        if rows:
            self._publisher.publish(rows)
        return DayWeighed(day=day, decisions=decisions, told=told + len(rows), passed_over=passed_over)


def _told(policy: Policy, record: DecisionRecord) -> Iterator[HistoryRow]:
    """The row that tells of a decision's selection probability, none where its own does."""
    by_chance = policy.experiments.way(record.arms).ranks_by == "chance"
    if not record.means and not (by_chance and not is_single(policy, record.slots)):
        return
    found = probability(policy, record)
    if found is None:
        return
    yield HistoryRow(
        row_id=row_id(record.decision_id),
        kind="selection",
        occurred_at=record.reserved_at,
        decision_id=record.decision_id,
        person_id=record.person_id,
        revision=record.revision,
        outcome=found.how,
        treatment=record.chosen[0].treatment,
        arms=" ".join(record.arms) or None,
        selection_probability=found.value,
    )
