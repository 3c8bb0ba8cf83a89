"""Audiences found by BigQuery, and what the history there says became of a wave's signals."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from google.api_core.exceptions import BadRequest, Conflict, Forbidden, NotFound, RetryError
from google.auth.exceptions import TransportError

from shared.adapters.bigquery import DAY_SECONDS, PASSING, RETRY, TIMEOUT_SECONDS
from shared.adapters.tallying import Told, tallied
from shared.domain.errors import InvalidError, NotFoundError, TransientError
from shared.domain.outbound.wave import Reconciled
from shared.ports.waves import Query

if TYPE_CHECKING:
    from google.cloud import bigquery

_PERSONS = "SELECT DISTINCT person_id FROM (\n{sql}\n) WHERE person_id IS NOT NULL ORDER BY person_id"

_ENDS = """
SELECT decision_id, kind, outcome, channel, action
FROM {history}
WHERE occurred_at >= @since AND occurred_at < @until
  AND kind IN ('decision', 'signal') AND decision_id IN UNNEST(@decision_ids)
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY decision_id
  ORDER BY kind, CASE outcome WHEN 'reserved' THEN 0 WHEN 'deferred' THEN 1 WHEN 'all_withheld' THEN 1 ELSE 2 END,
    COALESCE(repeated, FALSE), occurred_at
) = 1
"""
_AT_ONCE = 10_000
"""Decisions asked for by one query, whose parameters may be 10 MB."""


class _Asking:
    """A project's BigQuery; the client is made at first use."""

    def __init__(self, project: str, dataset: str = "kairos", table: str = "history") -> None:
        """Ask a table of a project."""
        self._project = project
        self._table = f"{project}.{dataset}.{table}"
        self._history = f"`{self._table}`"
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None
        self._location: str | None = None

    def _connected(self) -> bigquery.Client:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    from google.cloud import bigquery  # noqa: PLC0415 - slow, and no wave may ask

                    self._client = bigquery.Client(project=self._project)
        return self._client


class Audiences(_Asking):
    """The port `Audiences`. A job's results are a table that BigQuery keeps for a day."""

    def estimate(self, query: Query) -> int | None:
        """Bytes that a query would read; the emulator says none."""
        from google.cloud import bigquery  # noqa: PLC0415 - see above

        config = bigquery.QueryJobConfig(
            query_parameters=_parameters(query.parameters), dry_run=True, use_query_cache=False
        )
        with _asking():
            job = self._connected().query(
                self._sql(query), job_config=config, timeout=TIMEOUT_SECONDS, retry=RETRY, job_retry=None
            )
        return job.total_bytes_processed or None

    def find(self, job: str, query: Query, most_bytes: int) -> int:
        """Run a query as a job of this name, unless there is one, and wait for it."""
        with _asking():
            try:
                running = self._job(job)
            except NotFound:
                running = self._begun(job, query, most_bytes)
            found = running.result(timeout=DAY_SECONDS, retry=RETRY, job_retry=None, max_results=1)
        return int(found.total_rows)

    def _begun(self, job: str, query: Query, most_bytes: int) -> bigquery.QueryJob:
        from google.cloud import bigquery  # noqa: PLC0415 - see above

        config = bigquery.QueryJobConfig(
            query_parameters=_parameters(query.parameters), maximum_bytes_billed=most_bytes
        )
        try:
            return self._connected().query(
                self._sql(query),
                job_config=config,
                job_id=job,
                location=self._where(),
                timeout=TIMEOUT_SECONDS,
                retry=RETRY,
                job_retry=None,
            )
        except Conflict:  # somebody began it at this moment
            return self._job(job)

    def found(self, job: str, first: int, limit: int) -> Sequence[str]:
        """Ids of the persons that a job found, from one number on."""
        with _asking():
            rows = self._job(job).result(
                timeout=DAY_SECONDS, retry=RETRY, job_retry=None, start_index=first, max_results=limit
            )
            return [row["person_id"] for row in rows]

    def _job(self, job: str) -> bigquery.QueryJob:
        found = self._connected().get_job(job, location=self._where(), timeout=TIMEOUT_SECONDS, retry=RETRY)
        return cast("bigquery.QueryJob", found)

    def _where(self) -> str | None:
        """Where the history is, and so the jobs that read it: a job is found by its name only there."""
        if self._location is None:
            table = self._connected().get_table(self._table, timeout=TIMEOUT_SECONDS, retry=RETRY)
            self._location = table.location
        return self._location

    def _sql(self, query: Query) -> str:
        return _PERSONS.replace("{sql}", query.sql).replace("{history}", self._history)


class WaveHistory(_Asking):
    """The port `WaveHistory`."""

    def tally(self, decision_ids: Sequence[str], since: datetime, until: datetime) -> tuple[Reconciled, frozenset[str]]:
        """How the decisions of some signals ended; reads the partitions of that time, without any record."""
        return tallied(decision_ids, self._told(decision_ids, since, until))

    def _told(self, decision_ids: Sequence[str], since: datetime, until: datetime) -> Iterator[Told]:
        from google.cloud import bigquery  # noqa: PLC0415 - see above

        sql = _ENDS.replace("{history}", self._history)
        for start in range(0, len(decision_ids), _AT_ONCE):
            asked = list(decision_ids[start : start + _AT_ONCE])
            parameters = [
                *_parameters({"since": since, "until": until}),
                bigquery.ArrayQueryParameter("decision_ids", "STRING", asked),
            ]
            with _asking():
                rows = self._connected().query_and_wait(
                    sql,
                    job_config=bigquery.QueryJobConfig(query_parameters=parameters),
                    api_timeout=TIMEOUT_SECONDS,
                    wait_timeout=DAY_SECONDS,
                    retry=RETRY,
                    job_retry=RETRY,
                )
                told = [Told(*(row[field] for field in Told._fields)) for row in rows]
            yield from told


@contextmanager
def _asking() -> Iterator[None]:
    """Turn the driver's errors into the taxonomy's."""
    try:
        yield
    except (BadRequest, Forbidden) as error:
        raise InvalidError(f"BigQuery: {error.message}", field="audience") from error
    except NotFound as error:
        raise NotFoundError(f"BigQuery: {error.message}") from error
    except (*PASSING, RetryError, TransportError, TimeoutError) as error:
        raise TransientError(f"BigQuery: {error}") from error


def _parameters(given: Mapping[str, Any]) -> list[Any]:
    from google.cloud import bigquery  # noqa: PLC0415 - see above

    kinds = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING"}
    return [
        bigquery.ScalarQueryParameter(name, kinds.get(type(value), "TIMESTAMP"), value) for name, value in given.items()
    ]
