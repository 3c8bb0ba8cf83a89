"""`kairos catalogue`: check and build the files, say what changed, and make a build live."""

from __future__ import annotations

from pathlib import Path

import click

from cli.platform import ROOT, running
from cli.revisions import revision_of
from cli.say import fail, json_option, say_json
from shared.authoring import CatalogueError, Problem, check_folder, load
from shared.authoring.schemas import schemas as all_schemas
from shared.domain.catalogue import Revision
from shared.domain.contact_policy.gating import gates
from shared.domain.differences import differences
from shared.domain.policy.policy import Policy

_folder = click.argument(
    "folder", default=ROOT / "catalogue", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group()
def catalogue() -> None:
    """Check, build, compare and publish the catalogue."""


@catalogue.command()
@_folder
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@json_option
def check(folder: Path, strict: bool, as_json: bool) -> None:
    """Name every problem in FOLDER, with file, line and column.

    Errors keep it from being built. Warnings name what can never matter: a condition that others imply, a cap that
    another always reaches first, a lever that nothing takes.
    """
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
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in all_schemas().items():
        (folder / name).write_bytes(text)
    click.secho(f"✓ {len(all_schemas())} schemas in {folder}", fg="green")


@catalogue.command()
@_folder
@click.option("--project", help="A project of Google Cloud, instead of the platform that runs here.")
def publish(folder: Path, project: str | None) -> None:
    """Build FOLDER and make it live, on the platform that runs here or in a project of Google Cloud."""
    revision = _load(folder)
    if project:
        from cli.stores import publish_to

        publish_to(project, revision)
        click.secho(f"✓ live in {project}: {_said(revision)}", fg="green")
        return
    platform = running()
    if platform.on == "embedded":
        fail("The embedded platform keeps its catalogue in its own process.", "Start it again: kairos up --on embedded")
    from cli.stores import catalogues

    catalogues(platform).publish(revision)
    click.secho(f"✓ live: {_said(revision)}", fg="green")


def _load(folder: Path) -> Revision:
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
