"""The nearest values that would make a term true, or any other answer of a condition another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shared.domain.policy.atoms import COLLECTIONS, MISSING, NUMBERS, Atom, Constant, Operator, Term

OTHER_TEXT = "(other)"
"""Stands for any text that no condition names."""

_NEGATED: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "="}
_SAMPLES: dict[str, Any] = {"bool": True, "int": 1, "double": 1.0, "list(string)": []}
_FARTHEST = 60
"""Doublings of a step in search of a number that does it: beyond 2^53 nothing is counted one by one."""


class Option(NamedTuple):
    """A value that something may have, and what is to be said of it: `≥ 500`."""

    value: Any
    says: str


def options(term: Term, now: Any, kind: str | None) -> Iterator[Option]:
    """Values at which a term is true, the nearest first.

    Args:
        term: what is to be true.
        now: the value that is there, MISSING where there is none.
        kind: the declared type, None where none is.
    """
    atom, negated = term.atom, term.negated
    match atom.operator:
        case "truth":
            yield Option(not negated, f"= {said(not negated)}")
        case "has":
            yield Option(MISSING, "missing") if negated else Option(_SAMPLES.get(kind or "", OTHER_TEXT), "known")
        case "contains":
            yield _membership(atom, negated, now)
        case "==" | "in":
            yield from _others(atom.constants, now) if negated else (Option(c, f"= {said(c)}") for c in atom.constants)
        case operator:
            yield _ordered(_NEGATED[operator] if negated else operator, atom.constants[0], kind)


def _membership(atom: Atom, negated: bool, now: Any) -> Option:  # noqa: FBT001 - of a term
    held = [each for each in now if each != atom.constants[0]] if now.__class__ in COLLECTIONS else []
    if negated:
        return Option(held, f"without {said(atom.constants[0])}")
    return Option([*held, atom.constants[0]], f"with {said(atom.constants[0])}")


def _others(constants: tuple[Constant, ...], now: Any) -> Iterator[Option]:
    says = f"≠ {said(constants[0])}" if len(constants) == 1 else f"none of {', '.join(map(said, constants))}"
    numbers = [c for c in constants if c.__class__ in NUMBERS]
    if numbers:
        # a number that is another one already has to change for something else, which the value alone tells
        differs = now.__class__ in NUMBERS and now not in numbers
        for value in (max(numbers) + 1, min(numbers) - 1):
            yield Option(value, f"= {said(value)}" if differs else says)
    elif constants[0].__class__ is bool:
        yield Option(not constants[0], f"= {said(not constants[0])}")
    else:
        yield Option(OTHER_TEXT, says)


def _ordered(operator: Operator, constant: Any, kind: str | None) -> Option:
    says = f"{_SIGNS[operator]} {said(constant)}"
    if kind == "int":
        nearest = {
            ">": math.floor(constant) + 1,
            ">=": math.ceil(constant),
            "<": math.ceil(constant) - 1,
            "<=": math.floor(constant),
        }
        return Option(nearest[operator], says)
    if operator in (">=", "<="):
        return Option(constant, says)
    return Option(math.nextafter(float(constant), math.inf if operator == ">" else -math.inf), says)


def numbers(now: float, holds: Callable[[Any], bool]) -> Iterator[Option]:
    """The nearest numbers above and below at which something holds that does not hold now, to a whole number of an int
    and to a hundredth of a double, where doubling steps find any.
    """
    least = 1 if isinstance(now, int) else 0.01
    for direction, sign in ((1, "≥"), (-1, "≤")):
        step = least
        for _ in range(_FARTHEST):
            if holds(now + direction * step):
                break
            step *= 2
        else:
            continue
        low, high = 0, round(step / least)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(now + direction * middle * least) else (middle, high)
        value = now + direction * high * least
        value = value if isinstance(now, int) else round(value, 2)
        if holds(value):
            yield Option(value, f"{sign} {said(value)}")


def distance(now: Any, value: Any) -> float:
    """How far a value is from what is there: of numbers relative to it, of anything else 1."""
    if now.__class__ in NUMBERS and value.__class__ in NUMBERS:
        return abs(value - now) / max(1.0, abs(now))
    return 1.0


def said(value: Any) -> str:
    """A value for people."""
    if value is MISSING:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(said, value)) + "]"
    return str(value)
