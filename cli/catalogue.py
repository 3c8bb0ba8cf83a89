"""`kairos catalogue`: check and build the files, say what changed, and bring a build to decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.governed import desk, operator_options
from cli.platform import ROOT
from cli.releasing import STEPS, say_release
from cli.say import fail, json_option, say_json

if TYPE_CHECKING:  # what reads files takes most of the time of a command that reads none, so it is imported where it is
    from shared.authoring import Problem
    from shared.domain.catalogue import Revision

_folder = click.argument(
    "folder", default=ROOT / "catalogue", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group()
def catalogue() -> None:
    """Check, build, compare and release the catalogue."""


@catalogue.command()
@_folder
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@json_option
def check(folder: Path, strict: bool, as_json: bool) -> None:
    """Name every problem in FOLDER, with file, line and column.

    Errors keep it from being built. Warnings name what can never matter: a condition that others imply, a cap that
    another always reaches first, a lever that nothing takes.
    """
    from shared.authoring import check_folder

    revision, problems = check_folder(folder)
    failed = revision is None or (strict and bool(problems))
    if as_json:
        say_json({"revision": revision.id if revision else None, "problems": problems})
    else:
        for problem in problems:
            _say_problem(problem)
    if failed:
        if as_json:
            raise SystemExit(1)
        fail(f"{len(problems)} problems in {folder}", "each is named above with file, line and column")
    if not as_json and revision is not None:
        click.secho(f"✓ {_said(revision)}", fg="green")


@catalogue.command()
@_folder
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the canonical form here.")
@json_option
def build(folder: Path, output: Path | None, as_json: bool) -> None:
    """Build FOLDER into a revision: the same files give the same id on any machine."""
    revision = _load(folder)
    if output:
        output.write_bytes(revision.catalogue.canonical())
    if as_json:
        say_json({"revision": revision.id, "actions": len(revision.actions), "treatments": len(revision.treatments)})
    else:
        click.echo(revision.id)


@catalogue.command()
@_folder
@json_option
def rules(folder: Path, as_json: bool) -> None:
    """Say which rules of contact policy gate which purpose in FOLDER: all treatments of it, some, or none."""
    from shared.domain.contact_policy.gating import gates
    from shared.domain.policy.policy import Policy

    table = gates(Policy(_load(folder)).contact_rules)
    if as_json:
        say_json(table)
        return
    titles = [f"{purpose.replace('_', ' ')} ({count})" for purpose, count in table.treatments.items()]
    width = max(len(gate.rule) for gate in table.rules) if table.rules else 0
    click.echo(f"{'rule':<{width}}  {'kind':<11}  {'  '.join(titles)}")
    for gate in table.rules:
        cells = [
            f"{_gated(gate.judged[purpose], count):<{len(title)}}"
            for (purpose, count), title in zip(table.treatments.items(), titles, strict=True)
        ]
        click.echo(f"{gate.rule:<{width}}  {gate.kind:<11}  {'  '.join(cells)}".rstrip())


def _gated(judged: int, count: int) -> str:
    return "all" if judged == count else str(judged) if judged else "none"


@catalogue.command()
@click.argument("old")
@click.argument("new")
@json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """Say what NEW means that OLD does not, in the words of the business.

    Each is a folder, the file of a built revision, `live` or a revision's id on the platform that runs here, or a
    commit, branch or tag of git.
    """
    from cli.revisions import revision_of
    from shared.domain.differences import differences

    before, after = revision_of(old), revision_of(new)
    changes = differences(before.catalogue, after.catalogue)
    if as_json:
        say_json({"old": before.id, "new": after.id, "changes": changes})
        return
    for change in changes:
        click.echo(str(change))
    said = f"{len(changes)} differences" if len(changes) != 1 else "1 difference"
    click.secho(f"✓ {said if changes else 'they mean the same'}", fg="green")


@catalogue.command()
@click.argument("folder", default=ROOT / "catalogue" / "schemas", type=click.Path(file_okay=False, path_type=Path))
def schemas(folder: Path) -> None:
    """Write the JSON Schemas of a catalogue's files to FOLDER, for editors."""
    from shared.authoring.schemas import schemas as all_schemas

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in all_schemas().items():
        (folder / name).write_bytes(text)
    click.secho(f"✓ {len(all_schemas())} schemas in {folder}", fg="green")


@catalogue.command()
@_folder
@click.option("--why", default="a change of the catalogue", show_default=True, help="As the audit log keeps it.")
@click.option("--acknowledge", "acknowledged", multiple=True, metavar="LIMIT", help="One that is meant to be looser.")
@click.option("--emergency", "at_once", is_flag=True, help="Let it decide at once; somebody else reviews it later.")
@click.option("--project", help="A project of Google Cloud in which nothing is live yet, instead of the platform here.")
@operator_options
@json_option
def publish(
    folder: Path,
    *,
    why: str,
    acknowledged: tuple[str, ...],
    at_once: bool,
    project: str | None,
    person: str,
    environment: str,
    as_json: bool,
) -> None:
    """Build FOLDER and propose it as a release, on the platform that runs here.

    It decides once it is checked against what is live, simulated, approved by somebody else, a canary and promoted. In
    a PROJECT the first revision decides at once; any other is kept there, to be proposed.
    """
    revision = _load(folder)
    if project:
        from cli.stores import publish_to

        live = publish_to(project, revision)
        said = f"live in {project}" if live else f"kept in {project}, where another is live"
        click.secho(f"✓ {said}: {_said(revision)}", fg="green")
        return
    with desk(person, environment) as at:
        at.keep(revision.catalogue.canonical())
        made = at.do("/v1/releases", {"revision": revision.id, "why": why, "acknowledged": acknowledged})
        if at_once and made["state"] != "live":
            made = at.do(f"/v1/releases/{made['id']}/emergency", {"why": why})
    if as_json:
        say_json(made)
        return
    say_release(made)


for _step in STEPS:
    catalogue.add_command(_step)


def _load(folder: Path) -> Revision:
    from shared.authoring import CatalogueError, load

    try:
        return load(folder)
    except CatalogueError as error:
        for problem in error.problems:
            _say_problem(problem)
        fail(f"{len(error.problems)} problems in {folder}", "each is named above with file, line and column")


def _say_problem(problem: Problem) -> None:
    """A problem, and under it the line where it is, marked."""
    click.secho(str(problem), fg="yellow" if problem.severity == "warning" else None, err=True)
    try:
        lines = Path(problem.file).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return
    if problem.text and problem.line <= len(lines):
        click.echo(f"    {lines[problem.line - 1]}", err=True)
        click.echo(" " * (3 + problem.column) + "^" * len(problem.text), err=True)


def _said(revision: Revision) -> str:
    return f"{revision.id}: {len(revision.actions)} actions, {len(revision.treatments)} treatments"
