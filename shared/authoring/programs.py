"""Expressions that Google's CEL has checked, made into programs: the door of the build."""

from __future__ import annotations

from shared.authoring.checked import Node, ProgramError, read
from shared.domain.cel import program
from shared.domain.cel.limits import ASSUMED_LENGTH, MAX_COST, MAX_DEPTH, MAX_LENGTH, MAX_NODES
from shared.domain.errors import InvalidError


def check_text(text: str) -> None:
    """Refuse an expression that CEL's parser is not to see at all.

    Raises:
        ProgramError: it is longer than `MAX_LENGTH`, or holds a half of a surrogate pair.
    """
    if len(text) > MAX_LENGTH:
        raise ProgramError(f"too long: {len(text)} characters, at most {MAX_LENGTH}", MAX_LENGTH)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ProgramError("not Unicode text", error.start) from error


def program_data(serialized: bytes) -> Node:
    """The data of a program from what `Expression.serialize()` gives.

    Raises:
        ProgramError: it is too deep, too large or too costly, uses something that cannot be evaluated, such as a
            protobuf message, or is no serialized expression.
    """
    node = read(serialized)
    _check_cost(node)
    try:
        program(node)  # what the build gives, the functions take
    except InvalidError as error:
        raise ProgramError(error.detail) from error
    return node


def _check_cost(node: Node) -> None:
    """Refuse a program that is too deep, too large, or takes too many steps."""
    depth, nodes, cost = _measure(node)
    for what, size, most in (
        ("nested levels", depth, MAX_DEPTH),
        ("parts", nodes, MAX_NODES),
        ("steps", cost, MAX_COST),
    ):
        if size > most:
            raise ProgramError(f"too costly: about {size:,} {what}, at most {most:,}")


def _measure(node: Node) -> tuple[int, int, int]:
    """Depth, nodes and estimated steps. A macro takes its body's steps once for each element of its range."""
    parts = [part for part in node[1:] if part.__class__ is list]
    measured = [_measure(part) for part in parts]
    depth = 1 + max((d for d, _, _ in measured), default=0)
    nodes = 1 + sum(n for _, n, _ in measured)
    costs = [cost for _, _, cost in measured]
    if node[0] in ("exists", "all", "exists_one", "filter", "transform"):
        return depth, nodes, 1 + costs[0] + _length(parts[0]) * sum(costs[1:])
    if node[:2] == ["call", "in"]:
        return depth, nodes, 1 + sum(costs) + _length(parts[1])
    return depth, nodes, 1 + sum(costs) + (ASSUMED_LENGTH if node[:2] == ["call", "matches"] else 0)


def _length(node: Node) -> int:
    return len(node) - 1 if node[0] == "list" else ASSUMED_LENGTH
