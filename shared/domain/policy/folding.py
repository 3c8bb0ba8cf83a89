"""A program with what is known of it worked out: comparisons of constants, and the logic above them."""

from __future__ import annotations

from typing import Any, Final

_LOGIC: Final = {"and": True, "or": False}
_CONSTANTS: Final = frozenset({"bool", "string", "int", "double"})


def folded(program: Any) -> Any:  # noqa: PLR0911 - one answer per kind of node
    """The same program, shorter where texts, numbers and bools meet each other; it says the same of everybody.

    Args:
        program: as `shared.domain.cel` takes it, perhaps with what it reads of a candidate put in its place.
    """
    match program:
        case ["not", inner]:
            found = folded(inner)
            return ["bool", not found[1]] if found[0] == "bool" else ["not", found]
        case ["and" | "or" as kind, *parts]:
            return _joined(kind, [folded(part) for part in parts])
        case ["if", condition, then, otherwise]:
            found = folded(condition)
            if found[0] == "bool":
                return folded(then if found[1] else otherwise)
            return ["if", found, folded(then), folded(otherwise)]
        case ["call", "==" | "!=" as operator, left, right] if _comparable(left, right):
            return ["bool", (left[1] == right[1]) is (operator == "==")]
        case ["call", "in", wanted, ["list", *items]] if items and all(_comparable(wanted, item) for item in items):
            return ["bool", any(wanted[1] == item[1] for item in items)]
        case _:
            return program


def _joined(kind: str, parts: list[Any]) -> Any:
    """Parts without those that change nothing; one part that decides is the whole."""
    neutral = _LOGIC[kind]
    if any(part[0] == "bool" and part[1] is not neutral for part in parts):
        return ["bool", not neutral]
    left = [part for part in parts if part[0] != "bool"]
    if not left:
        return ["bool", neutral]
    return left[0] if len(left) == 1 else [kind, *left]


def _comparable(left: Any, right: Any) -> bool:
    return left[0] == right[0] and left[0] in _CONSTANTS
