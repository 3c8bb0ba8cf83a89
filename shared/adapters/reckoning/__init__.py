"""The history and what was accepted, held against each other by SQL on BigQuery. What is asked stands beside this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from shared.adapters.warehouse import Warehouse
from shared.domain.delivery import FINAL
from shared.ports import Unended

_FILES = Path(__file__).parent


class Reckoning:
    """The port `Reckoning`."""

    def __init__(self, project: str, dataset: str = "kairos", history: str = "history") -> None:
        """Add up a table of a project; the client is made at first use."""
        self._warehouse = Warehouse(project, dataset)
        self._tables = {"{history}": self._warehouse.table(history)}

    def unended(self, since: datetime, until: datetime, limit: int) -> Sequence[Unended]:
        """Contacts reserved in a time of whose deliveries no end is told, the longest ago first."""
        sql = self._sql("unended")
        rows, _ = self._warehouse.ask(sql, {"since": since, "until": until}, {"ends": sorted(FINAL), "most": limit})
        return [Unended(row["delivery_id"], row["person_id"], row["at"]) for row in rows]

    def _sql(self, name: str) -> str:
        sql = (_FILES / f"{name}.sql").read_text(encoding="utf-8")
        for mark, table in self._tables.items():
            sql = sql.replace(mark, table)
        return sql
