"""The interaction history in BigQuery, as far as functions read it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
from google.api_core.exceptions import RetryError, ServerError, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import TransportError
from requests.exceptions import RequestException

from shared.domain.decision import DecisionRecord
from shared.domain.errors import TransientError

if TYPE_CHECKING:  # imported when a record is asked for: a decision does without, and so does its cold start
    from google.cloud import bigquery

TIMEOUT_SECONDS = 15.0
_PASSING = (ServerError, TooManyRequests, RequestException)
_RETRY = Retry(predicate=if_exception_type(*_PASSING), initial=0.1, maximum=1.0, timeout=TIMEOUT_SECONDS)


class DecisionHistory:
    """The port `DecisionHistory`. Rows may be repeated, and all repetitions of a row are alike: any one will do."""

    def __init__(self, project: str, dataset: str = "kairos", table: str = "history") -> None:
        """Read a table of a project; the client is made at first use."""
        self._project = project
        self._sql = (
            f"SELECT TO_JSON_STRING(record) AS record FROM `{project}.{dataset}.{table}` "  # noqa: S608 - names of ours
            "WHERE kind = 'decision' AND decision_id = @decision_id AND record IS NOT NULL LIMIT 1"
        )
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None

    def decision(self, decision_id: str) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in the history.

        Raises:
            TransientError: BigQuery did not answer.
        """
        from google.cloud import bigquery  # noqa: PLC0415 - see above

        parameter = bigquery.ScalarQueryParameter("decision_id", "STRING", decision_id)
        try:
            rows = self._connected().query_and_wait(
                self._sql,
                job_config=bigquery.QueryJobConfig(query_parameters=[parameter]),
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
