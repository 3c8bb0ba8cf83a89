"""`kairos replay`, `kairos seal` and `kairos verify`: whether what was recorded is what was decided, and unchanged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import click
import httpx
from rich.console import Console
from rich.progress import track

from cli.platform import running
from cli.say import json_option, say_json
from cli.talk import checked

IN_ONE = 1000
"""Decisions asked for at once, about: ids begin with digits that are spread evenly."""

_DIGITS = "0123456789abcdef"


class Day(click.ParamType[date]):
    """A day, as an option of a command."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day that a text names."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, in no zone of its own
        except ValueError:
            self.fail(f"{value} is no day such as 2026-03-01", param, ctx)


_day = click.option("--day", type=Day(), required=True, help="The day, UTC.")


@click.command()
@click.argument("decision_id", required=False)
@click.option("--day", type=Day(), help="All decisions of this day, UTC; with an ID, the day on which it was made.")
@json_option
def replay(decision_id: str | None, day: date | None, as_json: bool) -> None:
    """Make a decision again from its record and revision, or all of a day, and compare byte for byte."""
    if decision_id is None and day is None:
        raise click.UsageError("name a decision, or a --day")
    if decision_id is not None:
        made = _one(decision_id, day)
        found = {"decisions": 1, "differing": [] if made["agrees"] else [made], "erased": 0}
    else:
        found = _all(str(day), quiet=as_json)
    if as_json:
        say_json(found)
    else:
        _say_replays(found)
    raise SystemExit(1 if found["differing"] else 0)


@click.command()
@_day
@json_option
def seal(day: date, as_json: bool) -> None:
    """Chain the rows of a day that no seal has yet, and seal them."""
    with running().client("records") as client:
        made = checked(client.post(f"/v1/days/{day}/seals", timeout=None))
    if as_json:
        say_json(made)
    elif made["seal"] is None:
        click.echo(f"Nothing of {day} waits for a seal.")
    else:
        click.echo(f"✓ seal {made['seal']['number']} of {day}: {made['seal']['rows']} rows")
        click.echo(f"  head {made['seal']['head']}")


@click.command()
@_day
@json_option
def verify(day: date, as_json: bool) -> None:
    """Compare the rows of a day with its seals: what was changed or is missing is named."""
    with running().client("records") as client:
        found = checked(client.post(f"/v1/days/{day}/verification", timeout=None))
    if as_json:
        say_json(found)
    else:
        _say_verification(found)
    raise SystemExit(0 if found["agrees"] else 1)


def _one(decision_id: str, day: date | None) -> dict[str, Any]:
    with running().client("decide") as client:
        when = {"day": str(day)} if day else {}
        return checked(client.post(f"/v1/decisions/{decision_id}/replay", params=when))


def _all(day: str, *, quiet: bool) -> dict[str, Any]:
    """Every part of a day in turn; on a terminal with its progress."""
    decisions, erased, differing = 0, 0, []
    with running().client("records") as client:
        parts = list(parts_of(checked(client.get(f"/v1/days/{day}"))["decisions"]))
        console = Console(stderr=True)
        for part in track(parts, f"replaying {day}", console=console, disable=quiet or not console.is_terminal):
            found = _part(client, day, part)
            decisions += found["decisions"]
            erased += found["erased"]
            differing += found["differing"]
    return {"decisions": decisions, "differing": differing, "erased": erased}


def _part(client: httpx.Client, day: str, prefix: str) -> dict[str, Any]:
    return checked(client.post(f"/v1/days/{day}/replay", params={"prefix": prefix}, timeout=None))


def parts_of(decisions: int) -> Iterator[str]:
    """Beginnings of ids that part so many decisions into parts of about a thousand."""
    digits = 0
    while decisions > IN_ONE * 16**digits:
        digits += 1
    if not digits:
        return iter([""])
    return ("d-" + "".join(each) for each in itertools.product(_DIGITS, repeat=digits))


def _say_replays(found: dict[str, Any]) -> None:
    for made in found["differing"]:
        click.echo(f"✗ {made['decision_id']}")
        for difference in made["differences"]:
            click.echo(
                f"    {difference['field']}: recorded {_short(difference['recorded'])}, "
                f"replayed {_short(difference['replayed'])}"
            )
    agreeing = found["decisions"] - len(found["differing"])
    click.echo(f"{'✗' if found['differing'] else '✓'} {agreeing} of {found['decisions']} replay to the byte.")
    if found["erased"]:
        click.echo(f"· {found['erased']} are of persons who were erased: nobody can open them, and their seals hold.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _say_verification(found: dict[str, Any]) -> None:
    for finding in found["findings"]:
        what = f"row {finding['row_id']} is {finding['kind']}" if "row_id" in finding else f"its {finding['kind']}"
        said = what if "row_id" in finding else f"{what} is wrong"
        click.echo(f"✗ seal {finding['seal']}: {said}")
    mark = "✓" if found["agrees"] else "✗"
    click.echo(
        f"{mark} {found['day']}: {found['sealed']} rows under {found['seals']} seals; "
        f"{found['unsealed']} came later and wait for the next."
    )
