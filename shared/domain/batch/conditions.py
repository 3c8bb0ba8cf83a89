"""The conditions of a catalogue asked of all persons of a wave: the persons that each lets through."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, Final, NamedTuple

import numpy as np

from shared.domain.batch.packed import Flags, Places, Words, packed, places, unpacked
from shared.domain.batch.values import NAMED, NUMBER, STRANGE, Classes, Column, Values
from shared.domain.policy.atoms import COLLECTIONS, NUMBERS, Path, Term, Truth, either
from shared.domain.policy.index import Evaluated, Tabled

_COMPARE: Final[Mapping[str, Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "in": operator.eq,
}
_A_NUMBER: Final = 0.5
_OTHER: Final = STRANGE.index([])


class _Asked:
    """A term made ready: the classes of which it says true, and how numbers are compared."""

    __slots__ = ("_among", "_classes", "_compare", "_constants", "_negated", "_term", "path")

    def __init__(self, term: Term, texts: Sequence[str]) -> None:
        atom = term.atom
        self.path = atom.path
        self._term = term
        self._negated = term.negated
        numeric = bool(atom.constants) and atom.constants[0].__class__ in NUMBERS
        self._compare = _COMPARE[atom.operator] if numeric else None
        self._constants = tuple(map(float, atom.constants)) if numeric else ()  # type: ignore[arg-type]
        self._among = atom.operator == "contains"
        alike = {number: value for number, value in enumerate(STRANGE) if not (self._among and number == _OTHER)}
        alike |= dict(enumerate(texts, NAMED))
        if self._compare is None:
            alike[NUMBER] = _A_NUMBER
        self._classes = tuple([number for number, value in alike.items() if term.says(value) is Truth.TRUE])

    def holds(self, column: Column, nobody: Words) -> Words:
        """Of whom it is true."""
        alike = [whose for number in self._classes if (whose := column.of(number)) is not None]
        numbers = column.of(NUMBER) if self._compare is not None else None
        if numbers is not None:
            compared = reduce(or_, [packed(self._compare(column.numbers, constant)) for constant in self._constants])  # type: ignore[misc]
            alike.append(numbers & ~compared if self._negated else compared)
        if self._among and column.of(_OTHER) is not None:
            alike.append(self._inside(column))
        return reduce(or_, alike) if alike else nobody

    def _inside(self, column: Column) -> Words:
        says, among = self._term.says, COLLECTIONS
        return packed(
            np.array([value.__class__ in among and says(value) is Truth.TRUE for value in column.values], np.bool_)
        )


class _Condition(NamedTuple):
    """A condition by its clauses: of each its terms, and the classes of which it is unknown and may be."""

    clauses: tuple[tuple[tuple[Term, ...], tuple[int, ...]], ...]
    rows: Places


class Conditions:
    """The conditions of a catalogue, each with the rows that it stops.

    Attributes:
        reads: the paths that they read.
    """

    def __init__(self, rows: int, tabled: Iterable[Tabled], evaluated: Sequence[Evaluated]) -> None:
        """Make them ready; `rows` is how many there are."""
        tabled = tuple(tabled)
        terms = {term for each in tabled for clause in each.clauses for term in clause}
        texts: dict[Path, set[str]] = {}
        for term in terms:
            named = texts.setdefault(term.atom.path, set())
            if term.atom.operator != "contains":
                named.update(constant for constant in term.atom.constants if isinstance(constant, str))
        self._classes = {path: Classes(sorted(named)) for path, named in texts.items()}
        self._asked = {term: _Asked(term, sorted(texts[term.atom.path])) for term in terms}
        self._conditions = [
            _Condition(
                tuple((clause, _unknown(clause) if each.allows_missing else ()) for clause in each.clauses),
                places(each.rows, rows),
            )
            for each in tabled
        ]
        self.reads = {*texts, *(path for each in evaluated for path in each.reads)}
        self._evaluated = [(each, places(each.rows, rows)) for each in evaluated]

    def narrow(self, passing: Words, values: Values) -> None:
        """Take from the persons of each row those whom one of its conditions stops.

        Args:
            passing: the persons of each row, changed in place.
            values: of the wave.
        """
        nobody = np.zeros(passing.shape[1], np.uint64)
        holds = {
            term: asked.holds(values.column(asked.path, self._classes[asked.path]), nobody)
            for term, asked in self._asked.items()
        }
        for condition in self._conditions:
            if condition.clauses:
                every = [self._through(clause, unknown, holds, values) for clause, unknown in condition.clauses]
                through = reduce(and_, every)
                if len(condition.rows) == 1:  # in place
                    passing[condition.rows[0]] &= through
                else:
                    passing[condition.rows] &= through
        for evaluated, rows in self._evaluated:
            asked = unpacked(np.bitwise_or.reduce(passing[rows], axis=0), len(values))
            passing[rows] &= ~packed(_stopped(evaluated, values, asked))

    def _through(
        self, clause: tuple[Term, ...], unknown: tuple[int, ...], holds: Mapping[Term, Words], values: Values
    ) -> Words:
        """Whom a clause lets through: of whom one of its terms is true, or of whom it is unknown and may be."""
        found = reduce(or_, [holds[term] for term in clause])
        if unknown:
            path = clause[0].atom.path
            column = values.column(path, self._classes[path])
            found = reduce(or_, [whose for n in unknown if (whose := column.of(n)) is not None], found)
        return found


def _stopped(evaluated: Evaluated, values: Values, asked: Flags) -> Flags:
    """Whom a condition stops that is evaluated by itself, once for all of whom it reads the same."""
    stopped = np.zeros(len(asked), np.bool_)
    known: dict[Any, bool] = {}
    for person in asked.nonzero()[0].tolist():
        key = values.key(person, evaluated.reads)
        stops = known.get(key)
        if stops is None:
            truth = evaluated.evaluate(values.situation(person))
            stops = truth is not Truth.TRUE and not (evaluated.allows_missing and truth is Truth.UNKNOWN)
            if key is not None:
                known[key] = stops
        stopped[person] = stops
    return stopped


def _unknown(clause: tuple[Term, ...]) -> tuple[int, ...]:
    """The classes of which a clause is unknown."""
    return tuple(
        [number for number, value in enumerate(STRANGE) if either(term.says(value) for term in clause) is Truth.UNKNOWN]
    )
