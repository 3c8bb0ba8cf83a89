"""What Google's CEL makes of an expression, read into the data that `shared.domain.cel` evaluates.

`Expression.serialize()` gives a `cel.expr.CheckedExpr` (google/cel-spec, `checked.proto` and `syntax.proto`).
No installed package has classes for it, so the few fields that matter are read from the wire format itself. Macros
arrive expanded; each is recognised by its exact expansion and becomes one node again, and any other loop is refused.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from functools import cached_property
from typing import Any

from shared.authoring.wire import Message, entries, fields, text
from shared.domain.cel.ends import Failed
from shared.domain.cel.functions import FUNCTIONS
from shared.domain.cel.limits import MAX_DEPTH, MAX_NODES
from shared.domain.cel.values import KIND_NAMES

Node = list[Any]

_CHECKED = b"type.googleapis.com/cel.expr.CheckedExpr"
_PARSED = b"type.googleapis.com/cel.expr.ParsedExpr"
_OPERATORS = {
    **{f"_{symbol}_": symbol for symbol in ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%")},
    "@in": "in",
    "_[_]": "[]",
    "-_": "-_",
}
_LOGIC = {"!_": "not", "_?_:_": "if", "@not_strictly_false": "@not_strictly_false"}


class ProgramError(ValueError):
    """An expression that CEL accepts and a catalogue does not.

    Attributes:
        offset: the character of the text that it is about.
    """

    def __init__(self, detail: str, offset: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.offset = offset


def read(serialized: bytes) -> Node:
    """The data of a serialized expression.

    Raises:
        ProgramError: it uses something that cannot be evaluated, such as a protobuf message, or is no serialized
            expression.
    """
    try:
        return _Reader(serialized).expression()
    except (IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        if isinstance(error, ProgramError):
            raise
        raise ProgramError("no serialized expression") from error


class _Reader:
    """Reads one serialized expression."""

    def __init__(self, serialized: bytes) -> None:
        packed = fields(serialized)
        message = fields(packed[2][0])
        url = packed[1][0]
        if url not in (_CHECKED, _PARSED):
            raise ValueError("neither checked nor parsed")
        self._checked = url == _CHECKED
        self._root, (self._source,) = (message[4][0], message[5]) if self._checked else (message[2][0], message[3])
        self._references = dict(entries(message.get(2, []))) if self._checked else {}
        self._type_entries = message.get(3, []) if self._checked else []
        self._count = 0

    @cached_property
    def _types(self) -> dict[int, bytes]:
        """The type of each node by its id: many, and seldom asked for."""
        return dict(entries(self._type_entries))

    def _at(self, number: int) -> int:
        """The character that a node begins at, by the node's id: asked for of what is refused."""
        positions = map(fields, fields(self._source).get(4, []))
        return next((entry.get(2, [0])[0] for entry in positions if entry.get(1) == [number]), 0)

    def expression(self) -> Node:
        """The whole expression."""
        return self._node(fields(self._root), 0)

    def _node(self, expr: Message, depth: int) -> Node:
        number = expr.get(2, [0])[0]
        self._count += 1
        if depth > 2 * MAX_DEPTH or self._count > 8 * MAX_NODES:
            raise ProgramError("nested too deeply or too large", self._at(number))
        if 3 in expr:
            found = _constant(fields(expr[3][0]))
            if found is None:
                raise ProgramError(_NO_CONSTANT, self._at(number))
            return found
        if name := self._referred(expr):
            return name
        for field, read in _SHAPES.items():
            if field in expr:
                return read(self, fields(expr[field][0]), depth + 1, number)
        raise ProgramError("neither a literal nor a name, call, list, map or macro", self._at(number))

    def _referred(self, expr: Message) -> Node | None:
        """What the type checker resolved a name, or a chain of names, to."""
        number = expr.get(2, [0])[0]
        if number not in self._references:
            return None
        reference = fields(self._references[number])
        if 4 in reference:
            found = _constant(fields(reference[4][0]))
            if found is None:
                raise ProgramError(_NO_CONSTANT)
            return found
        if 1 not in reference or 3 in reference or not (4 in expr or 5 in expr):
            return None
        if 5 in expr and fields(expr[5][0]).get(3) == [1]:
            return None  # has() asks for a field, be its whole name that of a variable
        name = text(reference, 1).removeprefix(".")
        if name in KIND_NAMES and 11 in fields(self._types.get(number, b"")):
            return ["type", name]
        return ["name", name]

    def _name(self, ident: Message, _depth: int, _number: int) -> Node:
        name = text(ident, 1)
        return ["type", name] if not self._checked and name in KIND_NAMES else ["name", name.removeprefix(".")]

    def _select(self, select: Message, depth: int, _number: int) -> Node:
        return ["has" if select.get(3) == [1] else "get", self._child(select, 1, depth), text(select, 2)]

    def _call(self, call: Message, depth: int, number: int) -> Node:
        function = text(call, 2)
        arguments = [self._node(fields(part), depth) for part in (*call.get(1, []), *call.get(3, []))]
        if function in ("_&&_", "_||_"):
            joined = "and" if function == "_&&_" else "or"
            return [joined, *(part for a in arguments for part in (a[1:] if a[0] == joined else [a]))]
        if function in _LOGIC:
            return [_LOGIC[function], *arguments]
        if function == "dyn" and len(arguments) == 1:
            return arguments[0]
        if function == "_[_]" and arguments[1][0] == "string" and arguments[1][1]:
            return ["get", arguments[0], arguments[1][1]]
        name = _OPERATORS.get(function, function)
        known = FUNCTIONS.get(name) if name.isidentifier() or function in _OPERATORS else None
        if known is None or len(arguments) not in known.arguments:
            raise ProgramError(f"the function {name}() is not known here", self._at(number))
        if refused := _unreadable(name, arguments):
            raise ProgramError(refused, self._at(number))
        return ["call", name, *arguments]

    def _list(self, made: Message, depth: int, number: int) -> Node:
        if 2 in made:
            raise ProgramError("a list with optional elements", self._at(number))
        return ["list", *(self._node(fields(item), depth) for item in made.get(1, []))]

    def _map(self, made: Message, depth: int, number: int) -> Node:
        if 1 in made:
            raise ProgramError(f"a message, {text(made, 1)}: use a map", self._at(number))
        parts = []
        for entry in map(fields, made.get(2, [])):
            if 5 in entry or 3 not in entry:
                raise ProgramError("a map with optional entries", self._at(number))
            parts += [self._child(entry, 3, depth), self._child(entry, 4, depth)]
        return ["map", *parts]

    def _macro(self, loop: Message, depth: int, number: int) -> Node:
        variable, accumulator = text(loop, 1), ["name", text(loop, 3)]
        source, start, going, step, result = (self._child(loop, field, depth) for field in (2, 4, 5, 6, 7))
        macro = None if 8 in loop else _macro([start, going, step, result], accumulator, variable)
        if macro is None:
            raise ProgramError(
                "this macro is not known here: use all, exists, exists_one, filter or map", self._at(number)
            )
        return [macro[0], variable, source, *macro[1:]]

    def _child(self, message: Message, number: int, depth: int) -> Node:
        return self._node(fields(message[number][0]), depth)


_SHAPES = {
    4: _Reader._name,  # noqa: SLF001 - rows of its own table
    5: _Reader._select,  # noqa: SLF001
    6: _Reader._call,  # noqa: SLF001
    7: _Reader._list,  # noqa: SLF001
    8: _Reader._map,  # noqa: SLF001
    9: _Reader._macro,  # noqa: SLF001
}
"""What an expression is, by the number of the field that it has."""


def _macro(loop: list[Node], so_far: Node, variable: str) -> Node | None:
    """The macro that expands to this start, condition to go on, step and result; None where none does."""
    start, going, step, result = loop
    for kind, decisive, joined, goes_on in (
        ("exists", False, "or", ["@not_strictly_false", ["not", so_far]]),
        ("all", True, "and", ["@not_strictly_false", so_far]),
    ):
        if [start, going, result] == [["bool", decisive], goes_on, so_far] and step[:2] == [joined, so_far]:
            return [kind, step[2] if len(step) == 3 else [joined, *step[2:]]]
    if going != ["bool", True]:
        return None
    one = ["int", 1]
    if [start, result] == [["int", 0], ["call", "==", so_far, one]]:
        counted = [["call", "+", so_far, one], so_far]
        return ["exists_one", step[1]] if step[0] == "if" and step[2:] == counted else None
    if [start, result] != [["list"], so_far]:
        return None
    conditions = []
    if step[0] == "if" and step[3] == so_far:
        conditions, step = [step[1]], step[2]
    if step[:3] != ["call", "+", so_far] or step[3][0] != "list" or len(step[3]) != 2:
        return None
    made = step[3][1]
    return ["filter", *conditions] if conditions and made == ["name", variable] else ["transform", made, *conditions]


def _double(value: bytes) -> Node:
    (double,) = struct.unpack("<d", value)
    return ["double", double if math.isfinite(double) else str(double)]


_CONSTANTS: dict[int, Callable[[Any], Node]] = {
    1: lambda _: ["null"],
    2: lambda value: ["bool", bool(value)],
    3: lambda value: ["int", value - 2**64 if value >= 2**63 else value],
    4: lambda value: ["uint", value],
    5: _double,
    6: lambda value: ["string", bytes(value).decode()],
    7: lambda value: ["bytes", base64.b64encode(value).decode()],
}
"""How each kind of constant is read, by the number of its field."""


_NO_CONSTANT = "a literal of a kind that is not known here"


def _constant(constant: Message) -> Node | None:
    for number, values in constant.items():
        if number in _CONSTANTS:
            return _CONSTANTS[number](values[0])
    return None


def _unreadable(function: str, arguments: list[Node]) -> str | None:
    """Why a function can never read the constant text that it is given: it would fail for every person."""
    if function not in ("duration", "timestamp", "matches") or arguments[-1][0] != "string":
        return None
    outcome = FUNCTIONS[function].run(*([""] if function == "matches" else []), arguments[-1][1])
    return outcome.reason if isinstance(outcome, Failed) else None
