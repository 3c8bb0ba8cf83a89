"""`kairos model`: what the adaptive models know, how well they tell, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from cli.cards import card
from cli.challenging import challenge_by
from cli.learning import challengers, learnt
from cli.platform import running
from cli.promoting import demote, promote
from cli.records import Day
from cli.revisions import revision_of
from cli.say import fail, json_option, say_json
from cli.snapshots import read_snapshot
from cli.talk import checked
from shared.domain.alike import Alike, alike
from shared.domain.monitoring import Alert, ModelReport, Report, Snapshot, report

_VERDICTS = {
    "better": "It tells better: it may take their place, by a change of the catalogue.",
    "worse": "It tells worse: leave things as they are.",
    "open": "That is not to be told yet: the intervals overlap.",
}
_WIDTH = 130
_LINES = 40

_snapshot = click.option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the models knew when this file was made; the running platform's without.",
)
_catalogue = click.option(
    "--catalogue", default="live", help="A folder, a built revision's file, live, sha256:…, or a commit of git."
)


@click.group()
def model() -> None:
    """See what the adaptive models know, and what is wrong with them."""


model.add_command(learnt)
model.add_command(challengers)
model.add_command(promote)
model.add_command(demote)


@model.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def snapshot(file: Path) -> None:
    """Keep what the models know now in FILE, to compare with later."""
    kept = _of_platform()
    file.write_bytes(msgspec.json.encode(kept))
    click.echo(f"✓ {len(kept.counts)} models in {file}")


@model.command()
@click.argument("name", required=False)
@_snapshot
@_catalogue
@json_option
def show(name: str | None, snapshot: Path | None, catalogue: str, as_json: bool) -> None:
    """All models, or what one knows, with its predictors and their bins: NAME is TREATMENT@CHANNEL."""
    found = report(revision_of(catalogue), _of(snapshot))
    if name is None:
        if as_json:
            say_json(found)
        else:
            _say_all(found)
        return
    one = _named(found, name)
    if as_json:
        say_json(one)
    else:
        click.echo(card(one, found.revision))


@model.command()
@_snapshot
@_catalogue
@click.option(
    "--before",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An earlier snapshot to compare with; of two, the older one says how fast responses came before.",
)
@click.option(
    "--people",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Customers, as in catalogue/samples/customers.csv: which predictors say the same, or what is protected.",
)
@json_option
def monitor(
    snapshot: Path | None, catalogue: str, before: tuple[Path, ...], people: Path | None, as_json: bool
) -> None:
    """What is wrong with the models, the worst first; exit code 1 where anything is an alarm."""
    revision = revision_of(catalogue)
    earlier = sorted((_of(each) for each in before), key=lambda each: -each.taken_at)[:2]
    found = report(revision, _of(snapshot), *earlier)
    alerts = list(found.alerts)
    groups: list[Alike] = []
    if people is not None:
        from datetime import UTC, datetime

        from emulators.seed import read_customers
        from shared.domain.stand_ins import stand_ins

        known = read_customers(people, revision.catalogue.profile_schema, datetime.now(UTC))
        attributes = [customer.profile.attributes for customer in known]
        alerts += stand_ins(revision, attributes)
        groups = alike(revision, attributes, found.models)
    alerts += [alert for each in found.models for alert in each.alerts]
    alerts.sort(key=lambda alert: alert.severity != "alarm")
    if as_json:
        say_json({"revision": found.revision, "models": len(found.models), "alerts": alerts, "alike": groups})
    else:
        _say_alerts(alerts, found)
        for group in groups:
            click.echo(f"· {', '.join(group.reads)} say much the same ({group.association:.2f}), the first best")
    raise SystemExit(1 if any(alert.severity == "alarm" for alert in alerts) else 0)


@model.command()
@click.option(
    "--by",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What declares an estimator from outside; without, the catalogue's challenger is held against the models.",
)
@click.option("--from", "since", type=Day(), help="With --by: the first day, UTC; by default 27 days before the last.")
@click.option("--to", "until", type=Day(), help="With --by: the last day, UTC; by default today.")
@_snapshot
@_catalogue
@json_option
def challenge(
    by: Path | None,
    since: date | None,
    until: date | None,
    snapshot: Path | None,
    catalogue: str,
    as_json: bool,
) -> None:
    """A challenger against the models, on the outcomes of the decisions that both scored."""
    if by is not None:
        challenge_by(by, since, until, as_json=as_json)
        return
    held = report(revision_of(catalogue), _of(snapshot)).challenger
    if held is None:
        fail("No challenger was scored yet.", "learning.challenger of arbitration.yaml declares one.")
    if as_json:
        say_json(held)
        return
    click.echo(f"models     AUC {held.auc:.3f} ({held.auc_low:.3f} to {held.auc_high:.3f})")
    interval = f"{held.challenger_auc_low:.3f} to {held.challenger_auc_high:.3f}"
    click.echo(f"challenger AUC {held.challenger_auc:.3f} ({interval})")
    click.echo(_VERDICTS[held.verdict])


@model.command("card")
@click.argument("names", nargs=-1)
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Write a file for each model here.")
@_snapshot
@_catalogue
def model_card(names: tuple[str, ...], folder: Path | None, snapshot: Path | None, catalogue: str) -> None:
    """Model cards in Markdown: of NAMES, or of all models that have learnt anything."""
    found = report(revision_of(catalogue), _of(snapshot))
    wanted = [_named(found, name) for name in names] or [
        each for each in found.models if each.positives + each.negatives
    ]
    if folder is None:
        click.echo("\n".join(card(each, found.revision) for each in wanted))
        return
    folder.mkdir(parents=True, exist_ok=True)
    for each in wanted:
        (folder / f"{each.model.replace('/', '_')}.md").write_text(card(each, found.revision), encoding="utf-8")
    click.echo(f"✓ {len(wanted)} model cards in {folder}")


def _of(file: Path | None) -> Snapshot:
    return _of_platform() if file is None else read_snapshot(file)


def _of_platform() -> Snapshot:
    with running().client("records") as client:
        return msgspec.convert(checked(client.get("/v1/models", timeout=None)), Snapshot)


def _named(found: Report, name: str) -> ModelReport:
    known = {each.model: each for each in found.models}
    if name not in known:
        fail(f"There is no model {name}.", "kairos model show lists them; a name is TREATMENT@CHANNEL.")
    return known[name]


def _say_all(found: Report) -> None:
    table = Table(box=None, padding=(0, 1))
    for title in ("model", "positives", "negatives", "P", "AUC", "error", "maturity", "active", ""):
        table.add_column(title, justify="left" if title in {"model", ""} else "right")
    for each in found.models[:_LINES]:
        interval = "" if each.auc is None else f"{each.auc:.3f} ({each.auc_low:.3f} to {each.auc_high:.3f})"
        worst = {alert.severity for alert in each.alerts}
        table.add_row(
            each.model,
            f"{each.positives:,.0f}",
            f"{each.negatives:,.0f}",
            f"{each.base_rate:.4f}",
            interval,
            "" if each.calibration_error is None else f"{each.calibration_error:.3f}",
            f"{each.maturity:.0%}",
            str(sum(predictor.is_active for predictor in each.predictors)),
            "✗" if "alarm" in worst else "!" if worst else "",
        )
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=_WIDTH)).print(table)
    if len(found.models) > _LINES:
        click.echo(f"and {len(found.models) - _LINES} more; --json has all")


def _say_alerts(alerts: Sequence[Alert], found: Report) -> None:
    for alert in alerts[:_LINES]:
        sign, colour = ("✗", "red") if alert.severity == "alarm" else ("!", "yellow")
        click.secho(f"{sign} {alert.about}: {alert.says}", fg=colour)
    if len(alerts) > _LINES:
        click.echo(f"and {len(alerts) - _LINES} more; --json has all")
    alarms = sum(alert.severity == "alarm" for alert in alerts)
    click.echo(f"{len(found.models)} models, {alarms} alarms, {len(alerts) - alarms} warnings")
