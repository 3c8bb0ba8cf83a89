"""The history added up, for what is measured."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.domain.measuring.report import Arms, Totals
from shared.domain.measuring.uplift import Sides
from shared.domain.releasing.guards import Met


class Period(NamedTuple):
    """What is measured and what was before it, UTC.

    Attributes:
        before: where the time before begins, by which differences are made sharper.
        since: where the period begins.
        until: where it ends; that instant is no longer in it.
    """

    before: datetime
    since: datetime
    until: datetime


class AddedUp(NamedTuple):
    """Actions with what came of those who were given them and of those held out."""

    sides: tuple[Sides, ...]
    scanned_bytes: int | None = None


class Canary(NamedTuple):
    """Two revisions that decide at the same time, and what counts as slow.

    Attributes:
        revision: of the canary.
        live: of all others.
        slow_ms: milliseconds of an answer.
    """

    revision: str
    live: str
    slow_ms: int


class Measures(Protocol):
    """Sums over the history. A row that was told more than once counts once."""

    def arms(self, arms: Arms, period: Period) -> Totals:
        """What came of the persons of each arm.

        Raises:
            TransientError: the history did not answer.
        """

    def uplift(self, period: Period) -> AddedUp:
        """What came of those who were given an action, and of those it was held back from.

        Raises:
            TransientError: the history did not answer.
        """

    def canary(self, canary: Canary, since: datetime, until: datetime) -> tuple[Met, Met]:
        """What persons of a canary met with, and what all others did: those whose first decision in the period was by
        its revision, and by the other.

        Raises:
            TransientError: the history did not answer.
        """

    def accepted(self, since: datetime, until: datetime, prefix: str = "") -> frozenset[str]:
        """The decisions, of those whose ids begin with a prefix, of which something was accepted in a period, and the
        deliveries that were, by their ids.

        Raises:
            TransientError: the history did not answer.
        """
