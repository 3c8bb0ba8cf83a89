"""`kairos workflow`: check workflows, run them on this machine, and draw the path they took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.platform import ROOT
from cli.say import fail, json_option, say_json

if TYPE_CHECKING:
    from emulators.workflows.language.steps import Definition
    from emulators.workflows.serving.executions import Execution

_argument = click.option("--argument", default="{}", metavar="JSON", help="What `main` is given.")
_jump = click.option("--jump", is_flag=True, help="Let no time pass: sleeps and retries go on at once.")
_env = click.option("--env", "environment", multiple=True, metavar="NAME=VALUE", help="What sys.get_env knows besides.")


@click.group()
def workflow() -> None:
    """Check, run and trace Cloud Workflows on this machine."""


@workflow.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@json_option
def lint(files: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Say what Google Cloud would refuse, of files or all in folders; subworkflows that one has are known to all."""
    from emulators.workflows.language.linting import lint as linted

    found = linted({str(path): path.read_text(encoding="utf-8") for path in _files(files)})
    wrong = [each for each in found if each.problems and (strict or not each.only_warns)]
    if as_json:
        say_json([each.plainly() for each in found])
        raise SystemExit(1 if wrong else 0)
    for each in found:
        for problem in each.problems:
            click.echo(f"{'·' if problem.is_warning else '✗'} {each.name}:{problem}")
        if not each.problems:
            click.echo(f"✓ {each.name}: {each.what}")
    raise SystemExit(1 if wrong else 0)


@workflow.command()
@click.argument("name")
@_argument
@_env
@_jump
@json_option
def run(name: str, argument: str, environment: tuple[str, ...], jump: bool, as_json: bool) -> None:
    """Run a workflow of workflows/, or of a file, beside the platform that runs here."""
    execution, _ = _executed(name, argument, environment, jump=jump)
    if as_json:
        say_json(execution.shown())
    else:
        for severity, said in execution.log:
            click.echo(f"  {severity} {said if isinstance(said, str) else json.dumps(said)}")
        _say_end(execution)
    raise SystemExit(0 if execution.state == "SUCCEEDED" else 1)


@workflow.command()
@click.argument("name")
@_argument
@_env
@_jump
def trace(name: str, argument: str, environment: tuple[str, ...], jump: bool) -> None:
    """Run a workflow, and draw which of its steps were taken, and how often."""
    from emulators.workflows.serving.drawing import drawing

    execution, definition = _executed(name, argument, environment, jump=jump)
    for line in drawing(definition, [(each.routine, each.step) for each in execution.steps]):
        click.echo(line)
    _say_end(execution)
    raise SystemExit(0 if execution.state == "SUCCEEDED" else 1)


def _files(given: tuple[Path, ...]) -> list[Path]:
    """The files that are meant: of a folder, those of YAML in it."""
    found: list[Path] = []
    for path in given:
        found += sorted(each for each in path.rglob("*.y*ml") if each.is_file()) if path.is_dir() else [path]
    return found


def _executed(name: str, argument: str, environment: tuple[str, ...], *, jump: bool) -> tuple[Execution, Definition]:
    """An execution that has ended, beside the platform where one runs, and what was executed."""
    from cli.platform import places
    from emulators.workflows.running.clocks import JumpingClock, WallClock
    from emulators.workflows.serving.hosting import Hosted
    from emulators.workflows.serving.server import RefusedError

    path = Path(name) if Path(name).is_file() else ROOT / "workflows" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in (ROOT / "workflows").glob("*.yaml")))
        fail(f"There is no workflow {name}.", f"Name a file, or one of {known}.")
    where = places(dict(_pair(each) for each in environment))
    full = f"projects/{where.project}/locations/{where.location}/workflows/{path.stem}"
    with Hosted(where, new_clock=JumpingClock if jump else WallClock) as hosted:
        try:
            deployed = hosted.server.deploy(full, path.read_text(encoding="utf-8"), {}, replace=False)
        except RefusedError as error:
            fail(str(error), f"kairos workflow lint {path} says what is wrong with a definition.")
        try:
            execution = hosted.server.start(full, argument)
        except RefusedError as error:
            fail(str(error), """Give --argument as JSON, such as '{"day": "yesterday"}'.""")
        try:
            execution.wait()
        except KeyboardInterrupt:
            execution.cancel()
            execution.wait(5)
    return execution, deployed.definition


def _pair(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"--env {text} is not NAME=VALUE.", "For example: --env INGEST_URL=http://127.0.0.1:8080")
    return name, value


def _say_end(execution: Execution) -> None:
    took = f"{execution.counted} steps"
    if execution.state == "SUCCEEDED":
        click.echo(f"✓ {took}: {execution.result}")
        return
    click.echo(f"✗ {execution.state} after {took}")
    error = execution.error or {}
    for line in [*error.get("context", "").splitlines(), *_detail(error.get("payload", ""))]:
        click.echo(f"  {line}")


def _detail(payload: str) -> list[str]:
    """What a service said of what it refused; nothing where none did."""
    try:
        return [str(json.loads(payload)["body"]["detail"])]
    except (ValueError, LookupError, TypeError):
        return []
