"""`kairos audit`: who did what to releases and switches, when and why; and whether the log is whole."""

from __future__ import annotations

from typing import Any

import click

from cli.governed import Desk, desk, operator_options
from cli.say import fail, json_option, say_json


@click.group(invoke_without_command=True)
@click.pass_context
@operator_options
@json_option
def audit(context: click.Context, person: str, environment: str, as_json: bool) -> None:
    """Show the audit log of releases and switches, or with `verify` compare it with itself and with what is there."""
    if context.invoked_subcommand is not None:
        return
    with desk(person, environment) as at:
        entries, head = _all(at)
    if as_json:
        say_json({"entries": entries, "head": head})
        return
    for each in entries:
        said = dict(each["command"])
        did, why = said.pop("do"), said.pop("why", "")
        said.pop("release", None)
        about = f" {each['about']}" if each["about"] else ""
        told = ", ".join(f"{name} {value}" for name, value in said.items() if name not in ("figures", "kind", "id"))
        when = each["at"][:19].replace("T", " ")
        click.echo(f"{each['number']:>4}  {when}  {each['by']:<12} {did}{about}{f' ({told})' if told else ''}: {why}")
    click.echo(f"head {head}")


@audit.command()
@click.option("--head", default="", help="A head that was noted earlier: it must be in the log still.")
@operator_options
@json_option
def verify(head: str, person: str, environment: str, as_json: bool) -> None:
    """Find what was changed, taken out or put beside the log; exit code 1 where anything was."""
    with desk(person, environment) as at:
        found = at.ask("/v1/audit/verification", head=head)
    if as_json:
        say_json(found)
    elif found["agrees"]:
        click.secho(f"✓ {found['entries']} entries agree with each other and with what is in force", fg="green")
        click.echo(f"head {found['head']}")
    if not found["agrees"]:
        for each in found["findings"] if not as_json else ():
            click.echo(f"entry {each['entry']}, {each['kind']}: {each['detail']}")
        fail(f"{len(found['findings'])} findings", "Somebody wrote to the database beside the function releases.")


def _all(at: Desk) -> tuple[list[dict[str, Any]], str]:
    """The whole log, and its head."""
    entries: list[dict[str, Any]] = []
    while True:
        page = at.ask("/v1/audit", after=str(entries[-1]["number"] if entries else 0))
        entries += page["entries"]
        if not page["entries"] or page["head"].startswith(f"{entries[-1]['number']}:"):
            return entries, page["head"]
