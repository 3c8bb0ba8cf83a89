"""A condition as a tree of `and`, `or` and `not` over atoms: what an index over many conditions is made of.

Atoms are values: the same question in two conditions, however it was written (`500.0 <= profile.balance` or
`profile.balance >= 500.0`), is one atom. An atom's own evaluation is that of `program(atom.data)`, so that

    evaluate(decompose(data), lambda atom: program(atom.data).evaluate(variables))

ends as `program(data).evaluate(variables)` does; failures may word their reason differently.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from shared.domain.cel.comparison import ORDERED
from shared.domain.cel.programs import program
from shared.domain.cel.reads import read_paths, static_path
from shared.domain.cel.times import duration_text, timestamp_text
from shared.domain.cel.values import KINDS, Duration, Timestamp, Uint, no_overload

Path = tuple[str, ...]
Node = list[Any]

_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Constant(msgspec.Struct, frozen=True, order=True):
    """A value of a known type. The type is part of it: the int 5 and the double 5.0 are two constants.

    Attributes:
        kind: `int`, `double`, `string`, …, as `type()` names them.
        value: as `values` describes.
    """

    kind: str
    value: Any


class Comparison(msgspec.Struct, frozen=True):
    """An attribute compared with a constant by `== < <= > >=`; `!=` is the negation of `==`."""

    path: Path
    operator: str
    constant: Constant

    @property
    def data(self) -> Node:
        """The atom as a program."""
        return ["call", self.operator, _read(self.path), _literal(self.constant)]


class Among(msgspec.Struct, frozen=True):
    """`path in [constants]`; sorted, each once."""

    path: Path
    constants: tuple[Constant, ...]

    @property
    def data(self) -> Node:
        """The atom as a program."""
        return ["call", "in", _read(self.path), ["list", *map(_literal, self.constants)]]


class Holds(msgspec.Struct, frozen=True):
    """`constant in path`: an element of a list, or a key of a map."""

    path: Path
    constant: Constant

    @property
    def data(self) -> Node:
        """The atom as a program."""
        return ["call", "in", _literal(self.constant), _read(self.path)]


class Truth(msgspec.Struct, frozen=True):
    """An attribute that is itself the condition."""

    path: Path

    @property
    def data(self) -> Node:
        """The atom as a program."""
        return _read(self.path)


class Has(msgspec.Struct, frozen=True):
    """`has(path)`."""

    path: Path

    @property
    def data(self) -> Node:
        """The atom as a program."""
        return ["has", _read(self.path[:-1]), self.path[-1]]


class Other(msgspec.Struct, frozen=True):
    """Anything else: it is evaluated as a program of its own.

    Attributes:
        encoded: its data as JSON, which is canonical.
    """

    encoded: bytes

    @property
    def data(self) -> Node:
        """The atom as a program."""
        decoded: Node = msgspec.json.decode(self.encoded)
        return decoded

    @property
    def reads(self) -> tuple[Path, ...]:
        """The paths that it may read."""
        return read_paths(self.data)


class And(msgspec.Struct, frozen=True):
    """All of these, in the order of the text."""

    parts: tuple[Tree, ...]


class Or(msgspec.Struct, frozen=True):
    """Any of these, in the order of the text."""

    parts: tuple[Tree, ...]


class Not(msgspec.Struct, frozen=True):
    """Not this."""

    part: Tree


Atom = Comparison | Among | Holds | Truth | Has | Other
Tree = And | Or | Not | Comparison | Among | Holds | Truth | Has | Other


def decompose(data: Node) -> Tree:
    """The tree of a condition.

    Args:
        data: a program that `program` takes.
    """
    kind = data[0]
    if kind == "and":
        return And(tuple(map(decompose, data[1:])))
    if kind == "or":
        return Or(tuple(map(decompose, data[1:])))
    if kind == "not":
        return Not(decompose(data[1]))
    if kind == "call" and data[1] == "!=":
        return Not(decompose(["call", "==", *data[2:]]))
    return _atom(data) or Other(msgspec.json.encode(data))


def atoms(tree: Tree) -> Iterator[Atom]:
    """The atoms of a tree in the order of the text, with repetitions."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from atoms(part)
    elif isinstance(tree, Not):
        yield from atoms(tree.part)
    else:
        yield tree


def evaluate(tree: Tree, answer: Callable[[Atom], Any]) -> Any:
    """What the condition says, given what each atom says: a value, `Missing` or `Failed`, absorbed as CEL does.

    Args:
        tree: the condition.
        answer: an atom's value or end. It is asked for no atom whose answer cannot matter any more.
    """
    if isinstance(tree, Not):
        value = evaluate(tree.part, answer)
        return not value if value.__class__ is bool else no_overload("!", value)
    if not isinstance(tree, And | Or):
        return answer(tree)
    decisive = isinstance(tree, Or)
    end = None
    for part in tree.parts:
        value = evaluate(part, answer)
        if value is decisive:
            return decisive
        if value.__class__ is not bool and end is None:
            end = no_overload("||" if decisive else "&&", value)
    return end or not decisive


def _atom(data: Node) -> Atom | None:
    path = static_path(data)
    if path is not None:
        return Truth(path)
    if data[0] == "has":
        path = static_path(["get", *data[1:]])
        return Has(path) if path else None
    if data[0] != "call" or len(data) != 4:
        return None
    operator, left, right = data[1], data[2], data[3]
    path, constant = static_path(left), _constant(right)
    if operator == "in":
        if path is not None:
            members = _constants(right)
            return Among(path, members) if members is not None else None
        path, constant = static_path(right), _constant(left)
        return Holds(path, constant) if path is not None and constant is not None else None
    if operator not in _FLIPPED:
        return None
    if path is None:
        operator, path, constant = _FLIPPED[operator], static_path(right), _constant(left)
    return Comparison(path, operator, constant) if path is not None and constant is not None else None


def _constant(node: Node) -> Constant | None:
    """The constant that a node without variables stands for; None where it has some, or stands for none."""
    if read_paths(node):
        return None
    value = program(node).evaluate({})
    # NaN is no constant: it does not equal itself, and an atom has to
    if (value.__class__ not in ORDERED and value is not None) or value != value:  # noqa: PLR0124
        return None
    return Constant(KINDS[value.__class__].name, value)


def _constants(node: Node) -> tuple[Constant, ...] | None:
    """The members of a constant list, None where it is none or holds lists and maps."""
    if node[0] != "list":
        return None
    members = [_constant(item) for item in node[1:]]
    known = {member for member in members if member is not None}
    return None if None in members else tuple(sorted(known))


def _read(path: Path) -> Node:
    node: Node = ["name", path[0]]
    for field in path[1:]:
        node = ["get", node, field]
    return node


def _literal(constant: Constant) -> Node:
    """The node of a constant."""
    value = constant.value
    if value is None:
        return ["null"]
    kind = value.__class__
    if kind is Timestamp:
        return ["call", "timestamp", ["string", timestamp_text(value)]]
    if kind is Duration:
        return ["call", "duration", ["string", duration_text(value)]]
    if kind is bytes:
        return ["bytes", base64.b64encode(value).decode()]
    if kind is float and math.isinf(value):
        return ["double", str(value)]
    return [constant.kind, int(value) if kind is Uint else value]
