"""What the values that a person may have say to the clauses of a catalogue.

The constants that terms compare a path with cut its values into finitely many regions, within which every term says the
same. One value stands for each region, as its declared type has it. Of lists, each text that some term asks for is a
path of its own: more combinations than there are, so that nothing true of all of them is false of a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from shared.domain.policy.atoms import MISSING, NUMBERS, UNREADABLE, Path, Term, Truth, either
from shared.domain.policy.clauses import Clause

Column = tuple[Path, str | None]
"""A path, or one text that the list there may hold."""

_OTHER_TEXT: Final = "\0"
_STRANGE: Final[tuple[Any, ...]] = (None, True, False, 0.5, _OTHER_TEXT, UNREADABLE, [], {})


class Type(NamedTuple):
    """What the values of a path are: a declared type, and the only texts that there are, none where any may be."""

    name: str
    values: tuple[str, ...] = ()


class Regions:
    """Asks what the values of one column allow. What terms ask is known by a number, so that sets of questions are
    small and every answer is worked out once.
    """

    def __init__(self, types: Mapping[Path, Type]) -> None:
        """Take the types of the paths that have one; a value on any other path may be of any kind."""
        self._types = types
        self._numbers: dict[tuple[tuple[Term, ...], frozenset[Truth]], int] = {}
        self._asked: list[tuple[tuple[Term, ...], frozenset[Truth]]] = []
        self._possible: dict[frozenset[int], bool] = {}
        self._follows: dict[tuple[frozenset[int], int], bool] = {}
        self.columns: list[Column] = []

    def number(self, terms: tuple[Term, ...], when: frozenset[Truth]) -> int:
        """The number of the question whether terms on one column, joined by `||`, say one of `when`."""
        key = terms, when
        if key not in self._numbers:
            self._numbers[key] = len(self._asked)
            self._asked.append(key)
            self.columns.append(column_of(terms[0]))
        return self._numbers[key]

    def possible(self, asked: frozenset[int]) -> bool:
        """Whether some value answers yes to all of these questions on one column."""
        found = self._possible.get(asked)
        if found is None:
            found = self._possible[asked] = any(True for _ in self._answering(asked, asked))
        return found

    def follows(self, asked: frozenset[int], number: int) -> bool:
        """Whether every value that answers yes to some questions does so to another on the same column."""
        key = asked, number
        if key not in self._follows:
            self._follows[key] = all(self._says(number, v) for v in self._answering(asked, asked | {number}))
        return self._follows[key]

    def _answering(self, asked: frozenset[int], named: frozenset[int]) -> Iterator[Any]:
        """Of each region that the constants of some questions cut, a value, if it answers yes to those asked."""
        path, text = self.columns[min(named)]
        if text is None:
            constants = {c for n in named for term in self._asked[n][0] for c in term.atom.constants}
            values: Iterable[Any] = _values(constants, self._types.get(path))
        else:
            values = ([text], [])
        return (value for value in (MISSING, *values) if all(self._says(n, value) for n in asked))

    def _says(self, number: int, value: Any) -> bool:
        terms, when = self._asked[number]
        return either(term.says(value) for term in terms) in when


def column_of(term: Term) -> Column:
    """What a term asks of."""
    return term.atom.path, str(term.atom.constants[0]) if term.atom.operator == "contains" else None


def by_column(clause: Clause) -> dict[Column, tuple[Term, ...]]:
    """The terms of a clause by what they ask of."""
    found: dict[Column, tuple[Term, ...]] = {}
    for term in clause:
        column = column_of(term)
        found[column] = (*found.get(column, ()), term)
    return found


def _values(constants: set[Any], kind: Type | None) -> Iterator[Any]:
    """A value for each region of those that a type has."""
    numbers = sorted(constant for constant in constants if constant.__class__ in NUMBERS)
    texts = sorted(constant for constant in constants if constant.__class__ is str)
    if kind is None:
        yield from _STRANGE
    if kind is None or kind.name == "double":
        yield from _between(numbers)
    if kind is None or kind.name == "int":
        yield from _whole(numbers)
    if kind is None or kind.name == "string":
        yield from kind.values if kind is not None and kind.values else (*texts, _OTHER_TEXT)
    if kind is not None and kind.name == "bool":
        yield from (True, False)
    if kind is not None and kind.name in ("timestamp", "list(string)"):
        yield _STRANGE[-1 if kind.name == "timestamp" else -2]


def _between(numbers: list[Any]) -> Iterator[float]:
    """The numbers as doubles, one between each two, one below and one above."""
    ends = [float(number) for number in numbers] or [0.0]
    yield math.nextafter(ends[0], -math.inf)
    for number, following in zip(ends, [*ends[1:], math.inf], strict=True):
        yield number
        if (above := math.nextafter(number, math.inf)) < following:
            yield above


def _whole(numbers: list[Any]) -> Iterator[int]:
    """Whole numbers at, below and above each number."""
    for number in numbers or [0]:
        yield from {math.floor(number) - 1, math.floor(number), math.ceil(number), math.ceil(number) + 1}
