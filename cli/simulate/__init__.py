"""`kairos simulate`: what a revision would do for many persons, or what would change from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.platform import ROOT
from cli.revisions import revision_of
from cli.say import fail, json_option, say_json_bytes
from cli.simulate.asking import Options, behaviour, occasion
from cli.simulate.page import page
from cli.simulate.reading import lines_of, lots
from cli.simulate.running import run
from cli.simulate.saying import say_differences, say_fairness, say_gates, say_summary, say_weeks
from cli.snapshots import read_snapshot
from shared.domain.batch.report import Findings, encoded, findings, report
from shared.domain.batch.simulating import AT_ONCE, Asked, Came
from shared.domain.catalogue import Gates, Revision
from shared.domain.errors import InvalidError
from shared.domain.releasing.gates import Gate, Simulated, gates

SAMPLE = ROOT / "catalogue" / "samples" / "customers.csv"
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Lines(click.ParamType[str]):
    """A file that is there; or files of a bucket, which the workers of Dataflow read."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same text."""
        text = str(value)
        if "://" not in text and not Path(text).is_file():
            self.fail(f"there is no file {text}", param, ctx)
        return text


@click.command()
@click.argument("revision", default=str(ROOT / "catalogue"))
@click.option("--against", metavar="REVISION", help="What it is compared with, as it is now.")
@click.option("--persons", type=_Lines(), help="Who is decided on; the customers of the sample bank, if not given.")
@click.option("--history", type=_Lines(), help="Decide these decisions of the past again instead, a record a line.")
@click.option("--channel", help="An inbound channel that asks; otherwise something is sent on any outbound channel.")
@click.option("--placement", "placements", multiple=True, metavar="ID[=COUNT]", help="On the channel; any, if none.")
@click.option("--brand", help="Whose the signal is, or the request.")
@click.option("--signal", "kind", help="The type of the signal that every person sends.")
@click.option("--context", "context", multiple=True, metavar="NAME=VALUE", help="What surrounds it.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]), help="When, UTC; now, if not given.")
@click.option("--who", "behind", metavar="NUMBER", help="Name the persons behind a number, such as issue:grow.")
@click.option("--record", "person", metavar="PERSON", help="Print the whole record of one person's decision.")
@click.option("--snapshot", type=_file, help="What models have learnt.")
@click.option("--weeks", default=0, type=click.IntRange(0, 52), help="Simulate contact pressure over so many weeks.")
@click.option("--seed", default=0, show_default=True, help="Of what becomes of contacts meanwhile.")
@click.option("--outcome", "shares", multiple=True, metavar="NAME=SHARE", help="How often, such as complaint=0.001.")
@click.option("--raises", multiple=True, metavar="OUTCOME=FLAG", help="A flag from the day after it on.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report with plots there too.")
@click.option("--gate", "gated", is_flag=True, help="Fail where a limit of gates.yaml or fairness.yaml is not kept.")
@click.option("--acknowledge", "acknowledged", multiple=True, metavar="LIMIT", help="One that is meant to be looser.")
@click.option("--processes", default=1, type=click.IntRange(1, 64), show_default=True)
@click.option(
    "--runner",
    default="local",
    show_default=True,
    type=click.Choice(["local", "direct", "dataflow"]),
    help="What runs it: this command; or as an Apache Beam pipeline, the runner on this machine or Dataflow.",
)
@click.option("--beam", multiple=True, metavar="NAME=VALUE", help="An option of Beam, such as region=europe-west2.")
@json_option
def simulate(revision: str, as_json: bool, **given: Any) -> None:
    """Decide for every person of a file as REVISION would, without sending or keeping anything.

    REVISION and --against are a folder, a built revision's file, a state of git, or on a running platform `live` or an
    id. A file of persons has a JSON object a line, or is a table like that of the sample bank.
    """
    options = Options(**given)
    revisions = [*([revision_of(options.against)] if options.against else []), revision_of(revision)]
    now = options.at.replace(tzinfo=UTC) if options.at else datetime.now(UTC)
    asked = Asked(
        revisions=tuple(each.catalogue.canonical() for each in revisions),
        behind=options.behind,
        person=options.person,
        weeks=options.weeks,
        seed=options.seed,
        behaviour=behaviour(options.shares, options.raises),
        counts=read_snapshot(options.snapshot).counts if options.snapshot else {},
        **occasion(options, revisions, now),
    )
    file = options.history or options.persons or str(SAMPLE)
    try:
        came = _run(asked, file, revisions[-1], now, options)
    except InvalidError as error:
        fail(f"{file}: {error}")
    found = findings(revisions, asked.now, came)
    if not found.after.persons:
        fail(f"{file} has no persons.", "It has one JSON object a line, or is a table.")
    judged = _gates(found, options.acknowledged)
    if options.person is not None:
        if not came.record:
            fail(f"{file} has no person {options.person}.")
        click.echo(came.record)
    elif options.behind is not None:
        _say_who(options.behind, found, as_json=as_json)
    else:
        _say(found, judged, as_json=as_json)
    if options.html is not None:
        _write(options.html, found, judged)
    if options.gated:
        _gate(found, judged)


def _run(asked: Asked, file: str, revision: Revision, now: datetime, options: Options) -> Came:
    """Decide here, or have a pipeline decide."""
    if options.runner != "local":
        if options.processes > 1:
            fail("Processes of a pipeline are Beam's.", "Say --beam direct_num_workers=2, or leave the runner out.")
        from cli.simulate.pipeline import run_pipeline

        return run_pipeline(asked, file, lines_of(file, revision, now), options.runner, options.beam)
    if options.beam:
        fail("An option of Beam is for a pipeline.", "Name one with --runner.")
    if "://" in file:
        fail(f"{file} is not on this machine.", "Copy it, or let --runner dataflow read it.")
    return run(asked, lots(lines_of(file, revision, now), AT_ONCE), options.processes)


def _write(file: Path, found: Findings, judged: Sequence[Gate]) -> None:
    """Write the report."""
    try:
        file.write_text(page(found, judged), encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")


def _gates(found: Findings, acknowledged: tuple[str, ...]) -> tuple[Gate, ...]:
    came = found.came
    return gates(
        Simulated(found.revisions[0], found.revisions[-1], came.summaries[0], came.summaries[-1], came.rates[-1]),
        acknowledged,
    )


def _gate(found: Findings, judged: Sequence[Gate]) -> None:
    """Fail where a gate is not passed, of the last revision or of the one before, and name each."""
    nothing = Gates()
    if not any(each.catalogue.fairness.limits or each.catalogue.gates != nothing for each in found.revisions):
        fail("The revision has neither gates nor limits of fairness.", "They stand in gates.yaml and fairness.yaml.")
    lost = [each for each in judged if not each.passed]
    if lost:
        names = ", ".join(dict.fromkeys(f"{each.kind} {each.id}".strip() for each in lost))
        fail(f"Gates are not passed: {names}.", "\n    ".join(each.said for each in lost))


def _say(found: Findings, judged: Sequence[Gate], *, as_json: bool) -> None:
    if as_json:
        say_json_bytes(encoded(report(found, judged)))
        return
    if found.before is not None:
        say_differences(found)
    else:
        say_summary(found)
    say_weeks(found)
    say_fairness(found.judged)
    say_gates([each for each in judged if each.kind != "fairness"])


def _say_who(behind: str, found: Findings, *, as_json: bool) -> None:
    """The persons behind a number; of two revisions who came and who went."""
    known = {name for summary in found.came.summaries for name in (*summary.counts, *summary.amounts)}
    known.update(name for rates in found.came.rates for name in rates.names())
    if behind not in known:
        near = sorted(name for name in known if name.partition(":")[0] == behind.partition(":")[0])
        fail(f"There is no number {behind}.", f"There are {', '.join(near or sorted(known))}.")
    names = [sorted(each) for each in found.came.behind]
    if len(names) == 1:
        told: dict[str, list[str]] = {"persons": names[0]}
    else:
        was, now = map(set, names)
        told = {
            "came": [person for person in names[1] if person not in was],
            "went": [person for person in names[0] if person not in now],
        }
    if as_json:
        say_json_bytes(encoded(told))
        return
    for word, persons in told.items():
        for each in persons:
            click.echo(each if word == "persons" else f"{word} {each}")
