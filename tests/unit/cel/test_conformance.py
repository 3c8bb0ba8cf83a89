"""The conformance cases of google/cel-spec: built by Google's CEL, evaluated by ours."""

from __future__ import annotations

import base64
import json
import math
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from cel_expr_python import cel

from shared.authoring.checked import ProgramError
from shared.authoring.programs import program_data
from shared.domain.cel import Failed, Kind, Missing, Uint, program
from shared.domain.cel.times import parse_duration, parse_timestamp
from shared.domain.cel.values import encode_key

FOLDER = Path(os.environ.get("KAIROS_CEL_SPEC") or Path(__file__).with_name("conformance"))
FILES = sorted(FOLDER.glob("*.json"))
KNOWN = yaml.safe_load(Path(__file__).with_name("not_conforming.yaml").read_text("utf-8"))

# A case is about protobuf when it is in a container, makes a message, or names a message that is no timestamp and no
# duration in its bindings, types or result.
MAKES_A_MESSAGE = re.compile(r"[A-Z]\w*\s*(//.*\s*)?\{|\bgoogle\.protobuf\.(?!Timestamp|Duration)")
OTHER_MESSAGE = re.compile(
    r'"(@type|message_type)": "(?!(type\.googleapis\.com/)?google\.protobuf\.(Timestamp|Duration)")|enum_value'
)


class Case(NamedTuple):
    name: str
    test: dict[str, Any]

    @property
    def about_protobuf(self) -> bool:
        return (
            "container" in self.test
            or bool(MAKES_A_MESSAGE.search(self.test["expr"]))
            or bool(OTHER_MESSAGE.search(json.dumps(self.test)))
        )


CASES = [
    Case(f"{data['name']}/{section['name']}/{test['name']}", test)
    for data in (json.loads(file.read_text("utf-8")) for file in FILES)
    for section in data["section"]
    for test in section["test"]
]
ENV = cel.NewEnv()
TYPES = {"INT64": "INT", "UINT64": "UINT"}


def test_the_cases_are_here():
    assert len(CASES) >= 1_178


@pytest.mark.parametrize("case", [case for case in CASES if not case.about_protobuf], ids=lambda case: case.name)
def test_conforms(case):
    wrong = disagreement(case.test)
    reason = KNOWN.get(case.name)
    if reason is None:
        assert wrong is None
    else:
        assert wrong is not None, f"conforms by now: take it out of not_conforming.yaml ({reason})"


def test_few_do_not_conform():
    names = {case.name for case in CASES if not case.about_protobuf}
    assert set(KNOWN) <= names
    assert len(KNOWN) <= 0.05 * len(names)


def disagreement(test: dict[str, Any]) -> str | None:
    """What the case expects against what came out, None where they are the same."""
    variables = {entry["name"]: type_of(entry["ident"]["type"]) for entry in test.get("type_env", [])}
    bindings = {name: value_of(bound["value"]) for name, bound in test.get("bindings", {}).items()}
    try:
        expression = (cel.NewEnv(variables=variables) if variables else ENV).compile(
            test["expr"], disable_check=test.get("disable_check", False)
        )
        outcome = program(program_data(expression.serialize())).evaluate(bindings)
    except ProgramError as error:
        return None if "eval_error" in test else f"not built: {error}"
    if "eval_error" in test:
        return None if isinstance(outcome, Missing | Failed) else f"{outcome!r}, expected an error"
    expected = value_of(test["value"])
    return None if same(outcome, expected) else f"{outcome!r}, expected {expected!r}"


def same(left: Any, right: Any) -> bool:
    """Whether these are one value of one type; NaN is NaN here."""
    if left.__class__ is not right.__class__:
        return False
    if isinstance(left, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def value_of(value: dict[str, Any]) -> Any:  # noqa: PLR0911 - one for each type
    """The value that protobuf's JSON form of `cel.expr.Value` stands for."""
    ((kind, content),) = value.items()
    match kind:
        case "int64_value":
            return int(content)
        case "uint64_value":
            return Uint(content)
        case "double_value":
            return float(content)
        case "bytes_value":
            return base64.b64decode(content)
        case "list_value":
            return [value_of(item) for item in content.get("values", [])]
        case "map_value":
            return {
                encode_key(value_of(entry["key"])): value_of(entry["value"]) for entry in content.get("entries", [])
            }
        case "type_value":
            return Kind(content)
        case "object_value" if content["@type"].endswith("Timestamp"):
            return parse_timestamp(content["value"])
        case "object_value" if content["@type"].endswith("Duration"):
            return parse_duration(content["value"])
        case _:
            return content


def type_of(declared: dict[str, Any]) -> Any:
    """The type that protobuf's JSON form of `cel.expr.Type` stands for."""
    ((kind, content),) = declared.items()
    match kind:
        case "primitive":
            return getattr(cel.Type, TYPES.get(content, content))
        case "list_type":
            return cel.Type.List(type_of(content["elem_type"]))
        case "map_type":
            return cel.Type.Map(type_of(content["key_type"]), type_of(content["value_type"]))
        case "null":
            return cel.Type.NULL
        case "dyn":
            return cel.Type.DYN
        case _:
            return getattr(cel.Type, str(content).rpartition(".")[2].upper())
