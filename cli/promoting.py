"""`kairos model promote` and `demote`: who says P, changed in a draft by the evidence of the nights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from cli.challenging import say_compared
from cli.platform import running
from cli.say import fail, json_option, say_json
from cli.talk import checked

_folder = click.option(
    "--draft",
    default="catalogue",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The catalogue's folder; by default catalogue.",
)


@click.command()
@click.argument("name")
@_folder
@json_option
def promote(name: str, draft: Path, as_json: bool) -> None:
    """Let the estimator NAME serve, where the last night found that it says P better than the models, for certain."""
    evidence = _evidence(name)
    if evidence is None:
        fail(f"The last night did not hold {name} against the models.", "kairos workflow run learn")
    if evidence["compared"]["verdict"] != "better":
        say_compared(evidence)
        fail(f"{name} is not promoted.", "It stays a challenger: every night there is more evidence.")
    _change(name, draft, evidence, serves=True, as_json=as_json)


@click.command()
@click.argument("name")
@_folder
@json_option
def demote(name: str, draft: Path, as_json: bool) -> None:
    """Let the models say P again where the estimator NAME does; it stays a challenger. No evidence is needed, nor
    a platform that runs.
    """
    _change(name, draft, None, serves=False, as_json=as_json)


def with_role(text: str, name: str, *, serves: bool) -> str | None:
    """An arbitration.yaml in which an estimator serves or not, nothing else of it changed; None where it has none such.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    for estimator in _items(_value(yaml.compose(text), "estimators")):
        said = _value(estimator, "name")
        if said is None or said.value != name:
            continue
        role = _value(estimator, "serves")
        word = "true" if serves else "false"
        if role is not None:
            return text[: role.start_mark.index] + word + text[role.end_mark.index :]
        first = estimator.value[0][0].start_mark
        parted = ", " if estimator.flow_style else "\n" + " " * first.column
        return f"{text[: said.end_mark.index]}{parted}serves: {word}{text[said.end_mark.index :]}"
    return None


def _evidence(name: str) -> dict[str, Any] | None:
    """How an estimator did in the night that was learnt of last."""
    with running().client("records") as client:
        days = checked(client.get("/v1/learning"))["days"]
        if not days:
            return None
        found: list[dict[str, Any]] = checked(client.get(f"/v1/learning/{days[0]}"))["challengers"]
    return next((each for each in found if each["challenger"] == name), None)


def _change(name: str, draft: Path, evidence: dict[str, Any] | None, *, serves: bool, as_json: bool) -> None:
    file = draft / "arbitration.yaml"
    try:
        text = file.read_text(encoding="utf-8")
        changed = with_role(text, name, serves=serves)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        fail(f"{file} cannot be read.", f"kairos catalogue check {draft}")
    if changed is None:
        fail(f"{file} has no estimator {name}.", "estimators of arbitration.yaml declare them.")
    file.write_text(changed, encoding="utf-8")
    if as_json:
        say_json({"estimator": name, "serves": serves, "changed": changed != text, "evidence": evidence})
        return
    if evidence is not None:
        say_compared(evidence)
    does = "serves" if serves else "challenges the models"
    click.echo(f"✓ {name} {does} in {file}: kairos catalogue check {draft}, and release it")


def _value(mapping: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(mapping, yaml.MappingNode):
        return None
    return next((value for key, value in mapping.value if key.value == name), None)


def _items(found: yaml.Node | None) -> list[yaml.MappingNode]:
    items = found.value if isinstance(found, yaml.SequenceNode) else []
    return [each for each in items if isinstance(each, yaml.MappingNode)]
