"""The macros `all exists exists_one filter map`: a variable takes each element of a list, or each key of a map, in an
order that does not depend on how the map was made.

`all` and `exists` absorb errors as `&&` and `||` do, and end as their first element that ends in no value. The others
visit every element, and end as the last condition that is no bool, or else as the first result that is no value: this
is what Google's implementation does. All macros of one evaluation together visit at most `MAX_ITERATIONS` elements, and
what `map` makes counts too; more is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.domain.cel.ends import Failed, is_end
from shared.domain.cel.limits import MAX_ITERATIONS
from shared.domain.cel.values import in_order, no_overload

Run = Callable[[dict[str, Any]], Any]

BUDGET = "@budget"
"""The variable that counts the elements still allowed; no expression can name it."""

_TOO_MANY = Failed(f"more than {MAX_ITERATIONS} elements visited by macros")


def budgeted(run: Run) -> Run:
    """The same, with a fresh budget for each evaluation."""
    return lambda variables: run({**variables, BUDGET: [MAX_ITERATIONS]})


def _elements(value: Any, variables: dict[str, Any]) -> Any:
    """What a macro visits; an end where it can visit nothing, or too much."""
    kind = value.__class__
    if kind is list:
        elements = value
    elif kind is dict:
        elements = in_order(value)
    else:
        return no_overload("a macro", value)
    budget = variables[BUDGET]
    budget[0] -= len(elements)
    return elements if budget[0] >= 0 else _TOO_MANY


def _deciding(symbol: str, *, decisive: bool) -> Callable[[str, Run, Run], Run]:
    def make(name: str, source: Run, condition: Run) -> Run:
        def decided(variables: dict[str, Any]) -> Any:
            elements = _elements(source(variables), variables)
            if elements.__class__ is not list:
                return elements
            inner = dict(variables)
            end = None
            for inner[name] in elements:
                value = condition(inner)
                if value is decisive:
                    return decisive
                if value.__class__ is not bool and end is None:
                    end = no_overload(symbol, value)
            return end or not decisive

        return decided

    return make


exists = _deciding("||", decisive=True)
all_of = _deciding("&&", decisive=False)


def exists_one(name: str, source: Run, condition: Run) -> Run:
    """`exists_one`: whether the condition holds for exactly one element."""

    def counted(variables: dict[str, Any]) -> Any:
        elements = _elements(source(variables), variables)
        if elements.__class__ is not list:
            return elements
        inner = dict(variables)
        count = 0
        end = None
        for inner[name] in elements:
            value = condition(inner)
            if value is True:
                count += 1
            elif value is not False:
                end = no_overload("a condition", value)
        return end or count == 1

    return counted


def filtered(name: str, source: Run, condition: Run) -> Run:
    """`filter`: the elements for which the condition holds."""
    return transformed(name, source, lambda variables: variables[name], condition)


def transformed(name: str, source: Run, result: Run, condition: Run | None = None) -> Run:
    """`map`: a result for each element, or for each that the condition holds for."""

    def mapped(variables: dict[str, Any]) -> Any:
        elements = _elements(source(variables), variables)
        if elements.__class__ is not list:
            return elements
        inner = dict(variables)
        results = []
        end = None
        for inner[name] in elements:
            wanted = condition(inner) if condition else True
            if wanted is True:
                value = result(inner)
                if is_end(value):
                    end = end or value
                    continue
                results.append(value)
                if value.__class__ in (str, bytes, list):
                    inner[BUDGET][0] -= len(value) // 16
                    if inner[BUDGET][0] < 0:
                        return _TOO_MANY
            elif wanted is not False:
                end = no_overload("a condition", wanted)
        return results if end is None else end

    return mapped
