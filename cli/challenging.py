"""`kairos model challenge --by FILE`: an estimator from outside, held against the models."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from cli.platform import running
from cli.say import say_json
from cli.talk import checked

_VERDICTS = {
    "better": "✓ It says P better than the models do.",
    "worse": "✗ It says P worse than the models do.",
    "open": "· That is not to be told yet: {says}.",
}


def challenge_by(file: Path, since: date | None, until: date | None, *, as_json: bool) -> None:
    """Have the platform hold what a file declares against its models, and say what came of it."""
    period = {name: str(day) for name, day in (("from", since), ("to", until)) if day is not None}
    with running().client("records") as client:
        headers = {"content-type": "application/json"}
        content = file.read_bytes()
        found = checked(client.post("/v1/challenges", params=period, content=content, headers=headers, timeout=None))
    if as_json:
        say_json(found)
        return
    say_compared(found)


def say_compared(found: dict[str, Any]) -> None:
    """Say how a challenger did."""
    compared = found["compared"]
    click.echo(f"{found['challenger']}, {found['since'][:10]} to {found['until'][:10]} (that day excluded)")
    click.echo(
        f"  {compared['treatments']:,} treatments of which it is known what came, {compared['positives']:,} accepted, "
        f"{compared['unscored']:,} without a score; {found['passed_over']:,} decisions passed over"
    )
    if found.get("served"):
        click.echo(f"  of {found['served']:,} it said P itself, and the models' is on record beside it")
    if found.get("fell_back"):
        click.echo(f"  of {found['fell_back']:,} the models said P, because it failed or was late")
    for who, prefix in (("models", ""), ("challenger", "challenger_")):
        if compared.get(f"{prefix}loss") is not None:
            click.echo(f"  {who:<10} {_told(compared, prefix)}")
    if compared.get("gain"):
        gain, low, high = compared["gain"]
        click.echo(f"  it loses {gain:.5f} less ({low:.5f} to {high:.5f})")
    click.echo(_VERDICTS[compared["verdict"]].format(says=compared.get("says", "")))


def _told(compared: dict[str, Any], prefix: str) -> str:
    told = f"log loss {compared[f'{prefix}loss']:.5f}"
    if compared.get(f"{prefix}auc"):
        auc, low, high = compared[f"{prefix}auc"]
        told += f", AUC {auc:.3f} ({low:.3f} to {high:.3f})"
    return told
