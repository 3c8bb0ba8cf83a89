"""`kairos person export`, `erase` and `readmit`: what is held about a customer, handed over or erased."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec

from cli.platform import running
from cli.say import fail, json_option, say_json
from cli.talk import checked, whom

SECONDS = 300.0

_who = click.argument("identifier", metavar="NS=VALUE|ID")
_case = click.option(
    "--case", required=True, help="The reference of the request in your own files, such as DSR-2026/17."
)


@click.command()
@click.argument("identifier", metavar="NS=VALUE|ID", required=False)
@click.option("--case", help="The reference of the request in your own files, such as DSR-2026/17.")
@click.option("--kept", metavar="ID", help="What the workflow `export` put aside.")
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def export(identifier: str | None, case: str | None, kept: str | None, file: Path | None) -> None:
    """Hand over everything that is held about a customer, as JSON."""
    if (kept is None) == (identifier is None) or (identifier is not None and case is None):
        raise click.UsageError("name a customer and the --case, or what is --kept")
    with running().client("privacy") as client:
        if kept is not None:
            held = checked(client.get(f"/v1/exports/{kept}", timeout=SECONDS))
        else:
            held = _ask(client, "/v1/persons/export", identifier or "", case or "")
    if file is None:
        say_json(held)
        return
    try:
        _write_private(file, msgspec.json.format(msgspec.json.encode(held), indent=2))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", "Name a file in a folder that is there, with --to.")
    parts = ", ".join(f"{len(part)} {name}" for name, part in held.items() if isinstance(part, list))
    click.echo(f"✓ {file}: the profile of {held['person_id']}, {parts}")


@click.command()
@click.argument("identifier", metavar="NS=VALUE|ID", required=False)
@click.option("--case", help="The reference of the request in your own files, such as DSR-2026/17.")
@click.option("--resume", is_flag=True, help="Go on with every erasure that is not finished.")
@json_option
def erase(identifier: str | None, case: str | None, resume: bool, as_json: bool) -> None:
    """Erase a customer: for good. It says what was erased where, and what remains until when."""
    if resume == (identifier is not None) or (identifier is not None and case is None):
        raise click.UsageError("name a customer and the --case, or say --resume")
    with running().client("privacy") as client:
        if identifier is not None:
            reports = [_ask(client, "/v1/erasures", identifier, case or "")]
        else:
            known = checked(client.get("/v1/erasures"))["erasures"]
            unfinished = [each["id"] for each in known if "finished_at" not in each]
            reports = [checked(client.post(f"/v1/erasures/{each}", json={}, timeout=SECONDS)) for each in unfinished]
    if as_json:
        say_json(reports if resume else reports[0])
        return
    if not reports:
        click.echo("Every erasure is finished.")
    for report in reports:
        _say(report)


@click.command()
@_who
@_case
def readmit(identifier: str, case: str) -> None:
    """Let an identifier of somebody who was erased stand for a new customer, eight days after."""
    with running().client("privacy") as client:
        _ask(client, "/v1/readmissions", identifier, case)
    click.echo(f"✓ the next signal with this {identifier.partition('=')[0]} makes a new person")


@click.command()
@click.option("--project", required=True, help="A project of Google Cloud.")
def keys(project: str) -> None:
    """Make the tree of secrets that the keys of a project's persons follow from, unless it is there."""
    from cli.stores import make_person_keys

    wrapped_by = make_person_keys(project)
    click.echo(f"✓ {project} has a tree of persons' keys, wrapped by {wrapped_by}")


def _write_private(file: Path, text: bytes) -> None:
    """Write a file that only its owner can read, whatever one that was there before let others do."""
    descriptor, name = tempfile.mkstemp(prefix=".", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(text)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _ask(client: httpx.Client, path: str, identifier: str, case: str) -> dict[str, Any]:
    return checked(client.post(path, json={"identifiers": whom(identifier), "case": case}, timeout=SECONDS))


def _say(report: dict[str, Any]) -> None:
    erasure = report["erasure"]
    erased = ", ".join(f"{count} {where}" for where, count in erasure.get("erased", {}).items())
    click.echo(f"✓ erasure {erasure['id']}: the key is destroyed; erased {erased or 'nothing more'}")
    if "finished_at" not in erasure:
        again = _minute(erasure["again_at"])
        click.echo(f"  not finished: what was in flight may still write. The clock finishes it from {again} on")
    click.echo("  what remains:")
    for each in report["remaining"]:
        until = f"until {_minute(each['until'])}" if each["until"] else "stays"
        click.echo(f"  · {each['where']}: {each['what']} ({until})")


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
