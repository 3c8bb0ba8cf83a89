"""Tables: for one path, what each possible value does to the rows of a catalogue, worked out when it is loaded.

The constants that atoms compare a value with cut the numbers into points and the gaps between them, and the texts into
those named and all others. Within a region every atom says the same, so that the set of rows that a value concerns is
found by one bisection or one lookup.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from shared.domain.policy.atoms import (
    COLLECTIONS,
    MISSING,
    NOWHERE,
    NUMBERS,
    UNREADABLE,
    Atom,
    NoValue,
    Term,
    Truth,
    after,
    either,
)

Rows = int
"""A set of rows: bit n stands for row n."""

_STRANGE: Final[tuple[Any, ...]] = (MISSING, None, False, True, math.nan, [], NOWHERE, UNREADABLE)
_SINCE: Final = {"<": 0, "<=": 1, ">": 1, ">=": 0}
"""Of an operator with an order, the region from which on it says the other: that of its constant, or the next."""


class Entry(NamedTuple):
    """Terms on one path, joined by `||`, and the rows that a value concerns of which they say one of `when`."""

    terms: tuple[Term, ...]
    when: frozenset[Truth]
    rows: Rows

    def concerns(self, value: Any) -> bool:
        """Whether a value concerns the rows."""
        return either(term.says(value) for term in self.terms) in self.when


class Table:
    """The rows by value of one path."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Work out the regions and their rows."""
        entries = list(entries)
        numbers = _constants(entries, NUMBERS)
        texts = _constants(entries, (str,))
        by_number = _regions(entries, numbers, _between)
        by_text = _regions(entries, texts, _another)
        self.keys: list[float] = []
        self.by_region: list[Rows] = [by_number[0]]
        for position, rows in enumerate(by_number[1:]):
            if rows != self.by_region[-1]:
                constant = numbers[position // 2]
                self.keys.append(after(constant) if position % 2 else float(constant))
                self.by_region.append(rows)
        self.by_text: dict[str, Rows] = dict(zip(texts, by_text[1::2], strict=True))
        self.other_text: Rows = by_text[0]
        self.missing, self.null, self.false, self.true, self.nan, self.other, self.nowhere, self.unreadable = map(
            _shapes(entries), _STRANGE
        )

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


class Membership:
    """The rows by whether a list holds one text."""

    def __init__(self, text: str, entries: Iterable[Entry]) -> None:
        """Work out the rows of a list with the text, of one without, and of what is none."""
        rows = _shapes(list(entries))
        self.text = text
        self.inside, self.outside, self.other = rows([text]), rows([]), rows(None)
        self.missing = rows(MISSING)

    def __call__(self, value: Any) -> Rows:
        """The rows that a value concerns."""
        if value.__class__ in COLLECTIONS:
            return self.inside if self.text in value else self.outside
        return self.missing if value is MISSING or value is NOWHERE else self.other


def _constants(entries: Sequence[Entry], kinds: tuple[type, ...]) -> list[Any]:
    constants: Iterator[Any] = (c for entry in entries for term in entry.terms for c in term.atom.constants)
    return sorted({constant for constant in constants if constant.__class__ in kinds})


def _regions(entries: Sequence[Entry], constants: list[Any], between: Callable[[list[Any], int], Any]) -> list[Rows]:
    """Rows by region: before the first constant, at it, between it and the second, and so on.

    What an entry says changes at its own constants alone, so its rows go on a few ranges of regions. Nearly every range
    begins at the first region or ends at the last, and is noted at its other end only: one pass forwards and one
    backwards then gather what reaches each region.
    """
    positions = {constant: 2 * number + 1 for number, constant in enumerate(constants)}
    size = 2 * len(constants) + 1
    onwards, so_far, here = [0] * (size + 1), [0] * (size + 1), [0] * size
    kinds = tuple({constant.__class__ for constant in constants})
    for entry in entries:
        for start, end in _ranges(entry, positions, kinds, size, between):
            if start == 0:
                so_far[end] |= entry.rows
            elif end == size:
                onwards[start] |= entry.rows
            else:
                for region in range(start, end):
                    here[region] |= entry.rows
    for region in range(1, size):
        onwards[region] |= onwards[region - 1]
    for region in range(size - 1, -1, -1):
        so_far[region] |= so_far[region + 1]
    return [onwards[region] | so_far[region + 1] | here[region] for region in range(size)]


def _ranges(
    entry: Entry,
    positions: Mapping[Any, int],
    kinds: tuple[type, ...],
    size: int,
    between: Callable[[list[Any], int], Any],
) -> Iterator[tuple[int, int]]:
    """The regions whose values concern an entry, as ranges from inclusive to exclusive."""
    own = _constants([entry], kinds)
    if len(entry.terms) == 1 and own and entry.terms[0].atom.operator in _SINCE:
        operator = entry.terms[0].atom.operator
        turn = positions[own[0]] + _SINCE[operator]
        if entry.concerns(between(own, 0)):
            yield 0, turn
        if entry.concerns(between(own, 1)):
            yield turn, size
        return
    start, begun = 0, None
    for place in range(2 * len(own) + 1):
        index, is_point = divmod(place, 2)
        end = positions[own[index]] + is_point if index < len(own) else size
        if not entry.concerns(own[index] if is_point else between(own, index)):
            if begun is not None:
                yield begun, start
            begun = None
        elif begun is None:
            begun = start
        start = end
    if begun is not None:
        yield begun, size


def _between(numbers: list[Any], position: int) -> Any:
    """A number before the one at a position, and after the one before it."""
    if not numbers:
        return 0.5
    if position == 0:
        return numbers[0] - 1
    if position == len(numbers):
        return numbers[-1] + 1
    return (numbers[position - 1] + numbers[position]) / 2


def _another(texts: list[Any], _position: int) -> Any:
    """A text that is none of these: it follows the last."""
    return f"{texts[-1]}\0" if texts else ""


def _shapes(entries: Sequence[Entry]) -> Callable[[Any], Rows]:
    """Rows by a value that no constant is equal to. Entries that differ in constants alone then say the same, and are
    asked once.
    """
    shapes: dict[Any, tuple[Entry, Rows]] = {}
    for entry in entries:
        shape = (entry.when, *((t.atom.operator, t.negated, *_kinds(t.atom)) for t in entry.terms))
        known = shapes.get(shape)
        shapes[shape] = (entry, entry.rows | known[1] if known else entry.rows)

    def rows(value: Any) -> Rows:
        found = 0
        for entry, concerned in shapes.values():
            if entry.concerns(value):
                found |= concerned
        return found

    return rows


def _kinds(atom: Atom) -> Iterator[object]:
    """What of its constants matters to a value that is neither a number nor a text."""
    for constant in atom.constants[:1]:
        yield constant.__class__
        if constant.__class__ is bool:
            yield constant
