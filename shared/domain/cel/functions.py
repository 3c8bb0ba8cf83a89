"""The functions that a program may call, by CEL's names for them, with how many arguments they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from shared.domain.cel import arithmetic, comparison, conversions, strings, times
from shared.domain.cel.automata import matches
from shared.domain.cel.containers import index


class Function(NamedTuple):
    """What runs, and the numbers of arguments that it takes."""

    run: Callable[..., Any]
    arguments: tuple[int, ...]


FUNCTIONS: dict[str, Function] = {
    "==": Function(comparison.equal, (2,)),
    "!=": Function(comparison.different, (2,)),
    "<": Function(comparison.less, (2,)),
    "<=": Function(comparison.at_most, (2,)),
    ">": Function(comparison.greater, (2,)),
    ">=": Function(comparison.at_least, (2,)),
    "in": Function(comparison.member, (2,)),
    "[]": Function(index, (2,)),
    "+": Function(arithmetic.add, (2,)),
    "-": Function(arithmetic.subtract, (2,)),
    "*": Function(arithmetic.multiply, (2,)),
    "/": Function(arithmetic.divide, (2,)),
    "%": Function(arithmetic.modulo, (2,)),
    "-_": Function(arithmetic.negate, (1,)),
    "size": Function(strings.size, (1,)),
    "contains": Function(strings.contains, (2,)),
    "startsWith": Function(strings.starts_with, (2,)),
    "endsWith": Function(strings.ends_with, (2,)),
    "matches": Function(matches, (2,)),
    "int": Function(conversions.to_int, (1,)),
    "uint": Function(conversions.to_uint, (1,)),
    "double": Function(conversions.to_double, (1,)),
    "string": Function(conversions.to_string, (1,)),
    "bytes": Function(conversions.to_bytes, (1,)),
    "bool": Function(conversions.to_bool, (1,)),
    "timestamp": Function(conversions.to_timestamp, (1,)),
    "duration": Function(conversions.to_duration, (1,)),
    "type": Function(conversions.type_of, (1,)),
    "dyn": Function(conversions.dyn, (1,)),
    **{name: Function(part, (1, 2)) for name, part in times.PARTS.items()},
}
