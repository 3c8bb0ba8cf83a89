"""Tables: for one path, what each possible value does to the rows of a catalogue, worked out when it is loaded.

The constants that atoms compare a value with cut the numbers into points and the gaps between them, and the texts into
those named and all others. Within a region every atom says the same, so that the set of rows that a value concerns is
found by one bisection or one lookup.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import compress
from operator import or_
from typing import Any, Final

import msgspec

from shared.domain.policy.atoms import (
    COLLECTIONS,
    MISSING,
    NOWHERE,
    NUMBERS,
    UNREADABLE,
    NoValue,
    Term,
    Truth,
    after,
    either,
)
from shared.domain.policy.rows import Rows

_STRANGE: Final[tuple[Any, ...]] = (MISSING, None, False, True, math.nan, [], NOWHERE, UNREADABLE)
_NUMBERS: Final = frozenset(NUMBERS)
_TEXTS: Final = frozenset({str})
_SINCE: Final = {"<": 0, "<=": 1, ">": 1, ">=": 0}
"""Of an operator with an order, the region from which on it says the other: that of its constant, or the next."""

Answers = dict[Any, tuple[bool, ...]]
"""What entries of one shape say of each value of `_STRANGE`, which is the same for every path."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Terms on one path, joined by `||`, and the rows that a value concerns of which they say one of `when`."""

    terms: tuple[Term, ...]
    when: frozenset[Truth]
    rows: Rows

    def concerns(self, value: Any) -> bool:
        """Whether a value concerns the rows."""
        return either(term.says(value) for term in self.terms) in self.when


class Table:
    """The rows by value of one path."""

    def __init__(self, entries: Iterable[Entry], answers: Answers | None = None) -> None:
        """Work out the regions and their rows; `answers` are remembered from one table to the next."""
        shapes = _by_shape(entries, {} if answers is None else answers)
        numbers, texts = _Regions(shapes, _NUMBERS, _between_numbers), _Regions(shapes, _TEXTS, _between_texts)
        by_number, by_text = numbers.rows(), texts.rows()
        self.keys: list[float] = []
        self.by_region: list[Rows] = [by_number[0]]
        for position, rows in enumerate(by_number[1:]):
            if rows is not self.by_region[-1] and rows != self.by_region[-1]:
                constant = numbers.constants[position // 2]
                self.keys.append(after(constant) if position % 2 else float(constant))
                self.by_region.append(rows)
        self.by_text: dict[str, Rows] = dict(zip(texts.constants, by_text[1::2], strict=True))
        self.other_text: Rows = by_text[0]
        known: dict[tuple[bool, ...], Rows] = {}
        strange = zip(*[shape.answers for shape in shapes], strict=True)
        self.missing, self.null, self.false, self.true, self.nan, self.other, self.nowhere, self.unreadable = [
            known[says] if says in known else known.setdefault(says, _joined(shapes, says)) for says in strange
        ]

    def __call__(self, value: Any) -> Rows:
        """The rows that a value concerns."""
        kind = value.__class__
        if value is MISSING:
            return self.missing
        if kind is float or kind is int:
            return self.by_region[bisect_right(self.keys, value)] if value == value else self.nan  # noqa: PLR0124 - NaN
        if kind is str:
            return self.by_text.get(value, self.other_text)
        if kind is bool:
            return self.true if value else self.false
        if value.__class__ is NoValue:
            return self.nowhere if value is NOWHERE else self.unreadable
        return self.null if value is None else self.other


def _joined(shapes: Sequence[_Shape], says: Sequence[bool]) -> Rows:
    """The rows of the shapes that say so."""
    return reduce(or_, [shape.rows for shape in compress(shapes, says)], 0)


class Membership:
    """The rows by whether a list holds one text."""

    def __init__(self, text: str, entries: Iterable[Entry]) -> None:
        """Work out the rows of a list with the text, of one without, and of what is none."""
        rows = _strange(_by_shape(entries, {}))
        self.text = text
        self.inside, self.outside, self.other = rows([text]), rows([]), rows(None)
        self.missing = rows(MISSING)

    def __call__(self, value: Any) -> Rows:
        """The rows that a value concerns."""
        if value.__class__ in COLLECTIONS:
            return self.inside if self.text in value else self.outside
        return self.missing if value is MISSING or value is NOWHERE else self.other


class _Shape:
    """Entries that differ in their constants alone: what one says of a value that is none of them, all say."""

    __slots__ = ("answers", "entries", "first", "kinds", "rows")

    def __init__(self, entries: list[Entry], answers: tuple[bool, ...]) -> None:
        """Take the entries, of which there is one at least, and what each of them says of the values of `_STRANGE`."""
        self.entries = entries
        self.answers = answers
        self.first = entries[0]
        self.kinds = {constant.__class__ for term in self.first.terms for constant in term.atom.constants}
        self.rows = reduce(or_, [entry.rows for entry in entries])


def _by_shape(entries: Iterable[Entry], answers: Answers) -> list[_Shape]:
    shapes: defaultdict[Any, list[Entry]] = defaultdict(list)
    for entry in entries:
        terms, when = entry.terms, entry.when
        key = _shape_of(terms[0]) if len(terms) == 1 else tuple([_shape_of(term) for term in terms])
        shapes[when, key].append(entry)
    for key, alike in shapes.items():
        if key not in answers:
            answers[key] = tuple([alike[0].concerns(value) for value in _STRANGE])
    return [_Shape(alike, answers[key]) for key, alike in shapes.items()]


def _shape_of(term: Term) -> tuple[object, ...]:
    """What of a term matters to a value that none of its constants is equal to. Constants of one term are all numbers,
    all texts, or one bool.
    """
    atom = term.atom
    if not atom.constants:
        return atom.operator, term.negated
    first = atom.constants[0]
    kind = first.__class__
    return atom.operator, term.negated, float if kind is int else kind, first if kind is bool else None


def _constants(entries: Iterable[Entry], kinds: frozenset[type]) -> list[Any]:
    return sorted({c for entry in entries for term in entry.terms for c in term.atom.constants if c.__class__ in kinds})


class _Regions:
    """Rows by region: before the first constant, at it, between it and the second, and so on.

    What an entry says changes at its own constants alone, so its rows go on a few ranges of regions. Nearly every range
    begins at the first region or ends at the last, and is noted at its other end only: one pass forwards and one
    backwards then gather what reaches each region.
    """

    def __init__(
        self, shapes: Sequence[_Shape], kinds: frozenset[type], between: Callable[[list[Any], int], Any]
    ) -> None:
        """Note the rows of every entry; `between` gives a value of these kinds that lies between two constants."""
        asking = [shape for shape in shapes if not shape.kinds.isdisjoint(kinds)]
        self.constants = _constants([entry for shape in asking for entry in shape.entries], kinds)
        self._positions = {constant: 2 * number + 1 for number, constant in enumerate(self.constants)}
        self._size = 2 * len(self.constants) + 1
        self._kinds = kinds
        self._between = between
        self._onwards, self._so_far = [0] * (self._size + 1), [0] * (self._size + 1)
        self._here = [0] * self._size
        for shape in shapes:
            if shape.kinds.isdisjoint(kinds):
                if shape.first.concerns(between([], 0)):
                    self._so_far[self._size] |= shape.rows
            elif len(shape.first.terms) > 1:
                self._several_terms(shape.entries)
            elif shape.first.terms[0].atom.operator in _SINCE:
                self._ordered(shape.entries)
            else:
                self._equal(shape.entries)

    def rows(self) -> list[Rows]:
        """The rows of each region."""
        onwards, so_far = self._onwards, self._so_far
        for region in range(1, self._size):
            before = onwards[region - 1]
            onwards[region] = onwards[region] | before if onwards[region] else before
        for region in range(self._size - 1, -1, -1):
            behind = so_far[region + 1]
            so_far[region] = so_far[region] | behind if so_far[region] else behind
        found: list[Rows] = []
        last: tuple[Rows, Rows] = -1, -1
        joined = 0
        for one, other, here in zip(onwards, so_far[1:], self._here, strict=False):
            if one is not last[0] or other is not last[1]:  # each copy of a set is some hundred bytes
                last, joined = (one, other), one | other
            found.append(joined | here if here else joined)
        return found

    def _ordered(self, entries: list[Entry]) -> None:
        """Of an operator with an order: all regions before its constant, or all after it."""
        first, atom = entries[0], entries[0].terms[0].atom
        below, above = (first.concerns(self._between([atom.constants[0]], side)) for side in (0, 1))
        since = _SINCE[atom.operator]
        for entry in entries:
            turn = self._positions[entry.terms[0].atom.constants[0]] + since
            if below:
                self._so_far[turn] |= entry.rows
            if above:
                self._onwards[turn] |= entry.rows

    def _equal(self, entries: list[Entry]) -> None:
        """Of `==` and `in`: the constants, or all but them."""
        first = entries[0]
        at = first.concerns(first.terms[0].atom.constants[0])
        elsewhere = first.concerns(self._between(self.constants, len(self.constants)))
        for entry in entries:
            rows = entry.rows
            points = sorted([self._positions[constant] for constant in entry.terms[0].atom.constants])
            if at:
                for point in points:
                    self._here[point] |= rows
            if elsewhere:
                start = 0
                for point in points:
                    self._note(start, point, rows)
                    start = point + 1
                self._note(start, self._size, rows)

    def _several_terms(self, entries: list[Entry]) -> None:
        """Of terms joined by `||`: each region between its own constants, and each of these, is asked."""
        for entry in entries:
            own = _constants([entry], self._kinds)
            start = 0
            for place in range(2 * len(own) + 1):
                index, is_point = divmod(place, 2)
                end = self._positions[own[index]] + is_point if index < len(own) else self._size
                if entry.concerns(own[index] if is_point else self._between(own, index)):
                    self._note(start, end, entry.rows)
                start = end

    def _note(self, start: int, end: int, rows: Rows) -> None:
        """Have rows on the regions from one until before another."""
        if start == 0:
            self._so_far[end] |= rows
        elif end == self._size:
            self._onwards[start] |= rows
        else:
            for region in range(start, end):
                self._here[region] |= rows


def _between_numbers(numbers: list[Any], position: int) -> Any:
    """A number before the one at a position, and after the one before it."""
    if not numbers:
        return 0.5
    if position == 0:
        return numbers[0] - 1
    if position == len(numbers):
        return numbers[-1] + 1
    return (numbers[position - 1] + numbers[position]) / 2


def _between_texts(texts: list[Any], _position: int) -> Any:
    """A text that is none of these: it follows the last."""
    return f"{texts[-1]}\0" if texts else ""


def _strange(shapes: Sequence[_Shape]) -> Callable[[Any], Rows]:
    """Rows by a value that no constant is equal to."""

    def rows(value: Any) -> Rows:
        return reduce(or_, [shape.rows for shape in shapes if shape.first.concerns(value)], 0)

    return rows
