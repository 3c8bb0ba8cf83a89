"""Measuring: what next best action is worth against the arms of an experiment, and what each action did."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.measuring.report import Report, arms_of, report
from shared.domain.measuring.uplift import Uplifts, uplift_of
from shared.ports import Catalogues
from shared.ports.measuring import Measures, Period

BEFORE = timedelta(days=28)
"""The time before a period that differences are made sharper by."""


class Measure:
    """The use cases over their ports."""

    def __init__(self, measures: Measures, catalogues: Catalogues) -> None:
        """Add up by `measures`, for the arms of the live revision."""
        self._measures = measures
        self._catalogues = catalogues

    def report(self, experiment: str, since: datetime, until: datetime) -> Report:
        """Next best action against every arm of an experiment and the universal control group.

        Raises:
            NotFoundError: the live revision has no such experiment.
            TransientError: the history did not answer.
        """
        catalogue = self._catalogues.current().revision.catalogue
        arms = arms_of(catalogue, experiment)
        totals = self._measures.arms(arms, Period(since - BEFORE, since, until))
        channels = {channel.id: channel.direction for channel in catalogue.channels}
        return report(arms, totals, channels, since, until)

    def uplifts(self, since: datetime, until: datetime) -> Uplifts:
        """What each action did that was held back from anybody.

        Raises:
            TransientError: the history did not answer.
        """
        found = self._measures.uplift(Period(since, since, until))
        actions = tuple(uplift_of(sides) for sides in found.sides)
        return Uplifts(since=since, until=until, actions=actions, scanned_bytes=found.scanned_bytes)
