"""A period of the history: its days, and those of its decisions that gave something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from shared.domain.decision import DecisionRecord
from shared.domain.errors import NotFoundError
from shared.domain.policy.policy import Policy
from shared.ports import Catalogues, Days, Unopened


def days_of(since: datetime, until: datetime) -> Iterator[date]:
    """Every day that begins before `until`, from that of `since` on."""
    day = since.date()
    while datetime(day.year, day.month, day.day, tzinfo=since.tzinfo) < until:
        yield day
        day += timedelta(days=1)


def given(days: Days, since: datetime, until: datetime, prefix: str = "") -> Iterator[DecisionRecord | Unopened]:
    """The decisions of a period that gave something and whose ids begin with a prefix, and those that do not open.

    Raises:
        TransientError: the history did not answer.
    """
    for day in days_of(since, until):
        for record in days.decisions(day, prefix):
            if isinstance(record, Unopened) or record.chosen:
                yield record


def with_policies(
    records: Iterable[DecisionRecord | Unopened], catalogues: Catalogues
) -> Iterator[tuple[Policy, DecisionRecord]]:
    """Decisions with the revisions that made them; none of persons who were erased, or of revisions that are gone."""
    for record in records:
        if isinstance(record, Unopened):
            continue
        try:
            policy = catalogues.get(record.revision)
        except NotFoundError:
            continue
        yield policy, record
