"""Conditions as the catalogue writes them, through both doors: built by Google's CEL, evaluated by ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from cel_expr_python import cel

from shared.authoring.checked import ProgramError
from shared.authoring.programs import check_text, program_data
from shared.domain.cel import Failed, Missing, Timestamp, Uint, from_python, program
from shared.domain.cel.limits import MAX_ITERATIONS, MAX_LENGTH, MAX_SIZE
from shared.domain.errors import InvalidError

HERE = Path(__file__).parent
CONDITIONS = yaml.safe_load((HERE / "conditions.yaml").read_text("utf-8"))
REFUSED = yaml.safe_load((HERE / "refused.yaml").read_text("utf-8"))
UNTYPED = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
ENV = cel.NewEnv(variables={"profile": UNTYPED, "signal": UNTYPED, "action": UNTYPED, "now": cel.Type.TIMESTAMP})
PERSON = {
    "age": 40,
    "balance": 700.0,
    "job": "student",
    "flags": ["gold", "silver"],
    "products": [],
    "since": Timestamp(1_709_251_200 * 10**9),
    "note": None,
}
SIGNAL = {"type": "balance_changed", "properties": {"balance": 20.5, "product": "loan"}}
NOW = Timestamp(1_717_243_200 * 10**9)


def data(text: str, *, checked: bool = True) -> Any:
    return program_data(ENV.compile(text, disable_check=not checked).serialize())


def evaluate(when: str, **profile: Any) -> Any:
    return program(data(when)).evaluate({"profile": {**PERSON, **profile}, "signal": SIGNAL, "now": NOW})


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: case["when"])
def test_conditions(case):
    person = {name: value for name, value in PERSON.items() if name not in case.get("without", ())}
    variables = {"profile": {**person, **case.get("change", {})}, "signal": SIGNAL, "now": NOW}
    outcome = program(data(case["when"])).evaluate(variables)
    said = {Missing: "missing", Failed: "failed"}.get(type(outcome), outcome)
    assert said == case["then"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["text"])
def test_refused_when_built(case):
    with pytest.raises(ProgramError) as error:
        data(case["text"], checked=case.get("checked", True))
    assert case["says"] in error.value.detail
    assert error.value.offset == case["at"]


def test_what_is_missing_is_named():
    assert evaluate("profile.nickname == 'Bo'") == Missing(("profile", "nickname"))
    assert evaluate("signal.properties.shop.name == 'Bo'") == Missing(("signal", "properties", "shop"))
    assert program(data("profile.age > 1")).evaluate({}) == Missing(("profile",))


def test_what_failed_is_named():
    assert evaluate("profile.age < 'a'") == Failed("< does not take (int, string)")
    assert evaluate("profile.age / 0 == 1") == Failed("division by zero")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("profile.balance >= 500.0 && has(profile.job)", [("profile", "balance"), ("profile", "job")]),
        ("signal.properties.x == 1 && action.issue == 'grow'", [("action", "issue"), ("signal", "properties", "x")]),
        ("profile['age'] > 1", [("profile", "age")]),
        ("now > now", [("now",)]),
        ("profile.flags.exists(f, f == profile.job)", [("profile", "flags"), ("profile", "job")]),
        ("profile.flags.map(profile, profile.x).size() > 0", [("profile", "flags")]),
        ("true", []),
    ],
)
def test_reads(text, reads):
    assert program(data(text)).reads == tuple(reads)


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("profile.a && profile.b && profile.c", ["and", *(["get", ["name", "profile"], n] for n in "abc")]),
        ("dyn(1u) != 2.5", ["call", "!=", ["uint", 1], ["double", 2.5]]),
        ("-1 in [null, b'\\xff']", ["call", "in", ["int", -1], ["list", ["null"], ["bytes", "/w=="]]]),
        ("type(1) == int ? {'a': 1e999} : {}", None),
        ("profile.l.filter(x, x > 1)", None),
        ("profile.l.map(x, x > 1, x)", None),
    ],
)
def test_data_is_canonical(text, built):
    made = data(text)
    assert built is None or made == built
    assert msgspec.json.encode(made) == msgspec.json.encode(data(f"  {text} // the same"))
    assert msgspec.json.decode(msgspec.json.encode(made)) == made


def test_filter_is_filter_however_written():
    assert data("profile.l.map(x, x > 1, x)") == data("profile.l.filter(x, x > 1)")


def test_text_beyond_the_limits():
    with pytest.raises(ProgramError, match="too long"):
        check_text("true" + " " * MAX_LENGTH)
    with pytest.raises(ProgramError, match="not Unicode"):
        check_text("'\ud800'")
    many = " || ".join(f"profile.a == {i}" for i in range(600))
    with pytest.raises(ProgramError, match="parts, at most 2,000"):
        data(many)


def test_evaluation_is_bounded():
    numbers = list(range(300))
    assert evaluate("profile.n.all(x, profile.n.all(y, x + y >= 0))", n=numbers) == Failed(
        f"more than {MAX_ITERATIONS} elements visited by macros"
    )
    doubled = evaluate("size(profile.text + profile.text) > 0", text="x" * MAX_SIZE)
    assert doubled == Failed(f"a string, bytes or list of more than {MAX_SIZE} elements")
    grown = "[profile.text]" + "".join(f".map(x{i}, x{i} + x{i})" for i in range(20))
    assert isinstance(evaluate(grown, text="x"), Failed)
    made = evaluate("profile.n.map(x, profile.text + profile.text).size()", n=numbers, text="x" * 100_000)
    assert made == Failed(f"more than {MAX_ITERATIONS} elements visited by macros")
    nested = "[profile.age]" + "".join(f".map(x{i}, [x{i}, x{i}])" for i in range(24))
    assert isinstance(evaluate(f"{nested} == {nested}"), Failed)
    assert isinstance(evaluate("profile.text.matches('(a|b)*a(a|b){100}')", text="ab" * 50_000), Failed)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        (["get", ["name", "profile"]], "", "2 parts, not 1"),
        (["and", ["bool", True], ["bool", 1]], "2", "no bool: 1"),
        (["call", "eval", ["string", "x"]], "1", "no function: 'eval'"),
        (["call", "==", ["int", 1]], "", "== does not take 1 arguments"),
        (["int", 2**63], "", "no int: 9223372036854775808"),
        (["uint", -1], "", "no uint: -1"),
        (["double", 1], "", "no double: 1"),
        (["bytes", "%"], "", "no bytes: '%'"),
        (["type", ["int"]], "", "no type: ['int']"),
        (["name", "@budget"], "1", "no variable: '@budget'"),
        (["exists", "x", ["list"]], "", "a macro has a variable"),
        (["map", ["int", 1]], "", "keys with a value each"),
        (["loop"], "", "no kind of node: 'loop'"),
        ("true", "", "starts with its kind"),
        ([], "", "starts with its kind"),
    ],
)
def test_data_that_is_no_program(wrong, field, says):
    with pytest.raises(InvalidError, match="this is no CEL program") as error:
        program(wrong)
    assert error.value.field == field
    assert says in error.value.detail


def test_data_beyond_the_limits():
    deep: Any = ["bool", True]
    for _ in range(100_000):
        deep = ["not", deep]
    with pytest.raises(InvalidError, match="nested too deeply"):
        program(deep)
    with pytest.raises(InvalidError, match="too large"):
        program(["list", *(["null"] for _ in range(3_000))])


def test_values_from_python():
    assert from_python({"a": (1, 2)}) == {"a": [1, 2]}
    assert isinstance(from_python(2**63), Failed)
    assert isinstance(from_python([1j]), Failed)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert isinstance(from_python(deep), Failed)
    keyed = from_python({True: "yes"})
    assert program(["call", "[]", ["name", "m"], ["bool", True]]).evaluate({"m": keyed}) == "yes"
    assert program(["call", "in", ["int", 1], ["name", "m"]]).evaluate({"m": keyed}) is False


def test_equal_keys_in_a_map_are_an_error():
    made = ["map", ["int", 1], ["null"], ["uint", 1], ["null"]]
    assert program(made).evaluate({}) == Failed("a map with the key 1u twice")


def test_uints_are_their_own():
    assert program(["call", "-", ["uint", 1], ["uint", 2]]).evaluate({}) == Failed("unsigned integer overflow")
    assert repr(program(["call", "+", ["uint", 1], ["uint", 2]]).evaluate({})) == repr(Uint(3))
