"""What Google's CEL says is wrong with an expression, in the words of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

MAX_DEPTH = 32
"""Levels that CEL's own reader takes."""

VARIABLES = ("profile", "context", "signal", "action", "treatment")
"""What an expression may read of, beside `now`."""

_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*?)(?=\n \| | \[INVALID_ARGUMENT\]|\Z)", re.DOTALL)
_UNDEFINED = re.compile(r"undefined field '(.*)' not found in struct 'kairos\.(\w+)'")
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container ''\)")
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '(.*)'", re.DOTALL)
_SYNTAX = re.compile(r"Syntax error: (.*?)(?: expecting .*)?", re.DOTALL)


class Fault(NamedTuple):
    """Something wrong at a character of an expression."""

    offset: int
    message: str
    wrote: str = ""
    known: tuple[str, ...] = ()


def explained(text: str, error: str, known: Mapping[str, Collection[str]]) -> list[Fault]:
    """What CEL said of a text, in the words of the catalogue; `known` are the fields of each variable."""
    lines = text.split("\n")
    faults = []
    for line, column, message in _ERROR.findall(error):
        before = lines[: max(int(line) - 1, 0)]
        offset = min(sum(len(part) + 1 for part in before) + max(int(column) - 1, 0), len(text))
        faults.append(_fault(text, offset, message, known))
    if "recursion" in error:
        return [Fault(0, f"nested too deeply: CEL takes {MAX_DEPTH} levels")]
    # of what is wrong CEL says again that whatever contains it is wrong
    first = [fault for fault in faults if "*error*" not in fault.message]
    return first or faults or [Fault(0, f"not CEL: {error}")]


def _fault(text: str, offset: int, message: str, known: Mapping[str, Collection[str]]) -> Fault:
    if found := _UNDEFINED.fullmatch(message):
        name, variable = found[1], found[2].lower()
        at = text.find(name, offset)
        fields = tuple(known.get(variable, ()))
        if variable == "properties":
            return Fault(max(at, offset), f"no type of signal declares a property {name}", name, fields)
        return Fault(max(at, offset), f"unknown attribute {variable}.{name}", name, fields)
    if found := _UNDECLARED.fullmatch(message):
        variables = (*VARIABLES, "now", "has", "size", "timestamp", "duration", "matches")
        first = found[1].split(".")[0]
        at = offset if text.startswith(first, offset) else max(text.rfind(first, 0, offset), 0)
        return Fault(at, f"unknown name {found[1]}", first, variables)
    if found := _OVERLOAD.fullmatch(message):
        return Fault(offset, f"{_operator(found[1])} does not take {type_words(found[2])}")
    if found := _SYNTAX.fullmatch(message):
        return Fault(offset, f"not CEL: {found[1]}")
    return Fault(offset, message)


def _operator(name: str) -> str:
    """`_>_` as people write it."""
    return repr(name.replace("_", " ").strip()) if not name.isidentifier() else f"{name}()"


def type_words(name: str) -> str:
    """A type or a tuple of types in words."""
    inner = name.strip("()")
    return " and ".join(part.strip().removeprefix("google.protobuf.").lower() for part in inner.split(", "))
