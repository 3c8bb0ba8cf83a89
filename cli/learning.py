"""`kairos model learnt` and `challengers`: what was learnt night by night, and who is held against the models."""

from __future__ import annotations

from pathlib import Path

import click

from cli.platform import running
from cli.say import json_option, say_json
from cli.talk import checked


@click.command()
@click.argument("day", required=False)
@json_option
def learnt(day: str | None, as_json: bool) -> None:
    """What the workflow `learn` found of a DAY, such as 2026-03-01, or `yesterday`; without, the days there are."""
    with running().client("records") as client:
        found = checked(client.get("/v1/learning" if day is None else f"/v1/learning/{day}"))
    if as_json:
        say_json(found)
        return
    if day is None:
        click.echo("\n".join(found["days"]) or "Nothing is learnt yet: kairos workflow run learn")
        return
    for alert in found["alerts"]:
        click.echo(f"{'✗' if alert['severity'] == 'alarm' else '!'} {alert['about']}: {alert['says']}")
    for each in found["challengers"]:
        compared = each["compared"]
        said = compared.get("says") or "decided"
        click.echo(f"· {each['challenger']}: {compared['treatments']:,} treatments, {compared['verdict']}, {said}")
    for proposal in found["proposals"]:
        may = (
            "may take the models' place" if proposal["does"] == "promote" else "should give the models their place back"
        )
        click.echo(f"✓ {proposal['challenger']} {may}: {proposal['says']}")
    for group in found["alike"]:
        click.echo(f"· {', '.join(group)} say much the same: models listen to the best of them")
    click.echo(f"{found['models']} models on {found['day']}, {len(found['alerts'])} alerts")


@click.command()
@click.option(
    "--add",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What declares an estimator from outside; in place of what it declared before.",
)
@click.option("--remove", metavar="NAME", help="Hold it against the models no more.")
@json_option
def challengers(add: Path | None, remove: str | None, as_json: bool) -> None:
    """Who is held against the models every night."""
    with running().client("records") as client:
        if add is not None:
            headers = {"content-type": "application/json"}
            checked(client.post("/v1/challengers", content=add.read_bytes(), headers=headers))
        if remove is not None:
            checked(client.delete(f"/v1/challengers/{remove}"))
        found = checked(client.get("/v1/challengers"))
    if as_json:
        say_json(found)
    else:
        click.echo("\n".join(found["challengers"]) or "Nobody is: kairos model challengers --add FILE")
