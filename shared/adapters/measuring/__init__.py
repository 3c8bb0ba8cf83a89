"""The history added up by SQL on BigQuery. What is asked stands in the files beside this, for whoever wants to ask it
themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import RetryError
from google.auth.exceptions import TransportError

from shared.adapters.bigquery import DAY_SECONDS, PASSING, PRECEDENCE, RETRY, TIMEOUT_SECONDS
from shared.domain.errors import TransientError
from shared.domain.measuring.arms import Sums
from shared.domain.measuring.report import REST, Arms, Cell, Totals
from shared.domain.measuring.uplift import sides_of
from shared.domain.outcome import POSITIVE
from shared.domain.releasing.guards import COMPLAINTS, FAILURES, GUARDS, NOBODY, Met
from shared.ports.measuring import AddedUp, Canary, Period

if TYPE_CHECKING:
    from google.cloud import bigquery

_FILES = Path(__file__).parent
_SPARE = 1.1
"""How much more than a dry run says a query may read before BigQuery stops it: rows arrive meanwhile."""

_LEAST_BYTES = 100_000_000

NO_NUMBERS: Mapping[str, int] = {}


class Measures:
    """The port `Measures`. Before a query is run, BigQuery says what it will read, and is told to stop at that."""

    def __init__(self, project: str, dataset: str = "kairos", table: str = "history") -> None:
        """Add up a table of a project; the client is made at first use."""
        self._project = project
        self._history = f"`{project}.{dataset}.{table}`"
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None

    def arms(self, arms: Arms, period: Period) -> Totals:
        """What came of the persons of each arm."""
        texts = {"experiment": arms.experiment, "holdout": arms.holdout, "accepted": sorted(POSITIVE)}
        rows, scanned = self._query("arms", period._asdict(), texts)
        persons: dict[tuple[str, str], int] = {}
        cells = []
        for row in rows:
            arm = row["arm"] or REST
            if row["issue"] is None:
                persons[arm, row["channel"]] = row["persons"]
            else:
                cells.append(Cell(arm, row["channel"], row["issue"], _sums(row, "accepted"), _sums(row, "earned")))
        return Totals(persons, cells, scanned)

    def uplift(self, period: Period) -> AddedUp:
        """What came of those who were given an action, and of those it was held back from."""
        times = {"since": period.since, "until": period.until}
        rows, scanned = self._query("uplift", times, {"accepted": sorted(POSITIVE)})
        counted = [(row["action"], row["side"], row["persons"], row["accepted"]) for row in rows]
        return AddedUp(sides_of(counted), scanned)

    def canary(self, canary: Canary, since: datetime, until: datetime) -> tuple[Met, Met]:
        """What persons of a canary met with, and what all others did."""
        texts = {
            "canary": canary.revision,
            "live": canary.live,
            "failures": sorted(FAILURES),
            "complaints": sorted(COMPLAINTS),
        }
        numbers = {"slow_ms": canary.slow_ms}
        rows, _ = self._query("canary", {"since": since, "until": until}, texts, numbers)
        found = {row["revision"]: Met(row["persons"], {guard: row[guard] for guard in GUARDS}) for row in rows}
        return found.get(canary.revision, NOBODY), found.get(canary.live, NOBODY)

    def _query(
        self,
        name: str,
        times: Mapping[str, datetime],
        texts: Mapping[str, str | Sequence[str]],
        numbers: Mapping[str, int] = NO_NUMBERS,
    ) -> tuple[Iterator[Any], int | None]:
        """The rows of an answer, and the bytes that it read; None where the server does not say, as the emulator does
        not.

        Raises:
            TransientError: BigQuery did not answer.
        """
        from google.cloud import bigquery  # noqa: PLC0415 - slow, and the process may measure nothing

        sql = (_FILES / f"{name}.sql").read_text(encoding="utf-8")
        sql = sql.replace("{history}", self._history).replace("{precedence}", PRECEDENCE)
        parameters = [
            *(bigquery.ScalarQueryParameter(key, "TIMESTAMP", at) for key, at in times.items()),
            *(bigquery.ScalarQueryParameter(key, "INT64", number) for key, number in numbers.items()),
            *(
                bigquery.ScalarQueryParameter(key, "STRING", text)
                if isinstance(text, str)
                else bigquery.ArrayQueryParameter(key, "STRING", list(text))
                for key, text in texts.items()
            ),
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


def _sums(row: Any, of: str) -> Sums:
    fields = ("", "_squares", "_before", "_before_squares", "_products")
    total, squares, before, before_squares, products = (float(row[f"{of}{field}"]) for field in fields)
    return Sums(0, row["reacted"], total, squares, before, before_squares, products)
