"""The interaction history in BigQuery, as far as functions read it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec
from google.api_core.exceptions import RetryError, ServerError, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import TransportError
from requests.exceptions import RequestException

from shared.adapters.days import span
from shared.domain.decision import DecisionRecord
from shared.domain.errors import TransientError
from shared.ports import Clock

if TYPE_CHECKING:  # imported when a record is asked for: a decision does without, and so does its cold start
    from google.cloud import bigquery

TIMEOUT_SECONDS = 15.0
_PASSING = (ServerError, TooManyRequests, RequestException)
_RETRY = Retry(predicate=if_exception_type(*_PASSING), initial=0.1, maximum=1.0, timeout=TIMEOUT_SECONDS)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DecisionHistory:
    """The port `DecisionHistory`.

    A query reads, and is paid for, the partitions of the days that it names, and in each the blocks that hold the
    decision: the table is clustered by it. The order is that of `rows.precedence`.
    """

    def __init__(
        self, project: str, dataset: str = "kairos", table: str = "history", *, clock: Clock = _utc_now
    ) -> None:
        """Read a table of a project; the client is made at first use, and `clock` says which days are the last."""
        self._project = project
        self._clock = clock
        self._sql = (
            f"SELECT TO_JSON_STRING(record) AS record FROM `{project}.{dataset}.{table}` "  # noqa: S608 - names of ours
            "WHERE occurred_at >= @since AND occurred_at < @until "
            "AND kind = 'decision' AND decision_id = @decision_id AND record IS NOT NULL "
            "ORDER BY CASE outcome WHEN 'reserved' THEN 0 WHEN 'offered' THEN 0 WHEN 'all_withheld' THEN 1 ELSE 2 END, "
            "COALESCE(repeated, FALSE), occurred_at, TO_JSON_STRING(record) LIMIT 1"
        )
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None

    def decision(self, decision_id: str, day: date | None = None) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in the days looked through.

        Raises:
            TransientError: BigQuery did not answer.
        """
        from google.cloud import bigquery  # noqa: PLC0415 - see above

        since, until = span(day, self._clock())
        parameters = [
            bigquery.ScalarQueryParameter("decision_id", "STRING", decision_id),
            bigquery.ScalarQueryParameter("since", "TIMESTAMP", since),
            bigquery.ScalarQueryParameter("until", "TIMESTAMP", until),
        ]
        try:
            rows = self._connected().query_and_wait(
                self._sql,
                job_config=bigquery.QueryJobConfig(query_parameters=parameters),
                api_timeout=TIMEOUT_SECONDS,
                wait_timeout=TIMEOUT_SECONDS,
                retry=_RETRY,
                job_retry=_RETRY,
            )
            found = next(iter(rows), None)
        except (*_PASSING, RetryError, TransportError, TimeoutError) as error:
            raise TransientError(f"BigQuery: {error}") from error
        return None if found is None else msgspec.json.decode(found["record"], type=DecisionRecord)

    def _connected(self) -> bigquery.Client:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    from google.cloud import bigquery  # noqa: PLC0415 - see above

                    self._client = bigquery.Client(project=self._project)
        return self._client
