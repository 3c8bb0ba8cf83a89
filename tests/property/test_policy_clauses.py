"""The clauses of a condition let through whom its program lets through."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.cel import Missing, program
from shared.domain.policy.clauses import clauses, specialised
from shared.domain.policy.index import Index, Tabled, can_allow_missing

NUMBERS = (-1, 0, 2, 0.5, 2.0, 7.25)
TEXTS = ("", "gold", "silver")
ATTRIBUTES = ("age", "segment", "vip", "tags")


def read(path: tuple[str, ...]) -> Any:
    node: Any = ["name", path[0]]
    for field in path[1:]:
        node = ["get", node, field]
    return node


def literal(value: Any) -> Any:
    return [{bool: "bool", int: "int", float: "double", str: "string"}[type(value)], value]


paths = st.one_of(
    st.sampled_from(ATTRIBUTES).map(lambda name: ("profile", name)),
    st.sampled_from([("signal", "properties", "x"), ("signal", "properties", "x", "y"), ("action", "issue")]),
)
constants = st.sampled_from([*NUMBERS, *TEXTS, True, False])
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
atoms = st.one_of(
    paths.map(read),
    paths.map(lambda path: ["has", read(path[:-1]), path[-1]]),
    st.builds(lambda op, path, value: ["call", op, read(path), literal(value)], operators, paths, constants),
    st.builds(lambda op, path, value: ["call", op, literal(value), read(path)], operators, paths, constants),
    st.builds(
        lambda path, values: ["call", "in", read(path), ["list", *map(literal, values)]],
        paths,
        st.lists(constants, max_size=3),
    ),
    st.builds(lambda path, value: ["call", "in", literal(value), read(path)], paths, constants),
    st.builds(lambda op, left, right: ["call", op, read(left), read(right)], operators, paths, paths),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda part: ["not", part]),
        st.builds(lambda kind, parts: [kind, *parts], st.sampled_from(["and", "or"]), st.lists(inner, min_size=2)),
    ),
    max_leaves=6,
)
values = st.one_of(
    st.sampled_from([*NUMBERS, *TEXTS, True, False, None, float("nan")]),
    st.lists(st.sampled_from(TEXTS), max_size=2),
    st.dictionaries(st.just("y"), st.sampled_from([*NUMBERS, *TEXTS])),
)
people = st.fixed_dictionaries(
    {
        "profile": st.dictionaries(st.sampled_from(ATTRIBUTES), values),
        "signal": st.fixed_dictionaries({"properties": st.dictionaries(st.just("x"), values)}),
    }
)


EITHER = ["or", *(["call", "in", ["string", text], read(("profile", "tags"))] for text in ("gold", "silver"))]


@settings(max_examples=400, deadline=None)
@example(data=EITHER, person={"profile": {}, "signal": {"properties": {}}}, issue="")
@given(data=conditions, person=people, issue=st.sampled_from(TEXTS))
def test_who_passes_by_clauses_passes_by_the_program(data, person, issue):
    whole = program(data).evaluate({**person, "action": {"issue": issue}})
    known = specialised(data, {("action", "issue"): issue})
    assert program(known).evaluate(person) == whole or (whole.__class__, whole) != (bool, whole)
    found = clauses(known)
    if found is None:
        return

    assert bool(Index(1, [Tabled(found, False, 1)], []).passing(person)) == (whole is True)
    if can_allow_missing(found):
        allowed = bool(Index(1, [Tabled(found, True, 1)], []).passing(person))
        assert allowed == (whole is True or isinstance(whole, Missing))
