"""Waves: their documents, the persons of their audiences, and what the history says became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from shared.domain.outbound.wave import OutboundWave, Page, Reconciled
from shared.ports.versioned import Versioned


class Waves(Protocol):
    """Waves and their pages."""

    def create(self, wave: OutboundWave) -> None:
        """Keep a new wave.

        Raises:
            AlreadyExistsError: there is one of this id.
        """

    def get(self, wave_id: str) -> Versioned[OutboundWave] | None:
        """A wave, None where there is none."""

    def update(self, wave: Versioned[OutboundWave]) -> None:
        """Write a wave in a commit that is guarded by the version read.

        Raises:
            StaleError: it changed since it was read; nothing is written.
        """

    def latest(self, limit: int, audience: str = "") -> Sequence[OutboundWave]:
        """The waves begun last, of an audience where one is named, the latest first."""

    def put_pages(self, wave_id: str, pages: Mapping[int, Page]) -> None:
        """Keep pages by number, whatever there was."""

    def pages(self, wave_id: str, first: int, beyond: int) -> Sequence[Page]:
        """The pages from one number until before another; those that there are.

        Raises:
            TransientError: one between two others is not there.
        """

    def forget_pages(self, wave_id: str, pages: int) -> None:
        """Let go of so many pages."""


class Members(Protocol):
    """Persons whose profiles carry the name of an audience."""

    def carrying(self, audience: str, after: str, limit: int) -> Sequence[str]:
        """Ids of such persons in order, those after one."""


class Query(NamedTuple):
    """The SQL of an audience with what it is given.

    Attributes:
        sql: with `{history}` where the table's name goes.
        parameters: by name; text, whole numbers, numbers, truth or times.
    """

    sql: str
    parameters: Mapping[str, Any]


class Audiences(Protocol):
    """Audiences as BigQuery finds them."""

    def estimate(self, query: Query) -> int | None:
        """Bytes that a query would read, by a dry run; None where the server does not say.

        Raises:
            InvalidError: it is no query that can be run.
            TransientError: BigQuery did not answer.
        """

    def find(self, job: str, query: Query, most_bytes: int) -> int:
        """Run a query as a job of this name, unless that was run before, and wait for it; how many persons it found.
        The persons stay with the job for a day.

        Raises:
            InvalidError: it failed, or would read more.
            TransientError: BigQuery did not answer.
        """

    def found(self, job: str, first: int, limit: int) -> Sequence[str]:
        """Ids of the persons that a job found, in order, from one number on.

        Raises:
            TransientError: BigQuery did not answer.
        """


class WaveHistory(Protocol):
    """What the history says became of signals."""

    def tally(self, decision_ids: Sequence[str], since: datetime, until: datetime) -> tuple[Reconciled, frozenset[str]]:
        """How the decisions of some signals ended, as far as it is told in a time; and those of which nothing is told.

        Raises:
            TransientError: the history did not answer.
        """
