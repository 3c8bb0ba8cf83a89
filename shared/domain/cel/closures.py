"""What nodes become: closures over those of their parts. The shapes that most conditions have go a shorter way."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shared.domain.cel.comparison import member
from shared.domain.cel.ends import Missing
from shared.domain.cel.values import no_overload

Run = Callable[[dict[str, Any]], Any]
"""A compiled node: the variables in, a value or an end out."""

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""The comparisons, as Python makes them between two values of one class."""


class Constant(NamedTuple):
    """A value that is known before any variable is."""

    value: Any


def run_of(node: Constant | Run) -> Run:
    """The closure of a node, be it a constant."""
    if isinstance(node, Constant):
        value = node.value
        return lambda _: value
    return node


def joined(symbol: str, decisive: bool, runs: Sequence[Run]) -> Run:  # noqa: FBT001 - the value that decides
    """`&&` and `||`: decided by one, else an end by the leftmost that is no bool."""
    otherwise = not decisive

    def join(variables: dict[str, Any]) -> Any:
        end = None
        for run in runs:
            value = run(variables)
            if value is otherwise:
                continue
            if value is decisive:
                return decisive
            if end is None:
                end = no_overload(symbol, value)
        return otherwise if end is None else end

    return join


def joined_two(symbol: str, decisive: bool, left: Run, right: Run) -> Run:  # noqa: FBT001 - the value that decides
    """The same for two, which most are."""
    otherwise = not decisive

    def join(variables: dict[str, Any]) -> Any:
        first = left(variables)
        if first is decisive:
            return decisive
        second = right(variables)
        if second is decisive or (second is otherwise and first is otherwise):
            return second
        return no_overload(symbol, second if first is otherwise else first)

    return join


def compared(name: str, slow: Callable[[Any, Any], Any], left: Run, constant: Any, path: tuple[str, ...] | None) -> Run:
    """A comparison with a constant: values of its very class are compared by Python itself."""
    compare, kind = OPERATORS[name], constant.__class__

    def compare_value(variables: dict[str, Any]) -> Any:
        value = left(variables)
        return compare(value, constant) if value.__class__ is kind else slow(value, constant)

    if path is None or len(path) != 2:
        return compare_value
    variable, field = path
    missing = Missing(path)

    def compare_field(variables: dict[str, Any]) -> Any:
        fields = variables.get(variable)
        value = fields.get(field, missing) if fields.__class__ is dict else left(variables)
        return compare(value, constant) if value.__class__ is kind else slow(value, constant)

    return compare_field


def membership(wanted: Constant | Run, container: Constant | Run) -> Run:
    """`in`, by hash where a text is looked for among constant texts."""
    left, right = run_of(wanted), run_of(container)
    if isinstance(container, Constant) and container.value.__class__ is list:
        items = container.value
        texts = frozenset(item for item in items if item.__class__ is str)

        def among(variables: dict[str, Any]) -> Any:
            value = left(variables)
            return value in texts if value.__class__ is str else member(value, items)

        return among
    if isinstance(wanted, Constant) and wanted.value.__class__ is str:
        text = wanted.value

        def holds(variables: dict[str, Any]) -> Any:
            value = right(variables)
            return text in value if value.__class__ is list else member(text, value)

        return holds

    def sought(variables: dict[str, Any]) -> Any:
        value = left(variables)
        return member(value, right(variables))

    return sought


def applied(function: Callable[..., Any], runs: list[Run]) -> Run:
    """A function of one or two arguments."""
    if len(runs) == 1:
        (only,) = runs
        return lambda variables: function(only(variables))
    left, right = runs
    return lambda variables: function(left(variables), right(variables))
