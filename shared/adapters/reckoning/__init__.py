"""The history and what was accepted, held against each other by SQL on BigQuery. What is asked stands beside this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from shared.adapters.warehouse import Warehouse
from shared.domain.delivery import FINAL
from shared.ports import Counted, Unended, Untold

ACCEPTED_BEFORE = timedelta(days=31)
"""For so long a signal that comes again is known to have come before."""

_FILES = Path(__file__).parent


class Reckoning:
    """The port `Reckoning`."""

    def __init__(
        self, project: str, dataset: str = "kairos", history: str = "history", accepted: str = "accepted"
    ) -> None:
        """Add up two tables of a project; the client is made at first use."""
        self._warehouse = Warehouse(project, dataset)
        self._tables = {"{history}": self._warehouse.table(history), "{accepted}": self._warehouse.table(accepted)}

    def unended(self, since: datetime, until: datetime, limit: int) -> Sequence[Unended]:
        """Contacts reserved in a time of whose deliveries no end is told, the longest ago first."""
        sql = self._sql("unended")
        rows, _ = self._warehouse.ask(sql, {"since": since, "until": until}, {"ends": sorted(FINAL), "most": limit})
        return [Unended(row["delivery_id"], row["person_id"], row["reserved_at"]) for row in rows]

    def counted(self, since: datetime, until: datetime) -> Counted:
        """What became of the signals of a time."""
        rows, _ = self._warehouse.ask(self._sql("counted"), _signals_of(since, until), {})
        found = {row["came_to"]: int(row["signals"]) for row in rows}
        return Counted(*(found.get(name, 0) for name in Counted._fields))

    def untold(self, since: datetime, until: datetime, limit: int) -> Sequence[Untold]:
        """Those of its signals of which nothing is told, the longest ago first."""
        rows, _ = self._warehouse.ask(self._sql("untold"), _signals_of(since, until), {"most": limit})
        return [Untold(row["decision_id"], row["came_at"]) for row in rows]

    def reserved(self, since: datetime) -> Mapping[str, int]:
        """How many contacts were reserved since then, by treatment."""
        rows, _ = self._warehouse.ask(self._sql("reserved"), {"since": since}, {})
        return {row["treatment"]: int(row["contacts"]) for row in rows}

    def _sql(self, name: str) -> str:
        sql = (_FILES / f"{name}.sql").read_text(encoding="utf-8")
        for mark, table in self._tables.items():
            sql = sql.replace(mark, table)
        return sql


def _signals_of(since: datetime, until: datetime) -> dict[str, datetime]:
    return {"before": since - ACCEPTED_BEFORE, "since": since, "until": until}
