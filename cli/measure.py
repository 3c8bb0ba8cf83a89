"""`kairos measure`: what next best action is worth, and what each action did."""

from __future__ import annotations

from datetime import date
from typing import Any

import click
import httpx

from cli.platform import running
from cli.records import Day, parts_of
from cli.say import json_option, say_json
from cli.talk import checked

_UNITS = {"acceptances": "acceptances of 1,000 persons", "pounds": "£ of 1,000 persons"}


@click.command()
@click.option("--from", "since", type=Day(), help="The first day, UTC; by default 27 days before the last.")
@click.option("--to", "until", type=Day(), help="The last day, UTC; by default today.")
@click.option("--experiment", default="standing", show_default=True, help="Whose arms are compared.")
@click.option("--uplift", is_flag=True, help="What each action did to whom it was given, against those held out.")
@click.option(
    "--instead",
    type=click.Choice(["priority", "propensity", "no_levers"]),
    help="What another way of ranking would have come to, by what was drawn or left to chance.",
)
@click.option("--change", metavar="REVISION", help="What another revision would have come to, likewise: its id.")
@click.option("--kept", metavar="NAME", help="What was measured of a day, 2026-03-01, or a month, 2026-03; or list.")
@click.option("--all", "every", is_flag=True, help="Comparisons of which nothing can be said, too.")
@json_option
def measure(
    since: date | None,
    until: date | None,
    *,
    experiment: str,
    uplift: bool,
    instead: str | None,
    change: str | None,
    kept: str | None,
    every: bool,
    as_json: bool,
) -> None:
    """Compare next best action with the arms of an experiment and the universal control group, by channel and issue."""
    period = {name: str(day) for name, day in (("from", since), ("to", until)) if day is not None}
    with running().client("records") as client:
        if kept:
            found = _kept(client, kept, uplift=uplift)
        elif uplift:
            found = checked(client.get("/v1/measures/uplift", params=period, timeout=None))
        elif change:
            found = checked(client.get("/v1/measures/change", params={**period, "revision": change}, timeout=None))
        elif instead:
            found = checked(client.get("/v1/measures/off-policy", params={**period, "ranks_by": instead}, timeout=None))
        else:
            asked = {**period, "experiment": experiment}
            found = checked(client.get("/v1/measures", params=asked, timeout=None))
    if as_json:
        say_json(found)
    elif "names" in found:
        click.echo("\n".join(found["names"]) or "Nothing is kept yet: kairos workflow run measure")
    elif uplift:
        _say_uplift(found)
    elif change:
        _say_change(found)
    elif instead:
        _say_instead(found)
    else:
        _say_report(found, every=every)
    raise SystemExit(1 if found.get("problem") else 0)


@click.command()
@click.option("--day", type=Day(), required=True, help="The day, UTC.")
@json_option
def weigh(day: date, as_json: bool) -> None:
    """Tell the history how probable the choices of a day were, where their own rows could not say it."""
    found: dict[str, Any] = {"day": str(day), "decisions": 0, "told": 0, "passed_over": 0}
    with running().client("records") as client:
        for prefix in parts_of(checked(client.get(f"/v1/days/{day}"))["decisions"]):
            part = checked(client.post(f"/v1/days/{day}/weighing", params={"prefix": prefix}, timeout=None))
            for what in ("decisions", "told", "passed_over"):
                found[what] += part[what]
    if as_json:
        say_json(found)
    else:
        click.echo(
            f"✓ {day}: of {found['told']} of {found['decisions']} decisions the history is told how probable they were"
        )
        click.echo("  The rows of the others say it themselves.")
        if found["passed_over"]:
            click.echo(f"· {found['passed_over']} could not be opened, or their revision is gone.")


def _kept(client: httpx.Client, name: str, *, uplift: bool) -> dict[str, Any]:
    """What was measured of a time and kept; or the names of those times."""
    if name == "list":
        return checked(client.get("/v1/measures/kept"))
    kept: dict[str, Any] = checked(client.get(f"/v1/measures/kept/{name}"))["uplifts" if uplift else "report"]
    return kept


def _say_instead(found: dict[str, Any]) -> None:
    support = found["support"]
    click.echo(f"by {found['ranks_by']}, {found['since'][:10]} to {found['until'][:10]} (that day excluded)")
    if support is None:
        click.echo("✗ No decision of that time was drawn or left to chance, so nothing can be said.")
    else:
        decisions, effective = support[:2]
        click.echo(f"  {decisions:,} decisions, worth {effective:,.0f} once weighted")
    for each in found["estimates"]:
        said = f"{_UNITS[each['measure']].replace('persons', 'decisions')}: {1000 * each['now']:,.2f} as it was"
        if each.get("refused"):
            click.echo(f"✗ {said}; {each['refused']}")
            continue
        for name in ("ips", "snips", "dr"):
            if each.get(name):
                estimate, low, high = (1000 * bound for bound in each[name])
                said += f"; {name} {estimate:,.2f} ({low:,.2f} to {high:,.2f})"
        click.echo(f"  {said}")
    if found["passed_over"]:
        click.echo(f"· {found['passed_over']} decisions left nothing to chance, or cannot be opened or made again.")


def _say_change(found: dict[str, Any]) -> None:
    click.echo(f"{found['revision'][:19]}…, {found['since'][:10]} to {found['until'][:10]} (that day excluded)")
    if not found["worth"]:
        click.echo("✗ No decision of that time was drawn or left to chance, so nothing can be said.")
    else:
        click.echo(f"  of {found['decisions']:,} decisions, {found['changing']:,} would choose something else")
    for each in found["worth"]:
        said = f"{_UNITS[each['measure']].replace('persons', 'decisions')}: {1000 * each['now']:,.2f} as it was"
        if each.get("refused"):
            click.echo(f"✗ {said}; {each['refused']}")
            continue
        estimate, low, high = (1000 * bound for bound in each["difference"])
        click.echo(f"  {said}, {estimate:+,.2f} with the change ({low:+,.2f} to {high:+,.2f})")
    if found["passed_over"]:
        click.echo(f"· {found['passed_over']} decisions left nothing to chance, or cannot be opened or made again.")


def _say_report(found: dict[str, Any], *, every: bool) -> None:
    click.echo(f"{found['experiment']}, {found['since'][:10]} to {found['until'][:10]} (that day excluded)")
    for arm, persons in sorted(found["found"].items()):
        click.echo(f"  {arm:<20} {persons:>9,} persons, {found['expected'][arm]:,.0f} expected")
    if found["problem"]:
        click.secho(f"✗ {found['problem']}", fg="red")
    silent = 0
    for each in found["comparisons"]:
        if each.get("difference") is None and not every:
            silent += 1
            continue
        click.echo(_compared(each))
    if silent:
        click.echo(f"· of {silent} comparisons nothing can be said yet: --all says why")
    _say_scanned(found)


def _compared(each: dict[str, Any]) -> str:
    of = ", ".join(part for part in (each["channel"], each["issue"]) if part) or "everything"
    said = f"  against {each['against']}, {of}, {_UNITS[each['measure']]}: "
    ours, theirs = (1000 * mean for mean in each["means"])
    said += f"{ours:,.2f} and {theirs:,.2f}"
    if each.get("difference") is None:
        return f"{said}; {each['refused']}"
    estimate, low, high = (1000 * bound for bound in each["difference"])
    mark = "✓" if low > 0 or high < 0 else "·"
    said = f"{mark}{said[1:]}, {estimate:+,.2f} ({low:+,.2f} to {high:+,.2f})"
    if each.get("lift"):
        lift, least, most = (100 * bound for bound in each["lift"])
        said += f", {lift:+.0f} % ({least:+.0f} to {most:+.0f})"
    return said


def _say_uplift(found: dict[str, Any]) -> None:
    if not found["actions"]:
        click.echo("No action was held back from anybody in that time.")
    for each in found["actions"]:
        said = (
            f"  {each['action']}: accepted by {100 * each['accepts']:.2f} % of {each['given']:,} who were given it, "
            f"by {100 * each['accepts_anyway']:.2f} % of {each['held_out']:,} held out"
        )
        if each.get("uplift"):
            estimate, low, high = (100 * bound for bound in each["uplift"])
            said += f": {estimate:+.2f} ({low:+.2f} to {high:+.2f}) of 100"
        else:
            said += f"; {each['refused']}"
        click.echo(said)
    _say_scanned(found)


def _say_scanned(found: dict[str, Any]) -> None:
    scanned = found["scanned_bytes"]
    if scanned is not None:
        click.echo(f"· BigQuery read {scanned / 1e9:,.3f} GB for it.")
