"""The history added up by SQL on BigQuery. What is asked stands in the files beside this, for whoever wants to ask it
themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.adapters.bigquery import PRECEDENCE
from shared.adapters.warehouse import Warehouse
from shared.domain.measuring.arms import Sums
from shared.domain.measuring.report import REST, Arms, Cell, Totals
from shared.domain.measuring.uplift import sides_of
from shared.domain.outcome import POSITIVE
from shared.domain.releasing.guards import COMPLAINTS, FAILURES, GUARDS, NOBODY, Met
from shared.ports.measuring import AddedUp, Canary, Period

_FILES = Path(__file__).parent


class Measures:
    """The port `Measures`."""

    def __init__(self, project: str, dataset: str = "kairos", table: str = "history") -> None:
        """Add up a table of a project; the client is made at first use."""
        self._warehouse = Warehouse(project, dataset)
        self._history = self._warehouse.table(table)

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
        asked: dict[str, int | str | Sequence[str]] = {
            "canary": canary.revision,
            "live": canary.live,
            "slow_ms": canary.slow_ms,
            "failures": sorted(FAILURES),
            "complaints": sorted(COMPLAINTS),
        }
        rows, _ = self._query("canary", {"since": since, "until": until}, asked)
        found = {row["revision"]: Met(row["persons"], {guard: row[guard] for guard in GUARDS}) for row in rows}
        return found.get(canary.revision, NOBODY), found.get(canary.live, NOBODY)

    def accepted(self, since: datetime, until: datetime, prefix: str = "") -> frozenset[str]:
        """The decisions of which something was accepted in a period, and the deliveries that were."""
        asked: dict[str, int | str | Sequence[str]] = {
            "accepted": sorted(POSITIVE),
            "first": prefix,
            "beyond": f"{prefix}\U0010ffff",
        }
        rows, _ = self._query("accepted", {"since": since, "until": until}, asked)
        return frozenset(named for row in rows for named in (row["decision_id"], row["delivery_id"]) if named)

    def _query(
        self, name: str, times: Mapping[str, datetime], asked: Mapping[str, int | str | Sequence[str]]
    ) -> tuple[Iterator[Any], int | None]:
        """The rows of an answer, and the bytes that it read.

        Raises:
            TransientError: BigQuery did not answer.
        """
        sql = (_FILES / f"{name}.sql").read_text(encoding="utf-8")
        sql = sql.replace("{history}", self._history).replace("{precedence}", PRECEDENCE)
        return self._warehouse.ask(sql, times, asked)


def _sums(row: Any, of: str) -> Sums:
    fields = ("", "_squares", "_before", "_before_squares", "_products")
    total, squares, before, before_squares, products = (float(row[f"{of}{field}"]) for field in fields)
    return Sums(0, row["reacted"], total, squares, before, before_squares, products)
