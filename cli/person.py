"""`kairos person`: one customer, with reasons."""

from __future__ import annotations

from typing import Any

import click

from cli import privacy
from cli.platform import running
from cli.say import json_option, say_json
from cli.talk import checked, whom

_who = click.argument("who", metavar="NS=VALUE|ID")


@click.group()
def person() -> None:
    """Show a customer, say why two are one, take them apart; hand over or erase what is held.

    Who is meant is said by an identifier, such as customer_no=C000001, or by an id of a person, which may be a former
    one.
    """


@person.command()
@_who
@json_option
def show(who: str, as_json: bool) -> None:
    """Show what is held about a person."""
    shown = _ask("show", {"identifiers": whom(who)})
    if as_json:
        say_json(shown)
        return
    from cli.personal import say_person

    say_person(shown)


@person.command()
@click.argument("one", metavar="NS=VALUE|ID")
@click.argument("other", metavar="NS=VALUE|ID")
@json_option
def why(one: str, other: str, as_json: bool) -> None:
    """Say why two are one person: the shortest chain of evidence. Ends with 1 where they are not."""
    found = _ask("why", {"one": whom(one), "other": whom(other)})
    if as_json:
        say_json(found)
    else:
        from cli.personal import say_why

        say_why(found)
    raise SystemExit(0 if found["one_person"] else 1)


@person.command()
@click.argument("one", metavar="NS=VALUE|ID")
@click.argument("other", metavar="NS=VALUE|ID")
@click.option("--reason", required=True, help="Why they are not one person; it is kept with the links.")
@click.option("--yes", is_flag=True, help="Do it, and do not ask.")
@json_option
def unmerge(one: str, other: str, reason: str, yes: bool, as_json: bool) -> None:
    """Take two apart that were taken for one person. Says what it will do, and asks."""
    from cli.personal import say_unmerge

    if as_json and not yes:
        raise click.UsageError("--json asks nothing: say --yes too")
    wanted = {"one": whom(one), "other": whom(other), "reason": reason}
    if not yes:
        say_unmerge(_ask("unmerge", wanted))
        click.confirm("Do it?", abort=True, err=True)
    done = _ask("unmerge", {**wanted, "do": True})
    if as_json:
        say_json(done)
    else:
        say_unmerge(done)


person.add_command(privacy.export)
person.add_command(privacy.erase)
person.add_command(privacy.readmit)
person.add_command(privacy.keys)


def _ask(what: str, body: dict[str, Any]) -> dict[str, Any]:
    with running().client("persons") as client:
        return checked(client.post(f"/v1/persons/{what}", json=body))
