"""BigQuery, asked by SQL that stands in files. Before a query is run, BigQuery says what it will read, and is told to
stop at that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import RetryError
from google.auth.exceptions import TransportError

from shared.adapters.bigquery import DAY_SECONDS, PASSING, RETRY, TIMEOUT_SECONDS
from shared.domain.errors import TransientError

if TYPE_CHECKING:
    from google.cloud import bigquery

_SPARE = 1.1
"""How much more than a dry run says a query may read before BigQuery stops it: rows arrive meanwhile."""

_LEAST_BYTES = 100_000_000


class Warehouse:
    """The tables of a project's dataset; the client is made at first use."""

    def __init__(self, project: str, dataset: str = "kairos") -> None:
        """Ask for a project's tables."""
        self._project = project
        self._dataset = dataset
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None

    def table(self, name: str) -> str:
        """A table as SQL names it."""
        return f"`{self._project}.{self._dataset}.{name}`"

    def ask(
        self, sql: str, times: Mapping[str, datetime], given: Mapping[str, str | int | Sequence[str]]
    ) -> tuple[Iterator[Any], int | None]:
        """The rows of an answer, and the bytes that it read; None where the server does not say, as the emulator does
        not.

        Raises:
            TransientError: BigQuery did not answer.
        """
        from google.cloud import bigquery  # noqa: PLC0415 - slow, and the process may ask nothing

        parameters = [
            *(bigquery.ScalarQueryParameter(key, "TIMESTAMP", at) for key, at in times.items()),
            *(_parameter(key, value) for key, value in given.items()),
        ]
        client = self._connected()
        try:
            dry = bigquery.QueryJobConfig(query_parameters=parameters, dry_run=True, use_query_cache=False)
            estimated = client.query(sql, job_config=dry, timeout=TIMEOUT_SECONDS, retry=RETRY).total_bytes_processed
            config = bigquery.QueryJobConfig(
                query_parameters=parameters, maximum_bytes_billed=max(_LEAST_BYTES, int((estimated or 0) * _SPARE))
            )
            rows = client.query_and_wait(
                sql,
                job_config=config,
                api_timeout=TIMEOUT_SECONDS,
                wait_timeout=DAY_SECONDS,
                retry=RETRY,
                job_retry=RETRY,
            )
            return iter(list(rows)), estimated or None
        except (*PASSING, RetryError, TransportError, TimeoutError) as error:
            raise TransientError(f"BigQuery: {error}") from error

    def _connected(self) -> bigquery.Client:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    from google.cloud import bigquery  # noqa: PLC0415 - see above

                    self._client = bigquery.Client(project=self._project)
        return self._client


def _parameter(name: str, value: str | int | Sequence[str]) -> Any:
    from google.cloud import bigquery  # noqa: PLC0415 - see above

    if isinstance(value, int):
        return bigquery.ScalarQueryParameter(name, "INT64", value)
    if isinstance(value, str):
        return bigquery.ScalarQueryParameter(name, "STRING", value)
    return bigquery.ArrayQueryParameter(name, "STRING", list(value))
