"""Where a value stands in an item: the expressions of a format, ready to be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.domain.catalogue.formats import Exprs, Field, Value
from shared.domain.cel import Program
from shared.domain.cel.conversions import to_string
from shared.domain.cel.values import Duration, Timestamp, Uint

Variables = dict[str, Any]
Run = Callable[[Variables], Any]

_STEP = re.compile(r"""\.([A-Za-z_]\w*)|\["([^"\\]+)"\]|\[([0-9]{1,4})\]""", re.ASCII)


class Expression:
    """One expression.

    Attributes:
        run: gives its value, None where it has none.
        moves: the field of the item that it is, None where it is more than a field.
        shown: the field that a problem names: the path in the item, or nothing.
    """

    __slots__ = ("moves", "run", "shown")

    def __init__(self, text: str, programs: Mapping[str, Any]) -> None:
        keys = path(text)
        if keys is None:
            evaluate = Program(programs[text]).evaluate

            def computed(variables: Variables) -> Any:
                value = evaluate(variables)
                return value if value.__class__ in _JSON else _plain(value)

            self.run: Run = computed
            self.moves = None
            self.shown = ""
            return
        self.run = _along(keys)
        self.moves = keys[0] if len(keys) == 1 and isinstance(keys[0], str) else None
        self.shown = text.removeprefix("item").removeprefix(".")


def path(text: str) -> tuple[str | int, ...] | None:
    """The fields and indexes of an expression that is a path in the item; None where it is anything else."""
    if not text.startswith("item"):
        return None
    keys: list[str | int] = []
    at = len("item")
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return None
        keys.append(int(step[3]) if step[3] else step[1] or step[2])
        at = step.end()
    return tuple(keys) or None


class Reading:
    """The value of the first of some expressions that has one.

    Attributes:
        shown: the field that a problem names where none has.
    """

    __slots__ = ("_expressions", "_is_path", "_names", "_when", "shown")

    def __init__(self, value: Value, programs: Mapping[str, Any]) -> None:
        exprs: Exprs = value.from_ if isinstance(value, Field) else value
        given = (exprs,) if isinstance(exprs, str) else exprs
        self._expressions = [Expression(text, programs) for text in given]
        self._names = folded(value.names) if isinstance(value, Field) else {}
        self._when = Expression(value.when, programs).run if isinstance(value, Field) and value.when else None
        self._is_path = isinstance(value, Field) and value.as_ == "path"
        self.shown = next((e.shown for e in self._expressions if e.shown), "")

    def __bool__(self) -> bool:
        return bool(self._expressions)

    def all(self, variables: Variables) -> Iterator[tuple[Any, Expression]]:
        """Each value that is there, with the expression that has it; a word is brought to ours."""
        if self._when is not None and self._when(variables) is not True:
            return
        for expression in self._expressions:
            value = expression.run(variables)
            if value is None or value == "":
                continue
            if self._names:
                value = self._names.get(str(value).strip().casefold()) if value.__class__ in _WORDS else None
                if value is None:
                    continue
            if self._is_path and value.__class__ is str:
                value = url_path(value)
            yield value, expression

    def first(self, variables: Variables, moved: set[str]) -> Any:
        """The first value, None where there is none; notes the field that it moves."""
        for value, expression in self.all(variables):
            if expression.moves is not None:
                moved.add(expression.moves)
            return value
        return None


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)")
_JSON = frozenset({str, int, float, bool})
_WORDS = frozenset({str, int, bool})


def url_path(text: str) -> str:
    """The path of a URL; what is none stays as it is."""
    url = _URL.match(text)
    return text if url is None else url[1] or "/"


def folded(names: Mapping[str, Any]) -> dict[str, Any]:
    """A table that is asked whatever the case."""
    return {name.casefold(): value for name, value in names.items()}


def _plain(value: Any) -> Any:
    """A computed value as JSON has it: times and durations are text, what has no such form is none."""
    kind = value.__class__
    if kind is list:
        return [_plain(item) for item in value]
    if kind is dict:
        return {str(name): _plain(held) for name, held in value.items()}
    if kind is Uint:
        return int(value)
    if kind in (Timestamp, Duration):
        return to_string(value)
    return value if kind in _JSON else None


def _along(keys: tuple[str | int, ...]) -> Run:
    if len(keys) == 1 and isinstance(keys[0], str):
        only = keys[0]
        return lambda variables: variables["item"].get(only)

    def run(variables: Variables) -> Any:
        value = variables["item"]
        for key in keys:
            if value.__class__ is dict:
                value = value.get(key)
            elif value.__class__ is list and key.__class__ is int and key < len(value):
                value = value[key]
            else:
                return None
        return value

    return run
