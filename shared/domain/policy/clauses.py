"""From a condition's program to clauses: the conjunction of disjunctions of terms that it equals, where it has one.

`&&`, `||` and `!` over CEL's four truths obey the laws that this needs as long as it is asked only whether the whole is
true: an unknown or an error is then no more than not true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.domain.policy.atoms import MISSING, NUMBERS, Atom, Constant, Operator, Path, Term

Clause = tuple[Term, ...]
Clauses = tuple[Clause, ...]

MAX_CLAUSES: Final = 16
MAX_TERMS: Final = 16
"""Beyond these, multiplying a condition out costs more than to evaluate it by itself."""

ROOTS: Final = frozenset({"profile", "signal", "context"})
_MAX_NUMBER: Final = 2**52
_NODES: Final = {str: "string", bool: "bool", int: "int", float: "double"}
_MIRRORED: Final[dict[str, Operator]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


def clauses(program: Sequence[Any]) -> Clauses | None:
    """The clauses of a program as `shared.domain.cel` takes it; None where it has none, or too many."""
    found = _clauses(program, negated=False)
    if found is None:
        return None
    distinct = {tuple(sorted(set(clause), key=repr)) for clause in found}
    return tuple(sorted(distinct, key=repr))


def specialised(program: Any, known: Mapping[Path, Any]) -> Any:
    """The program with what it reads at these paths put in its place: texts, numbers, bools, or lists of them; what is
    `MISSING` is still read, and `has` says no of it.
    """
    if program.__class__ not in (list, tuple):
        return program
    if program and program[0] in ("get", "has"):
        path = _static(["get", *program[1:]])
        if path is not None and path in known:
            is_there = known[path] is not MISSING
            if program[0] == "has":
                return ["bool", is_there]
            if is_there:
                return _node(known[path])
    return [specialised(part, known) for part in program]


def _clauses(node: Sequence[Any], *, negated: bool) -> list[Clause] | None:
    kind = node[0]
    if kind == "not":
        return _clauses(node[1], negated=not negated)
    if kind not in ("and", "or"):
        atom = _atom(node)
        if atom is None:
            return None
        found, is_opposite = atom
        return [(Term(found, negated != is_opposite),)]
    parts = []
    for part in node[1:]:
        inner = _clauses(part, negated=negated)
        if inner is None:
            return None
        parts.append(inner)
    if (kind == "and") != negated:
        joined = [clause for part in parts for clause in part]
        return joined if len(joined) <= MAX_CLAUSES else None
    return _multiplied(parts)


def _multiplied(parts: Sequence[list[Clause]]) -> list[Clause] | None:
    """A disjunction of conjunctions, as a conjunction of disjunctions."""
    product: list[Clause] = [()]
    for part in parts:
        if len(product) * len(part) > MAX_CLAUSES:
            return None
        product = [(*left, *right) for left in product for right in part]
    return product if all(len(clause) <= MAX_TERMS for clause in product) else None


def _atom(node: Sequence[Any]) -> tuple[Atom, bool] | None:
    """The atom that a node asks, and whether the node is its opposite (`!=`)."""
    if node[0] in ("get", "has"):
        path = _path(["get", *node[1:]])
        return (Atom(path, "truth" if node[0] == "get" else "has"), False) if path else None
    if node[0] != "call" or len(node) != 4:
        return None
    _, function, left, right = node
    if function == "in":
        return _membership(left, right)
    operator: Operator = "==" if function == "!=" else function
    if operator not in _MIRRORED:
        return None
    if _path(left) is None:
        left, right, operator = right, left, _MIRRORED[operator]
    path, constant = _path(left), _constant(right)
    if path is None or not constant or (operator != "==" and constant[0].__class__ not in NUMBERS):
        return None
    return Atom(path, operator, constant), function == "!="


def _membership(wanted: Sequence[Any], container: Sequence[Any]) -> tuple[Atom, bool] | None:
    path = _path(wanted)
    if path is not None and container[0] == "list":
        constants = tuple(constant for item in container[1:] for constant in _constant(item))
        kinds = {constant.__class__ for constant in constants}
        if constants and len(constants) == len(container) - 1 and (kinds == {str} or kinds <= {int, float}):
            return Atom(path, "in", tuple(sorted(set(constants), key=repr))), False
    path = _path(container)
    if path is not None and wanted[0] == "string":
        return Atom(path, "contains", _constant(wanted)), False
    return None


def _path(node: Sequence[Any]) -> Path | None:
    """The path of a value that differs from person to person, None for anything else."""
    path = _static(node)
    return path if path is not None and len(path) > 1 and path[0] in ROOTS else None


def _static(node: Sequence[Any]) -> Path | None:
    fields: list[str] = []
    while node[0] == "get":
        fields.append(node[2])
        node = node[1]
    return (node[1], *reversed(fields)) if node[0] == "name" else None


def _node(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return ["list", *(_node(item) for item in value)]
    return [_NODES[value.__class__], value]


def _constant(node: Sequence[Any]) -> tuple[Constant, ...]:
    """The one constant that a node is, if it is one that tables know."""
    kind = node[0]
    if kind in ("bool", "string"):
        return (node[1],)
    if kind in ("int", "double") and node[1].__class__ is not str and abs(node[1]) <= _MAX_NUMBER:
        return (node[1],)
    return ()
