"""The interaction history in BigQuery, as functions read it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from google.api_core.exceptions import RetryError, ServerError, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import TransportError
from requests.exceptions import RequestException

from shared.adapters.days import day_of, span
from shared.adapters.sealed_history import ended_in, open_record
from shared.adapters.sealing import Sealer
from shared.domain.decision import DecisionRecord
from shared.domain.errors import ErasedError, TransientError
from shared.domain.ready import ready
from shared.messages import HistoryRow
from shared.ports import Clock, Ended, Unopened

if TYPE_CHECKING:  # imported when a record is asked for: a decision does without, and so does its cold start
    from google.cloud import bigquery

TIMEOUT_SECONDS = 15.0
DAY_SECONDS = 600.0
"""How long BigQuery may take to put a whole day in order."""

PASSING = (ServerError, TooManyRequests, RequestException)
RETRY = Retry(predicate=if_exception_type(*PASSING), initial=0.1, maximum=1.0, timeout=TIMEOUT_SECONDS)


def _utc_now() -> datetime:
    return datetime.now(UTC)


PRECEDENCE = (
    "CASE outcome WHEN 'reserved' THEN 0 WHEN 'offered' THEN 0 WHEN 'deferred' THEN 1 WHEN 'all_withheld' THEN 1 "
    "ELSE 2 END, "
    "COALESCE(repeated, FALSE), occurred_at, TO_JSON_STRING(record)"
)
_OF_DAY = "occurred_at >= @since AND occurred_at < @until"
_TOLD = f"{_OF_DAY} AND kind = 'decision' AND record IS NOT NULL"
_SELECTED = ", ".join(
    "TO_JSON_STRING(record) AS record" if field.name == "record" else field.name
    for field in msgspec.structs.fields(HistoryRow)
)


class DecisionHistory:
    """The ports `DecisionHistory`, `Days` and `PersonHistory`.

    A query reads, and is paid for, the partitions of the days that it names, and in each the blocks that hold the
    decision: the table is clustered by it. The order is that of `rows.precedence`.
    """

    def __init__(
        self, project: str, sealer: Sealer, dataset: str = "kairos", table: str = "history", *, clock: Clock = _utc_now
    ) -> None:
        """Read a table of a project, records opened by `sealer`; the client is made at first use, and `clock` says
        which days are the last.
        """
        self._project = project
        self._sealer = sealer
        self._clock = clock
        self._table = f"`{project}.{dataset}.{table}`"
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None

    def decision(self, decision_id: str, day: date | None = None) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in the days looked through.

        Raises:
            ErasedError: its person was erased.
            TransientError: BigQuery did not answer.
        """
        sql = (
            f"SELECT TO_JSON_STRING(record) AS record FROM {self._table} "  # noqa: S608 - names of ours
            f"WHERE {_TOLD} AND decision_id = @decision_id ORDER BY {PRECEDENCE} LIMIT 1"
        )
        found = next(self._query(sql, span(day, self._clock()), seconds=TIMEOUT_SECONDS, decision_id=decision_id), None)
        return None if found is None else self._record(found)

    def ended(self, decision_id: str, day: date | None = None) -> Ended | None:
        """Why the signal that would have had a decision of this id started none, where that is known.

        Raises:
            ErasedError: its person was erased.
            TransientError: BigQuery did not answer.
        """
        sql = (
            f"SELECT {_SELECTED} FROM {self._table} "  # noqa: S608 - names of ours
            f"WHERE {_OF_DAY} AND kind = 'signal' AND decision_id = @decision_id "
            f"ORDER BY COALESCE(repeated, FALSE), occurred_at LIMIT 1"
        )
        found = next(self._query(sql, span(day, self._clock()), seconds=TIMEOUT_SECONDS, decision_id=decision_id), None)
        return None if found is None else ended_in(self._sealer, _row(found))

    def count(self, day: date) -> int:
        """How many rows tell of decisions of a day."""
        sql = f"SELECT COUNT(*) AS told FROM {self._table} WHERE {_TOLD}"  # noqa: S608 - names of ours
        [found] = self._query(sql, day_of(day))
        return int(found["told"])

    def decisions(self, day: date, prefix: str = "") -> Iterator[DecisionRecord | Unopened]:
        """The decisions of a day whose ids begin with a prefix; of the table only the blocks in which those may be are
        read.
        """
        sql = (
            f"SELECT decision_id, TO_JSON_STRING(record) AS record FROM {self._table} "  # noqa: S608 - names of ours
            f"WHERE {_TOLD} AND decision_id >= @first AND decision_id < @beyond ORDER BY decision_id, {PRECEDENCE}"
        )
        rows = self._query(sql, day_of(day), first=prefix, beyond=f"{prefix}\U0010ffff")
        for decision_id, told in groupby(rows, key=lambda row: row["decision_id"]):
            try:
                yield self._record(next(told))
            except ErasedError:
                yield Unopened(decision_id)

    def rows(self, day: date) -> Iterator[HistoryRow]:
        """Every row of a day."""
        sql = f"SELECT {_SELECTED} FROM {self._table} WHERE {_OF_DAY} ORDER BY occurred_at, row_id"  # noqa: S608 - ours
        yield from map(_row, self._query(sql, day_of(day)))

    def of_persons(self, person_ids: Sequence[str], since: datetime) -> Iterator[HistoryRow]:
        """Every row of persons that opens, opened; reads every partition from `since` on."""
        sql = (
            f"SELECT {_SELECTED} FROM {self._table} "  # noqa: S608 - names of ours
            "WHERE occurred_at >= @since AND occurred_at < @until AND person_id IN UNNEST(@person_ids) "
            "ORDER BY occurred_at, row_id"
        )
        between = since - timedelta(days=1), self._clock() + timedelta(days=1)
        for found in self._query(sql, between, person_ids=list(person_ids)):
            row = _row(found)
            try:
                record = None if row.record is None else open_record(self._sealer, row.record)
            except ErasedError:
                continue
            yield msgspec.structs.replace(row, record=record)

    def _query(
        self, sql: str, between: tuple[datetime, datetime], *, seconds: float = DAY_SECONDS, **texts: str | list[str]
    ) -> Iterator[Any]:
        """The rows of an answer, page by page.

        Raises:
            TransientError: BigQuery did not answer.
        """
        from google.cloud import bigquery  # noqa: PLC0415 - see above

        since, until = between
        parameters = [
            bigquery.ScalarQueryParameter("since", "TIMESTAMP", since),
            bigquery.ScalarQueryParameter("until", "TIMESTAMP", until),
            *(
                bigquery.ArrayQueryParameter(name, "STRING", text)
                if isinstance(text, list)
                else bigquery.ScalarQueryParameter(name, "STRING", text)
                for name, text in texts.items()
            ),
        ]
        try:
            yield from self._connected().query_and_wait(
                sql,
                job_config=bigquery.QueryJobConfig(query_parameters=parameters),
                api_timeout=TIMEOUT_SECONDS,
                wait_timeout=seconds,
                retry=RETRY,
                job_retry=RETRY,
            )
        except (*PASSING, RetryError, TransportError, TimeoutError) as error:
            raise TransientError(f"BigQuery: {error}") from error

    def _connected(self) -> bigquery.Client:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    from google.cloud import bigquery  # noqa: PLC0415 - see above

                    self._client = bigquery.Client(project=self._project)
        return self._client

    def _record(self, row: Any) -> DecisionRecord:
        return msgspec.json.decode(open_record(self._sealer, row["record"]), type=ready(DecisionRecord))


def _row(found: Any) -> HistoryRow:
    known = {name: value for name, value in found.items() if value is not None}
    if known.get("record") == "null":
        del known["record"]
    return HistoryRow(**known)
