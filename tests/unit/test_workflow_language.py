"""The language of Cloud Workflows, case by case, by the files of `corpus/workflows`, in a time of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulators.workflows.language.problems import DefinitionError
from emulators.workflows.language.reading import checked, read, read_part
from emulators.workflows.language.signatures import SIGNATURES
from emulators.workflows.library.functions import PLAIN
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.failures import WorkflowError
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.reporting import context
from emulators.workflows.running.values import to_json

CORPUS = Path(__file__).parents[1] / "corpus" / "workflows"


def cases(name: str) -> list[Any]:
    return yaml.load((CORPUS / name).read_text(encoding="utf-8"), yaml.BaseLoader if name == "refused.yaml" else _Plain)


class _Plain(yaml.SafeLoader):
    """YAML in which `on` is text, as it is to Workflows."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in listed if not tag.endswith(("timestamp", "bool"))]
    for first, listed in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|True|false|False)$"), list("tTfF"))


class Nowhere:
    """A world with nothing in it."""

    def __init__(self) -> None:
        self.logged: list[Any] = []

    def environment(self) -> dict[str, str]:
        return {"GOOGLE_CLOUD_WORKFLOW_ID": "case"}

    def log(self, severity: str, said: Any) -> None:
        self.logged.append((severity, said))

    def step(self, *_: Any) -> None:
        pass

    def create_callback(self, method: str) -> str:
        return f"http://nowhere/{method}"


def run(source: str, argument: Any = None) -> Any:
    value = Loop(JumpingClock(1000.0)).run(Machine(read(source), Nowhere()).run(argument))
    to_json(value)
    return value


def outcome(source: str, case: dict[str, Any]) -> None:
    if "raises" in case:
        with pytest.raises(WorkflowError) as raised:
            run(source, case.get("argument"))
        value = raised.value.value
        assert value == case["raises"] or case["raises"] in value["tags"], value
        return
    value = run(source, case.get("argument"))
    assert value == case["gives"]
    assert type(value) is type(case["gives"])


@pytest.mark.parametrize("case", cases("expressions.yaml"), ids=lambda case: case["is"])
def test_an_expression_is_what_the_documentation_says(case):
    outcome(yaml.safe_dump([{"a": {"return": f"${{{case['is']}}}"}}], allow_unicode=True), case)


@pytest.mark.parametrize("case", cases("steps.yaml"), ids=lambda case: case["name"])
def test_steps_do_what_the_documentation_says(case):
    whole = case["steps"] if "steps" in case else {"main": case["main"], **case.get("subworkflows", {})}
    source = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    if "refused" in case:
        with pytest.raises(DefinitionError, match=case["refused"]):
            read(source)
        return
    outcome(source, case)


@pytest.mark.parametrize("case", cases("refused.yaml"), ids=lambda case: case["source"][:60])
def test_what_cannot_be_deployed_is_said_with_its_place(case):
    with pytest.raises(DefinitionError) as refused:
        read(case["source"].replace("\\n", "\n"))
    said = [str(each) for each in refused.value.problems]
    assert any(each.startswith(f"{case['at']}: ") and case["says"] in each for each in said), said


def test_there_are_as_many_cases_as_were_promised():
    assert sum(len(cases(name)) for name in ("expressions.yaml", "steps.yaml", "refused.yaml")) >= 150


def test_every_function_of_the_library_is_there():
    plain = {name for name, signature in SIGNATURES.items() if not signature.blocking and not name.startswith("sys.")}
    assert plain == PLAIN.keys()


def test_all_problems_are_said_at_once():
    with pytest.raises(DefinitionError) as refused:
        read("- a: {asign: []}\n- b: {return: '${1 +}'}\n- c: {call: f}\n")
    assert [each.place.line for each in refused.value.problems] == [1, 1, 2]


def test_an_error_names_the_steps_that_were_under_way_with_their_lines():
    source = "main:\n  steps:\n    - one:\n        call: sub\nsub:\n  steps:\n    - two:\n        raise: no\n"
    with pytest.raises(WorkflowError) as raised:
        run(source)
    assert context(raised.value).splitlines() == [
        'RuntimeError: "no"',
        'in step "two", routine "sub", line: 7',
        'in step "one", routine "main", line: 3',
    ]


def test_what_only_looks_wrong_is_a_warning():
    definition = read("- a: {assign: [{x: 1}]}\n- a: {return: '${y}'}\n")
    assert [(each.place.line, each.is_warning) for each in definition.warnings] == [(2, True), (2, True)]


def test_a_part_is_read_alone_and_checked_beside_others():
    part = read_part("greet: {params: [name], steps: [{a: {return: '${name}'}}]}")
    main = read_part("- a: {return: '${greet(1)}'}")
    assert checked(main, part.workflows).workflows["main"]
    with pytest.raises(DefinitionError, match="no function or subworkflow greet"):
        checked(main)


def test_expressions_have_400_characters_at_most():
    assert read(f"- a: {{return: '${{{'1+' * 199}1}}'}}")
    with pytest.raises(DefinitionError, match="400 characters"):
        read(f"- a: {{return: '${{{'1+' * 200}1}}'}}")
