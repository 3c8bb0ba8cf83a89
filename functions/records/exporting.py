"""Exporting: models, and the interactions and decisions of a day, in the shapes in which others read them, or as they
are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from functions.records.interactions import interactions
from functions.records.periods import with_policies
from shared.domain.exchange.decisions import decisions
from shared.domain.exchange.models import models, predictors
from shared.messages import HistoryRow
from shared.messages.rows import precedence
from shared.ports import Catalogues, Days, Models, Unopened


class ExportShapes:
    """The use cases over their ports; each gives rows, one after the other."""

    def __init__(self, days: Days, catalogues: Catalogues, models_: Models) -> None:
        """Export what `days`, the live revision and `models_` hold."""
        self._days = days
        self._catalogues = catalogues
        self._models = models_

    def models(self, now: datetime) -> Iterator[dict[str, Any]]:
        """A row for each model of the live revision."""
        return models(self._catalogues.current(), self._models.counts(), now)

    def predictors(self, now: datetime) -> Iterator[dict[str, Any]]:
        """A row for each bin of each predictor of each model that has learnt anything."""
        return predictors(self._catalogues.current(), self._models.counts(), now)

    def interactions(self, day: date) -> Iterator[dict[str, Any]]:
        """A row for each thing that became of a treatment on a day.

        Raises:
            TransientError: the history did not answer.
        """
        channels = self._catalogues.current().revision.catalogue.channels
        told: dict[str, HistoryRow] = {}
        for row in self._days.rows(day):
            known = told.get(row.row_id)
            told[row.row_id] = row if known is None else min(known, row, key=precedence)
        return interactions(told.values(), {channel.id: channel.direction for channel in channels})

    def decisions(self, day: date, prefix: str = "") -> Iterator[dict[str, Any]]:
        """A row for each treatment that might have appeared, of each decision of a day whose id begins with a prefix;
        none of persons who were erased, or of revisions that are gone.

        Raises:
            TransientError: the history did not answer.
        """
        for policy, record in with_policies(self._days.decisions(day, prefix), self._catalogues):
            yield from decisions(policy, record)

    def records(self, day: date, prefix: str = "") -> Iterator[dict[str, Any]]:
        """The record of each decision of a day whose id begins with a prefix, as it is kept; none of persons who were
        erased.

        Raises:
            TransientError: the history did not answer.
        """
        for record in self._days.decisions(day, prefix):
            if not isinstance(record, Unopened):
                yield msgspec.to_builtins(record, builtin_types=(datetime,))
