"""Atoms: the smallest questions that conditions ask of one value, and what each says of every kind of value.

An atom asks one path (`profile.balance`) against constants. Conditions made of atoms by `&&`, `||` and `!` are answered
for the whole catalogue at once, from tables; the others are evaluated one by one.
"""

import math
import operator
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, Final, Literal

import msgspec

Path = tuple[str, ...]
Number = int | float
Constant = bool | int | float | str | None
Operator = Literal["truth", "has", "==", "<", "<=", ">", ">=", "in", "contains"]

NUMBERS: Final = (int, float)
"""Classes of numbers: never bool, which Python takes for one."""

COLLECTIONS: Final = (list, tuple, dict)
"""Classes of what may hold a text: lists, and maps by their keys."""


class Truth(IntEnum):
    """What a condition, or a part of one, says."""

    FALSE = 0
    TRUE = 1
    UNKNOWN = 2
    ERROR = 3


class NoValue:
    """What stands where there is no value."""

    def __init__(self, name: str) -> None:
        """Name it for people."""
        self._name = name

    def __repr__(self) -> str:
        """Its name."""
        return self._name


MISSING: Final = NoValue("missing")
"""It is not there."""

NOWHERE: Final = NoValue("nowhere")
"""What it would be a field of is not there either."""

UNREADABLE: Final = NoValue("unreadable")
"""It would be a field of something that has no fields."""


class Atom(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """One question.

    Attributes:
        path: what is read, the root first: `("profile", "balance")`.
        operator: `truth` is the value itself, `has` whether it is there, `in` whether it is one of the constants,
            `contains` whether it is a list or map that holds the constant.
        constants: none for `truth` and `has`, several only for `in`, and those are all texts or all numbers; with an
            order, one text or number; of `contains`, a text. Numbers lie within ±2^52.
    """

    path: Path
    operator: Operator
    constants: tuple[Constant, ...] = ()

    def says(self, value: Any) -> Truth:
        """What it says of a value, as CEL would: of different types nothing is equal, and nothing has an order."""
        if value is UNREADABLE:
            return Truth.ERROR
        if value is NOWHERE:
            return Truth.UNKNOWN
        if self.operator == "has":
            return Truth(value is not MISSING)
        if value is MISSING:
            return Truth.UNKNOWN
        answer = _ANSWERS[self.operator](value, self.constants)
        return Truth.ERROR if answer is None else Truth(answer)


class Term(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """An atom, or its negation."""

    atom: Atom
    negated: bool = False

    def says(self, value: Any) -> Truth:
        """What it says of a value; what is unknown or an error is so negated too."""
        truth = self.atom.says(value)
        return Truth(1 - truth) if self.negated and truth <= Truth.TRUE else truth


def either(truths: Iterable[Truth]) -> Truth:
    """CEL's `||`: one that is true absorbs whatever the others are; else an error counts before an unknown."""
    found = Truth.FALSE
    for truth in truths:
        if truth is Truth.TRUE:
            return truth
        found = max(found, truth)
    return found


def after(number: Number) -> float:
    """The least double above a number: what is above the number is at least that, be it int or double."""
    return math.nextafter(float(number), math.inf)


def _equals(value: Any, constants: tuple[Constant, ...]) -> bool:
    return any(
        (value.__class__ is bool) == (constant.__class__ is bool) and constant == value for constant in constants
    )


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, tuple[Constant, ...]], bool | None]:
    def answer(value: Any, constants: tuple[Constant, ...]) -> bool | None:
        return compare(value, constants[0]) if value.__class__ in NUMBERS else None

    return answer


def _is_true(value: Any, _constants: tuple[Constant, ...]) -> bool | None:
    return value if value.__class__ is bool else None


def _contains(value: Any, constants: tuple[Constant, ...]) -> bool | None:
    return constants[0] in value if value.__class__ in COLLECTIONS else None


_ANSWERS: Final[dict[Operator, Callable[[Any, tuple[Constant, ...]], bool | None]]] = {
    "truth": _is_true,
    "==": _equals,
    "in": _equals,
    "contains": _contains,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
}
"""By operator, whether a value that is there answers to it; None where it is of the wrong type."""
