"""`kairos export`: models, interactions and decisions, as files that `pdstools` reads; and records as they are kept."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from cli.platform import running
from cli.records import Day, parts_of
from cli.say import json_option, say_json
from cli.talk import checked

_NAMES = {
    "models": "Data-Decision-ADM-ModelSnapshot_pyModelSnapshots",
    "predictors": "Data-Decision-ADM-PredictorBinningSnapshot_pyADMPredictorSnapshots",
    "interactions": "Data-pxStrategyResult_pxInteractionHistory",
    "decisions": "Data-Decision-Analyzer_Extract",
}


@click.command()
@click.argument("what", type=click.Choice(["models", "interactions", "decisions", "records"]))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--day", type=Day(), help="Of all but models: the day, UTC; by default today.")
@json_option
def export(what: str, folder: Path, day: date | None, as_json: bool) -> None:
    """Write models with their predictors, or a day's interactions, decisions or records, into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    written = [_write(folder, kind, rows, at) for kind, rows in _rows(what, day or at.date())]
    if as_json:
        say_json({"files": [{"file": str(file), "rows": count} for file, count in written]})
        return
    for file, count in written:
        click.echo(f"✓ {file}: {count} rows")


def _rows(what: str, day: date) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """What is to be written, file by file."""
    with running().client("records") as client:
        if what == "models":
            for kind in ("models", "predictors"):
                yield kind, checked(client.get(f"/v1/exports/{kind}", timeout=None))["rows"]
        elif what == "interactions":
            yield what, checked(client.get(f"/v1/exports/interactions/{day}", timeout=None))["rows"]
        else:
            rows: list[dict[str, Any]] = []
            for prefix in parts_of(checked(client.get(f"/v1/days/{day}"))["decisions"]):
                asked = client.get(f"/v1/exports/{what}/{day}", params={"prefix": prefix}, timeout=None)
                rows += checked(asked)["rows"]
            yield what, rows


def _write(folder: Path, kind: str, rows: list[dict[str, Any]], at: datetime) -> tuple[Path, int]:
    """One file as these tools export it: JSON, a row a line, in an archive; of records without one."""
    if kind not in _NAMES:
        file = folder / f"{kind}-{at:%Y%m%dT%H%M%S}.jsonl"
        file.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
        return file, len(rows)
    file = folder / f"{_NAMES[kind]}_{at:%Y%m%dT%H%M%S}_GMT.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", b"\n".join(msgspec.json.encode(row) for row in rows))
    return file, len(rows)
