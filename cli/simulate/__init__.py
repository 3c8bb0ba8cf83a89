"""`kairos simulate`: what a revision would do for many persons, or what would change from one to another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from cli.platform import ROOT
from cli.revisions import revision_of
from cli.say import fail, json_option, say_json
from cli.simulate.page import Told, page
from cli.simulate.persons import read
from cli.simulate.running import run
from cli.simulate.saying import say_differences, say_fairness, say_gates, say_summary, say_weeks
from cli.snapshots import read_snapshot
from shared.domain.batch.differing import Difference, differences
from shared.domain.batch.judging import compare, judge
from shared.domain.batch.simulating import AT_ONCE, Asked, Came, added
from shared.domain.batch.weeks import Week
from shared.domain.catalogue import Gates, Revision
from shared.domain.engagement import Slots
from shared.domain.releasing.gates import Gate, Simulated, gates
from shared.domain.signal import DECISION_REQUESTED

SAMPLE = ROOT / "catalogue" / "samples" / "customers.csv"


@click.command()
@click.argument("revision", default=str(ROOT / "catalogue"))
@click.option("--against", metavar="REVISION", help="What it is compared with, as it is now.")
@click.option("--persons", "file", default=SAMPLE, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", help="An inbound channel that asks; otherwise something is sent on any outbound channel.")
@click.option("--placement", "placements", multiple=True, metavar="ID[=COUNT]", help="On the channel; any, if none.")
@click.option("--brand", help="Whose the signal is, or the request.")
@click.option("--signal", "kind", help="The type of the signal that every person sends.")
@click.option("--context", "context", multiple=True, metavar="NAME=VALUE", help="What surrounds it.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]), help="When, UTC; now, if not given.")
@click.option("--who", "behind", metavar="NUMBER", help="Name the persons behind a number, such as issue:grow.")
@click.option("--record", "person", metavar="PERSON", help="Print the whole record of one person's decision.")
@click.option(
    "--snapshot", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What models have learnt."
)
@click.option("--weeks", default=0, type=click.IntRange(0, 52), help="Simulate contact pressure over so many weeks.")
@click.option("--seed", default=0, show_default=True, help="Of what persons accept meanwhile.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report with plots there too.")
@click.option("--gate", "gated", is_flag=True, help="Fail where a limit of gates.yaml or fairness.yaml is not kept.")
@click.option("--acknowledge", "acknowledged", multiple=True, metavar="LIMIT", help="One that is meant to be looser.")
@click.option("--processes", default=1, type=click.IntRange(1, 64), show_default=True)
@json_option
def simulate(revision: str, as_json: bool, **given: Any) -> None:
    """Decide for every person of a file as REVISION would, without sending or keeping anything.

    REVISION and --against are a folder, a built revision's file, a state of git, or on a running platform `live` or an
    id. A file of persons has a JSON object a line, or is a table like that of the sample bank.
    """
    options = _Options(**given)
    revisions = [*([revision_of(options.against)] if options.against else []), revision_of(revision)]
    now = options.at.replace(tzinfo=UTC) if options.at else datetime.now(UTC)
    asked = Asked(
        revisions=tuple(each.catalogue.canonical() for each in revisions),
        slots=_slots(revisions, options.channel, options.placements),
        kind=options.kind or (DECISION_REQUESTED if options.channel else "schedule"),
        context=_context(options.channel, options.context),
        brand=options.brand,
        now=now,
        behind=options.behind,
        person=options.person,
        weeks=options.weeks,
        seed=options.seed,
        counts=read_snapshot(options.snapshot).counts if options.snapshot else {},
    )
    lots = read(options.file, revisions[-1], now, AT_ONCE)
    found = added(asked, run(asked, lots, options.processes))
    if not found.summaries[-1].persons:
        fail(f"{options.file} has no persons.", "It has one JSON object a line, or is a table.")
    if options.person is not None:
        if not found.record:
            fail(f"{options.file} has no person {options.person}.")
        click.echo(found.record)
    elif options.behind is not None:
        _say_who(options.behind, found, as_json=as_json)
    else:
        _say(revisions, found, _gates(revisions, found, options.acknowledged), as_json=as_json)
    if options.html is not None:
        _write(options.html, revisions, now, found)
    if options.gated:
        _gate(revisions, _gates(revisions, found, options.acknowledged))


class _Options(NamedTuple):
    against: str | None
    file: Path
    channel: str | None
    placements: tuple[str, ...]
    brand: str | None
    kind: str | None
    context: tuple[str, ...]
    at: datetime | None
    behind: str | None
    person: str | None
    html: Path | None
    gated: bool
    acknowledged: tuple[str, ...]
    snapshot: Path | None
    weeks: int
    seed: int
    processes: int


def _write(file: Path, revisions: list[Revision], now: datetime, found: Came) -> None:
    """Write the report."""
    told = Told(
        revisions=revisions,
        now=now,
        found=found,
        differences=_differences(revisions, found),
        compared=compare(revisions[-1], found.rates[-1]),
        judged=judge(revisions[-1], found.rates[-1]),
    )
    try:
        file.write_text(page(told), encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")


def _differences(revisions: list[Revision], found: Came) -> list[Difference]:
    before, after = found.summaries[0], found.summaries[-1]
    return differences(before.counts, after.counts, found.moved) if len(revisions) == 2 else []


def _gates(revisions: list[Revision], found: Came, acknowledged: tuple[str, ...]) -> tuple[Gate, ...]:
    return gates(
        Simulated(revisions[0], revisions[-1], found.summaries[0], found.summaries[-1], found.rates[-1]), acknowledged
    )


def _gate(revisions: list[Revision], found: tuple[Gate, ...]) -> None:
    """Fail where a gate is not passed, of the last revision or of the one before, and name each."""
    nothing = Gates()
    if not any(each.catalogue.fairness.limits or each.catalogue.gates != nothing for each in revisions):
        fail("The revision has neither gates nor limits of fairness.", "They stand in gates.yaml and fairness.yaml.")
    lost = [each for each in found if not each.passed]
    if lost:
        names = ", ".join(dict.fromkeys(f"{each.kind} {each.id}".strip() for each in lost))
        fail(f"Gates are not passed: {names}.", "\n    ".join(each.said for each in lost))


def _say(revisions: list[Revision], found: Came, judged: tuple[Gate, ...], *, as_json: bool) -> None:
    before, after = found.summaries[0], found.summaries[-1]
    made = _differences(revisions, found)
    if as_json:
        told: dict[str, Any] = {
            "revision": revisions[-1].id,
            "after": after,
            "fairness": compare(revisions[-1], found.rates[-1]),
            "limits": judge(revisions[-1], found.rates[-1]),
            "gates": judged,
        }
        if found.weeks[-1]:
            told["weeks"] = [_told(week) for week in found.weeks[-1]]
        if len(revisions) == 2:
            told |= {"against": revisions[0].id, "before": before, "differences": made}
            if found.weeks[0]:
                told["weeks_before"] = [_told(week) for week in found.weeks[0]]
        say_json(told)
    elif len(revisions) == 2:
        say_differences(made, before, after)
    else:
        say_summary(revisions[-1], after)
    if not as_json:
        say_weeks(found.weeks)
        say_fairness(judge(revisions[-1], found.rates[-1]))
        say_gates([each for each in judged if each.kind != "fairness"])


def _told(week: Week) -> dict[str, Any]:
    return {**msgspec.structs.asdict(week), "pressure": week.pressure}


def _say_who(behind: str, found: Came, *, as_json: bool) -> None:
    """The persons behind a number; of two revisions who came and who went."""
    known = {name for summary in found.summaries for name in summary.counts}
    if behind not in known:
        near = sorted(name for name in known if name.partition(":")[0] == behind.partition(":")[0])
        fail(f"There is no number {behind}.", f"There are {', '.join(near or sorted(known))}.")
    if len(found.behind) == 1:
        told: dict[str, list[str]] = {"persons": found.behind[0]}
    else:
        was, now = map(set, found.behind)
        told = {
            "came": [person for person in found.behind[1] if person not in was],
            "went": [person for person in found.behind[0] if person not in now],
        }
    if as_json:
        say_json(told)
        return
    for word, persons in told.items():
        for each in persons:
            click.echo(each if word == "persons" else f"{word} {each}")


def _slots(revisions: list[Revision], channel: str | None, placements: tuple[str, ...]) -> Slots:
    """Where treatments may appear."""
    if channel is None:
        if placements:
            fail("A placement is on a channel.", "Name it with --channel.")
        return Slots(channels=revisions[-1].outbound)
    for revision in revisions:
        known = revision.channels.get(channel)
        if known is None or known.direction != "inbound":
            inbound = ", ".join(each.id for each in revision.catalogue.channels if each.direction == "inbound")
            fail(f"There is no inbound channel {channel}.", f"There are {inbound}.")
    wanted = [each.partition("=") for each in placements]
    for name, _, count in wanted:
        if revisions[-1].placements.get(name) != channel or not (count or "1").isdecimal():
            there = ", ".join(p for p, of in revisions[-1].placements.items() if of == channel)
            fail(
                f"{channel} has no placement {name}{'=' + count if count else ''}.",
                f"It has {there}, each with =COUNT.",
            )
    return Slots(
        channels=(channel,),
        placements=tuple(name for name, _, _ in wanted),
        counts=tuple(int(count or 1) for _, _, count in wanted),
    )


def _context(channel: str | None, given: tuple[str, ...]) -> dict[str, Any]:
    """The context of every signal: true, false and numbers are what they look like."""
    found: dict[str, Any] = {"channel": channel} if channel else {}
    for each in given:
        name, _, value = each.partition("=")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
