"""A simulation as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from shared.domain.batch.differing import Difference, Shift
from shared.domain.batch.judging import Judged
from shared.domain.batch.numbers import CHANGED_BY_LEVERS, COST, REACHED, VALUE, VALUE_WITHOUT_LEVERS
from shared.domain.batch.report import Capacity, Findings
from shared.domain.releasing.gates import Gate, judgement

MOST = 12
"""Lines of a table."""


def say_summary(found: Findings) -> None:
    """Print what one revision comes to."""
    revision, summary = found.revisions[-1], found.after
    persons, counts = summary.persons, summary.counts
    what = "persons" if found.now else "decisions of the past"
    click.secho(f"{persons:,} {what} by revision {revision.id[:19]}…", bold=True)
    reached = counts.get(REACHED, 0)
    click.echo(f"  given something: {_share(reached, persons)}; no action: {_share(persons - reached, persons)}")
    results = {name.removeprefix("result:"): n for name, n in counts.items() if name.startswith("result:")}
    click.echo("  " + ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in sorted(results.items())))
    click.echo(f"  expected value £{summary.amount(VALUE):,.2f}, contacts cost £{summary.amount(COST):,.2f}")
    levers = summary.amount(VALUE_WITHOUT_LEVERS) - summary.amount(VALUE)
    changed = counts.get(CHANGED_BY_LEVERS, 0)
    click.echo(f"  levers cost £{levers:,.2f} of it, and change what {changed:,} are given")
    for each in found.capacities:
        click.echo(f"  {capacity(each)}")
    for dimension in ("issue", "channel", "brand", "action"):
        _table(f"given, by {dimension}", _of(counts, dimension), persons)
    _table("fall at condition", _of(counts, "condition"), persons)
    _table("stopped by rule", _of(counts, "rule"), persons)


def say_differences(findings: Findings) -> None:
    """Print what differs, the largest first."""
    found, before, after = findings.differing(later=False), findings.before, findings.after
    assert before is not None, "two revisions differ"
    what = "persons" if findings.now else "decisions of the past"
    click.secho(f"{after.persons:,} {what}, before and after", bold=True)
    was_reached, reached = (each.counts.get(REACHED, 0) for each in (before, after))
    click.echo(
        f"  given something {was_reached:,} → {reached:,} ({reached - was_reached:+,});"
        f" no action {before.persons - was_reached:,} → {after.persons - reached:,}"
    )
    shifts = {shift.name: shift for shift in findings.shifts}
    for name, word in ((VALUE, "expected value"), (COST, "cost of contacts")):
        click.echo(
            f"  {word} £{before.amount(name):,.2f} → £{after.amount(name):,.2f}{_shifted(shifts.pop(name, None))}"
        )
    for shift in shifts.values():
        click.echo(f"  {shift.name.replace('_', ' ')} {shift.before:,.2f} → {shift.after:,.2f}{_shifted(shift)}")
    for each in findings.capacities:
        click.echo(f"  {capacity(each)}")
    if not found:
        click.echo("  nobody is given anything else, and nobody falls anywhere else")
        return
    _say_table(found, 2 * MOST)


def _shifted(shift: Shift | None) -> str:
    """By how much an amount differs, with its interval, and for how many persons."""
    if shift is None:
        return " (the same of everybody)"
    return (
        f" ({shift.after - shift.before:+,.2f}; 95 %: {shift.low:+,.2f} to {shift.high:+,.2f};"
        f" more of {shift.more:,}, less of {shift.less:,})"
    )


def _say_table(found: Sequence[Difference], most: int) -> None:
    shown = found[:most]
    width = max(len(each.name) for each in shown)
    click.echo(f"  {'persons':<{width}}  {'before':>8} {'after':>8} {'came':>7} {'went':>7}   95 % of the difference")
    for each in shown:
        click.echo(
            f"  {each.name:<{width}}  {each.before:>8,} {each.after:>8,} {each.gained:>7,} {each.lost:>7,}"
            f"   {each.low:+,.0f} to {each.high:+,.0f}"
        )
    if len(found) > len(shown):
        click.echo(f"  … and {len(found) - len(shown):,} more, with --json")


def say_fairness(judged: Sequence[Judged]) -> None:
    """Print what was found of each limit of fairness."""
    if judged:
        click.secho("limits of fairness", bold=True)
    for each in judged:
        click.echo(f"  {judgement(each)}")


def say_gates(found: Sequence[Gate]) -> None:
    """Print what was found at each gate of a change."""
    if found:
        click.secho("gates", bold=True)
    for each in found:
        click.echo(f"  {'✓' if each.passed else '✗'} {each.said}")


def say_weeks(findings: Findings) -> None:
    """Print contact pressure, by revision as they were asked."""
    weeks = findings.came.weeks
    names = ("before, week", "after, week") if len(weeks) == 2 else ("week",)
    if weeks[-1]:
        click.secho("contact pressure", bold=True)
    for name, of in zip(names, weeks, strict=True):
        for number, week in enumerate(of, 1):
            found = week.pressure
            click.echo(
                f"  {name} {number}: reach {found.reach:.1%}, contacts a person {found.mean:.2f}, of 95 % at most"
                f" {found.p95}, at most {found.most}, at a cap {found.at_caps:.1%}, no action {found.no_action:.1%}"
            )
            said = ", ".join(f"{outcome} {many:,}" for outcome, many in sorted(week.outcomes.items()))
            click.echo(f"    {said or 'nobody responds'}")
    later = findings.differing(later=True)
    if later:
        _say_table(later, MOST)


def capacity(of: Capacity) -> str:
    """What a volume or a budget would have to give, against what it has."""
    form = "£{:,.2f}" if of.kind == "budget" else "{:,.0f}"
    later = f", at most {form.format(of.most)} in one" if of.periods else ""
    short = f"; short in {of.short} of {of.periods}" if of.short else ""
    limit = form.format(of.limit)
    return f"{of.kind} {of.rule}: {form.format(of.wanted)} wanted, {limit} per {of.period}{later}{short}"


def _of(counts: Mapping[str, int], kind: str) -> dict[str, int]:
    prefix = f"{kind}:"
    return {name.removeprefix(prefix): n for name, n in counts.items() if name.startswith(prefix) and n}


def _table(title: str, counts: Mapping[str, int], persons: int) -> None:
    if not counts:
        return
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    shown = ordered[:MOST]
    width = max(len(name) for name, _ in shown)
    click.secho(title, bold=True)
    for name, n in shown:
        click.echo(f"  {name:<{width}}  {_share(n, persons)}")
    if len(ordered) > len(shown):
        click.echo(f"  … and {len(ordered) - len(shown):,} more, with --json")


def _share(n: int, persons: int) -> str:
    return f"{n:,} ({n / persons:.1%})" if persons else f"{n:,}"
