"""The index: which rows of a catalogue no condition stops, all of them at once.

A condition is a conjunction of clauses, a clause a disjunction of terms. What a clause on one path says depends on one
value, so that a lookup gives the rows that the value stops. A clause over several paths lets through what any of its
terms says is true: each path gives the rows it lets through, on a layer of its own beside those stopped; rows that are
stopped by two such clauses need two layers. So a person costs one lookup a path and one `|` of long integers, however
many actions there are. Measured, trying the conditions of one action after another until one fails was 3 to 5 times
slower.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from shared.domain.policy.atoms import MISSING, NOWHERE, UNREADABLE, Path, Term, Truth
from shared.domain.policy.rows import Rows
from shared.domain.policy.tables import Answers, Entry, Membership, Table

STOPS = frozenset({Truth.FALSE, Truth.UNKNOWN, Truth.ERROR})
STOPS_UNLESS_MISSING = frozenset({Truth.FALSE, Truth.ERROR})
_TRUE = frozenset({Truth.TRUE})

Clause = tuple[Term, ...]
_Column = tuple[Path, str | None]
"""What a table is made for: a path, or one text that the list there may hold."""

Roots = Mapping[str, Mapping[str, Any]]
"""What paths begin with: `profile`, `signal`, `context`."""


class Tabled(msgspec.Struct, frozen=True, gc=False):
    """A condition by its clauses, and the rows that it stops."""

    clauses: tuple[Clause, ...]
    allows_missing: bool
    rows: Rows


class Evaluated(NamedTuple):
    """A condition that is evaluated by itself, once, the rows that it stops, and the paths that it reads."""

    evaluate: Callable[[Roots], Truth]
    allows_missing: bool
    rows: Rows
    reads: tuple[Path, ...] = ()


class Index:
    """The conditions of a catalogue over its rows."""

    def __init__(self, rows: int, tabled: Iterable[Tabled], evaluated: Sequence[Evaluated]) -> None:
        """Work out the tables.

        Args:
            rows: how many there are.
            tabled: conditions made of terms; of those that allow what is missing each must pass `can_allow_missing`.
            evaluated: the others.
        """
        self._rows = rows
        self._all = (1 << rows) - 1
        self._evaluated = [(e.evaluate, STOPS_UNLESS_MISSING if e.allows_missing else STOPS, e.rows) for e in evaluated]
        self._layers: list[Rows] = []
        by_path: defaultdict[_Column, list[Entry]] = defaultdict(list)
        several: defaultdict[tuple[Clause, bool], Rows] = defaultdict(int)
        for each in tabled:
            allows_missing, concerned = each.allows_missing, each.rows
            when = STOPS_UNLESS_MISSING if allows_missing else STOPS
            for clause in each.clauses:
                if len(clause) == 1:
                    atom = clause[0].atom
                    column = (atom.path, None) if atom.operator != "contains" else _column(clause[0])
                    by_path[column].append(Entry(clause, when, concerned))
                else:
                    several[clause, allows_missing] |= concerned
        for (clause, allows_missing), concerned in several.items():
            columns = [_column(term) for term in clause]
            if columns.count(columns[0]) == len(columns):
                when = STOPS_UNLESS_MISSING if allows_missing else STOPS
                by_path[columns[0]].append(Entry(clause, when, concerned))
                continue
            let_through = concerned << rows * (1 + self._layer(concerned))
            for column in dict.fromkeys(columns):
                own = tuple([term for term, its in zip(clause, columns, strict=True) if its == column])
                by_path[column].append(Entry(own, _TRUE, let_through))
        self._lookup = _compiled(by_path)

    def passing(self, roots: Roots, among: Rows | None = None) -> Rows:
        """The rows that every condition lets through; of some, where no others are asked about."""
        found = self._lookup(roots)
        stopped = found
        for concerned in self._layers:
            found >>= self._rows
            stopped |= concerned & ~found
        left = (self._all if among is None else among) & ~stopped
        for evaluate, stops, rows in self._evaluated:
            if rows & left and evaluate(roots) in stops:
                left &= ~rows
        return left

    def _layer(self, rows: Rows) -> int:
        """The first layer on which none of the rows has a clause yet."""
        for number, taken in enumerate(self._layers):
            if not taken & rows:
                self._layers[number] |= rows
                return number
        self._layers.append(rows)
        return len(self._layers) - 1


def can_allow_missing(clauses: Iterable[Clause]) -> bool:
    """Whether tables tell what is unknown from what is false: where all terms read one path, and the terms of each
    clause stand in one table. Of a clause in several tables it is known only whether it is true.
    """
    clauses = tuple(clauses)
    paths = {term.atom.path for clause in clauses for term in clause}
    return len(paths) == 1 and all(len({_column(term) for term in clause}) == 1 for clause in clauses)


def _column(term: Term) -> _Column:
    atom = term.atom
    return atom.path, None if atom.operator != "contains" else str(atom.constants[0])


def _compiled(by_path: Mapping[_Column, Sequence[Entry]]) -> Callable[[Roots], Rows]:
    """A function that looks up each path once and joins what it finds.

    It is written out, a line or two a path, since a loop over tables took twice as long. Its text holds numbered names
    only; all that comes from a catalogue is bound to them as values.
    """
    bound: dict[str, Any] = {"bisect": bisect_right, "missing": MISSING}
    lines = ["rows = 0"]
    roots = sorted({path[0] for path, _ in by_path})
    for number, root in enumerate(roots):
        bound[f"root{number}"] = root
        lines.append(f"get{number} = roots[root{number}].get")
    previous: Path | None = None
    answers: Answers = {}
    for n, ((path, text), entries) in enumerate(
        sorted(by_path.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ):
        if path != previous:
            previous = path
            bound[f"name{n}"] = path[1]
            lines.append(f"value = get{roots.index(path[0])}(name{n}, missing)")
            if len(path) > 2:
                bound[f"deeper{n}"] = _deeper(path[2:])
                lines.append(f"value = deeper{n}(value)")
        table = Table(entries, answers) if text is None else Membership(text, entries)
        bound[f"table{n}"] = table
        lines.append(f"rows |= {_inlined(n, table, bound)}")
    lines.append("return rows")
    # As defaults of parameters the values are local names, the fastest there are.
    source = f"def lookup(roots, {', '.join(f'{name}={name}' for name in bound)}):\n " + "\n ".join(lines)
    exec(source, bound)  # noqa: S102 - made of numbered names alone, see above
    lookup: Callable[[Roots], Rows] = bound.pop("lookup")  # and so in no cycle: a policy goes with its last user
    return lookup


def _inlined(n: int, table: Table | Membership, bound: dict[str, Any]) -> str:
    """The usual kind of value, and one that is missing, looked up in place, any other by the table."""
    if isinstance(table, Membership):
        bound[f"text{n}"], bound[f"inside{n}"], bound[f"outside{n}"] = table.text, table.inside, table.outside
        return f"(inside{n} if text{n} in value else outside{n}) if value.__class__ is list else table{n}(value)"
    bound[f"missing{n}"] = table.missing
    other = f"missing{n} if value is missing else table{n}(value)"
    if table.by_text:
        bound[f"text{n}"], bound[f"other{n}"] = table.by_text.get, table.other_text
        return f"text{n}(value, other{n}) if value.__class__ is str else {other}"
    if len(table.keys) == 1:
        bound[f"key{n}"] = table.keys[0]
        bound[f"below{n}"], bound[f"above{n}"] = table.by_region
        return (
            f"above{n} if value.__class__ is float and value >= key{n} else "
            f"below{n} if value.__class__ is float and value < key{n} else {other}"
        )
    if table.keys:
        bound[f"keys{n}"], bound[f"regions{n}"] = table.keys, table.by_region
        is_number = "value.__class__ is int or value.__class__ is float and value == value"
        return f"regions{n}[bisect(keys{n}, value)] if {is_number} else {other}"
    bound[f"true{n}"], bound[f"false{n}"] = table.true, table.false
    return f"true{n} if value is True else false{n} if value is False else {other}"


def _deeper(path: Path) -> Callable[[Any], Any]:
    """Reads on from a value. What would be below something missing is nowhere, and what has no fields unreadable."""

    def read(value: Any) -> Any:
        for name in path:
            if value.__class__ is not dict:
                return NOWHERE if value is MISSING else UNREADABLE
            value = value.get(name, MISSING)
        return value

    return read
