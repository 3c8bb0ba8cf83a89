"""What is kept of decisions: the interaction history, and the seals on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from shared.domain.decision import DecisionRecord
from shared.domain.seal import Seal, Sealed
from shared.domain.signal import Signal
from shared.messages import HistoryRow


class Unopened(NamedTuple):
    """A decision whose record opens for nobody, since its person was erased."""

    decision_id: str


class Ended(NamedTuple):
    """A signal that updated the profile and started no decision.

    Attributes:
        reason: `late_signal`, `no_trigger` or `re_entry`.
        at: when it ended.
        signal: the signal.
    """

    reason: str
    at: datetime
    signal: Signal


class DecisionHistory(Protocol):
    """The interaction history, as far as the functions read it."""

    def decision(self, decision_id: str, day: date | None = None) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in what is looked through: the last 31 days, or with
        `day` that day, UTC, and those beside it. Where it was told more than once, what happened is told.

        Raises:
            ErasedError: it is there, and its person was erased.
            TransientError: the history did not answer.
        """

    def ended(self, decision_id: str, day: date | None = None) -> Ended | None:
        """Why the signal that would have had a decision of this id started none, None where that is not known; the
        same days are looked through.

        Raises:
            ErasedError: its person was erased.
            TransientError: the history did not answer.
        """


class Days(Protocol):
    """The interaction history day by day, UTC, as it was told."""

    def count(self, day: date) -> int:
        """How many rows tell of decisions of a day.

        Raises:
            TransientError: the history did not answer.
        """

    def decisions(self, day: date, prefix: str = "") -> Iterator[DecisionRecord | Unopened]:
        """The decisions of a day whose ids begin with a prefix, by id, each as it happened.

        Raises:
            TransientError: the history did not answer.
        """

    def rows(self, day: date) -> Iterator[HistoryRow]:
        """Every row of a day, by time and row id, its record sealed as it is kept; one that was told twice may come
        twice.

        Raises:
            TransientError: the history did not answer.
        """


class Seals(Protocol):
    """The seals of the history."""

    def all(self) -> Sequence[Seal]:
        """Every seal, by number."""

    def of_day(self, day: date) -> Sequence[Sealed]:
        """Those of a day with what they chain, by number."""

    def add(self, sealed: Sealed) -> None:
        """Keep a seal with what it chains.

        Raises:
            AlreadyExistsError: there is one of its number; nothing is kept.
        """
