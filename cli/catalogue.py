"""`kairos catalogue`: check and build the files, and make a build live."""

from __future__ import annotations

from pathlib import Path

import click

from cli.platform import ROOT, running
from cli.say import fail, json_option, say_json
from shared.authoring import CatalogueError, load
from shared.domain.catalogue import Revision

_folder = click.argument(
    "folder", default=ROOT / "catalogue", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group()
def catalogue() -> None:
    """Check, build and publish the catalogue."""


@catalogue.command()
@_folder
def check(folder: Path) -> None:
    """Name every problem in FOLDER, with file, line and column."""
    revision = _load(folder)
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
            click.echo(str(problem), err=True)
        fail(f"{len(error.problems)} problems in {folder}", "each is named above with file, line and column")


def _said(revision: Revision) -> str:
    return f"{revision.id}: {len(revision.actions)} actions, {len(revision.treatments)} treatments"
