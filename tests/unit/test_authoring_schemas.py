"""The JSON Schemas that editors read agree with the files that a build takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from shared.authoring import read
from shared.authoring.schemas import FORMS, schemas

CATALOGUE = Path(__file__).parents[2] / "catalogue"
CASES = Path(__file__).parent / "authoring_cases"
SCHEMAS = {name.removesuffix(".schema.json"): json.loads(text) for name, text in schemas().items()}
FILES = [(folder, name) for folder in (CATALOGUE, CASES / "bank", CASES / "plain") for name in sorted(read(folder))]


class Loader(yaml.SafeLoader):
    """YAML as editors read it: what looks like a time is text, and so are `on` and `off`."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(("timestamp", "bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), ["t", "f"])


def errors(name: str, text: str) -> list[str]:
    validator = Draft202012Validator(SCHEMAS[kind(name)])
    return [error.message for error in validator.iter_errors(yaml.load(text, Loader=Loader))]


def kind(name: str) -> str:
    return name.partition("/")[0] if "/" in name else name.removesuffix(".yaml")


def test_the_committed_schemas_are_those_of_the_forms():
    committed = {path.name: path.read_bytes() for path in (CATALOGUE / "schemas").glob("*.json")}
    assert committed == schemas(), "write them again: kairos catalogue schemas"


@pytest.mark.parametrize("name", FORMS)
def test_a_schema_is_one_and_describes_every_field(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    for form in (SCHEMAS[name], *SCHEMAS[name]["$defs"].values()):
        assert form["description"]
        assert form["additionalProperties"] is False
        for field, found in form["properties"].items():
            assert re.match(r"[A-Z].*\.$", found["description"]), (form["title"], field)


@pytest.mark.parametrize(("folder", "name"), FILES, ids=[f"{folder.name}/{name}" for folder, name in FILES])
def test_every_good_file_fits_its_schema(folder, name):
    assert errors(name, read(folder)[name]) == []


@pytest.mark.parametrize("name", [name for folder, name in FILES if folder == CATALOGUE])
def test_every_file_of_the_sample_names_its_schema(name):
    first = (CATALOGUE / name).read_text(encoding="utf-8").splitlines()[0]
    path = first.removeprefix("# yaml-language-server: $schema=")
    assert ((CATALOGUE / name).parent / path).resolve() == CATALOGUE / "schemas" / f"{kind(name)}.schema.json"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("bank.yaml", "lever: 3", "lever: 30", "30 is greater than the maximum of 10"),
        ("bank.yaml", "owner: savings team", "ownr: x", "'ownr' was unexpected"),
        ("identity.yaml", "kind: device", "kind: devise", "'devise' is not one of"),
        ("contact_policy.yaml", "window: 1w", "window: 1 week", "is not valid under any of the given schemas"),
        (
            "actions/red/grow.yaml",
            "propensity: 0.02",
            "propensity: 2",
            "2 is greater than or equal to the maximum of 1",
        ),
        ("actions/red/grow.yaml", "from: 2027-01-01", "from: [2027]", "is not of type 'string'"),
        ("schema.yaml", "{type: double,", "{type: float,", "'float' is not one of"),
    ],
)
def test_a_schema_refuses_what_a_build_refuses(name, old, new, said):
    text = read(CASES / "bank")[name]
    assert old in text
    assert any(said in error for error in errors(name, text.replace(old, new, 1)))
