"""Associating: which predictors say much the same, counted night by night of those who were given something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import msgspec

from functions.records.periods import given, with_policies
from shared.domain.grouping import groups_of
from shared.domain.pairs import Pairs, associations, counted, together
from shared.domain.predictors import Predictors
from shared.domain.propensity import ASSOCIATED, Counts
from shared.domain.ready import ready
from shared.ports import Associations, Catalogues, Days, Reports

MOST_DECISIONS = 20_000
"""Of a day. Those with the first ids are a sample, since ids are digests."""

DAYS = 28
"""Whose counts are added up."""


class Associated(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a day and those before it.

    Attributes:
        decisions: how many were counted, of all these days.
        groups: of predictors that models take for alike from now on, each by what they read.
    """

    day: date
    decisions: int
    groups: tuple[tuple[str, ...], ...]


class Associate:
    """The use case over its ports."""

    def __init__(self, days: Days, reports: Reports, associations: Associations, catalogues: Catalogues) -> None:
        """Count the decisions of `days` by the live one of `catalogues`, and keep counts in `reports` and what they say
        in `associations`.
        """
        self._days = days
        self._reports = reports
        self._associations = associations
        self._catalogues = catalogues

    def __call__(self, day: date, now: datetime) -> Associated:
        """Count a day, and let models know what the last four weeks say; nothing where the catalogue wants no groups
        found.

        Raises:
            TransientError: the history or a report did not answer.
        """
        policy = self._catalogues.current()
        predictors = policy.factors.predictors
        if predictors.alike_from is None:
            return Associated(day=day, decisions=0, groups=())
        today = counted(islice(self._seen(day), MOST_DECISIONS))
        self._reports.put("pairs", str(day), msgspec.json.encode(today), now)
        pairs = together([today, *self._before(day)])
        found = associations(pairs, predictors)
        self._associations.associate(found)
        groups = groups_of(policy.revision, {ASSOCIATED: Counts(associations=found)})
        return Associated(day=day, decisions=pairs.decisions, groups=groups)

    def _seen(self, day: date) -> Iterator[tuple[Predictors, Sequence[int]]]:
        """The bins of each decision that gave something, with the predictors of its revision."""
        start = datetime.combine(day, time(), UTC)
        for policy, record in with_policies(given(self._days, start, start + timedelta(days=1)), self._catalogues):
            situation = policy.situation(record.profile, record.signal, record.decided_at)
            yield policy.factors.predictors, policy.factors.predictors(situation)

    def _before(self, day: date) -> Iterator[Pairs]:
        wanted = {str(day - timedelta(days=ago)) for ago in range(1, DAYS)}
        for name in self._reports.names("pairs"):
            data = self._reports.get("pairs", name) if name in wanted else None
            if data is not None:
                yield msgspec.json.decode(data, type=ready(Pairs))
