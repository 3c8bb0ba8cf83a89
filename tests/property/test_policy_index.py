"""The index lets through exactly what its conditions let through one by one, whatever the values are."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.policy.atoms import MISSING, NOWHERE, UNREADABLE, Atom, Term, Truth, either
from shared.domain.policy.index import Evaluated, Index, Tabled

ROWS = 12
NAMES = ("age", "balance", "segment", "tags")

numbers = st.one_of(
    st.integers(-4, 4), st.sampled_from([-1.5, 0.0, 0.5, 2.0, 2.0000000000000004]), st.integers(-(2**52), 2**52)
)
texts = st.sampled_from(["", "\0", "gold", "silver", "z"])
values = st.one_of(
    numbers,
    texts,
    st.booleans(),
    st.none(),
    st.just(math.nan),
    st.just(math.inf),
    st.lists(st.one_of(texts, numbers), max_size=3),
    st.dictionaries(texts, numbers, max_size=2),
)
paths = st.one_of(
    st.sampled_from(NAMES).map(lambda name: ("profile", name)),
    st.sampled_from([("signal", "properties", "amount"), ("signal", "properties", "page", "topic")]),
)
atoms = st.one_of(
    st.builds(Atom, paths, st.sampled_from(["truth", "has"])),
    st.builds(Atom, paths, st.just("=="), st.one_of(numbers, texts, st.booleans()).map(lambda c: (c,))),
    st.builds(Atom, paths, st.sampled_from(["<", "<=", ">", ">="]), numbers.map(lambda c: (c,))),
    st.builds(Atom, paths, st.just("in"), st.lists(numbers, min_size=1, max_size=3).map(tuple)),
    st.builds(Atom, paths, st.just("in"), st.lists(texts, min_size=1, max_size=3).map(tuple)),
    st.builds(Atom, paths, st.just("contains"), texts.map(lambda c: (c,))),
)
terms = st.builds(Term, atoms, st.booleans())
rows = st.integers(0, 2**ROWS - 1)
spanning = st.lists(terms, min_size=1, max_size=3).map(tuple)
on_one_path = st.lists(terms, min_size=1, max_size=4).map(
    lambda some: tuple(t for t in some if t.atom.path == some[0].atom.path and _column(t) == _column(some[0]))
)
conditions = st.one_of(
    st.builds(Tabled, st.lists(spanning, min_size=1, max_size=3).map(tuple), st.just(False), rows),
    st.builds(Tabled, st.lists(on_one_path, min_size=1, max_size=3).map(tuple), st.booleans(), rows),
)
properties = st.dictionaries(
    st.sampled_from(["amount", "page"]), st.one_of(values, st.dictionaries(st.just("topic"), values))
)
people = st.fixed_dictionaries(
    {
        "profile": st.dictionaries(st.sampled_from(NAMES), values),
        "signal": st.fixed_dictionaries({}, optional={"properties": st.one_of(properties, texts)}),
    }
)


def _column(term: Term) -> Any:
    return term.atom.constants if term.atom.operator == "contains" else None


def _read(roots: Any, path: tuple[str, ...]) -> Any:
    value = roots
    for name in path:
        if value is MISSING:
            return NOWHERE
        if not isinstance(value, dict):
            return UNREADABLE
        value = value.get(name, MISSING)
    return value


def _says(condition: Tabled, roots: Any) -> Truth:
    clauses = [either(t.says(_read(roots, t.atom.path)) for t in clause) for clause in condition.clauses]
    return Truth.FALSE if Truth.FALSE in clauses else max(clauses)


NUL = Tabled(
    ((Term(Atom(("profile", "age"), "truth"), False), Term(Atom(("profile", "segment"), "in", ("\0",)), False)),),
    False,
    1,
)


@example([NUL], [], {"profile": {"age": None, "segment": ""}, "signal": {}})
@given(st.lists(conditions, max_size=8), st.lists(st.tuples(st.sampled_from(Truth), st.booleans(), rows)), people)
def test_rows_pass_whose_every_condition_holds(tabled: Any, evaluated: Any, roots: Any) -> None:
    index = Index(ROWS, tabled, [Evaluated(lambda _, t=truth: t, allows, r) for truth, allows, r in evaluated])
    outcomes = [(_says(c, roots), c.allows_missing, c.rows) for c in tabled] + evaluated
    stopped = 0
    for truth, allows_missing, concerned in outcomes:
        if truth is not Truth.TRUE and not (allows_missing and truth is Truth.UNKNOWN):
            stopped |= concerned
    passing = index.passing(roots)
    assert passing >> ROWS == 0
    assert [n for n in range(ROWS) if passing >> n & 1] == [n for n in range(ROWS) if not stopped >> n & 1]
