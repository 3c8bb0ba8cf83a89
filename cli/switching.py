"""`kairos switch`: what is off, and what stops it at once."""

from __future__ import annotations

import click

from cli.governed import desk, operator_options
from cli.say import json_option, say_json

_kind = click.argument("kind", type=click.Choice(["action", "brand", "channel"]))
_id = click.argument("id_", metavar="ID")
_why = click.option("--why", required=True, help="The reason, as the audit log keeps it.")


@click.group()
def switch() -> None:
    """Switch an action, a brand or a channel off for everybody, within seconds, or on again."""


@switch.command()
@_kind
@_id
@_why
@operator_options
@json_option
def off(kind: str, id_: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Switch KIND ID off: it is chosen no more, and what of it is in flight is not sent."""
    _set(kind, id_, why, person, environment, is_off=True, as_json=as_json)


@switch.command()
@_kind
@_id
@_why
@operator_options
@json_option
def on(kind: str, id_: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Switch KIND ID on again. What was not sent meanwhile stays so."""
    _set(kind, id_, why, person, environment, is_off=False, as_json=as_json)


@switch.command(name="list")
@operator_options
@json_option
def list_(person: str, environment: str, as_json: bool) -> None:
    """Show what is off, and who switched it off when and why."""
    with desk(person, environment) as at:
        switches = at.ask("/v1/switches")["switches"]
    if as_json:
        say_json(switches)
        return
    for each in switches:
        when = each["at"][:19].replace("T", " ")
        click.echo(f"{each['kind']} {each['id']} is off since {when}: {each['why']} ({each['by']})")
    if not switches:
        click.echo("Everything is on.")


def _set(kind: str, id_: str, why: str, person: str, environment: str, *, is_off: bool, as_json: bool) -> None:
    with desk(person, environment) as at:
        made = at.do("/v1/switches", {"kind": kind, "id": id_, "off": is_off, "why": why})
    if as_json:
        say_json(made)
        return
    click.secho(f"✓ {kind} {id_} is {'off' if is_off else 'on'}", fg="green")
