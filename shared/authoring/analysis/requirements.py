"""What conditions require of a person, joined: whether anybody can meet it, and what it implies.

Everything here errs on the side of silence: what is not understood requires nothing and follows from nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from shared.authoring.analysis.regions import Column, Regions, by_column
from shared.domain.catalogue import Expression
from shared.domain.policy.atoms import Path, Truth
from shared.domain.policy.clauses import Clause, clauses, specialised
from shared.domain.policy.folding import folded

_HOLDS: Final = frozenset({Truth.TRUE})
_FAILS_NOT: Final = frozenset({Truth.TRUE, Truth.UNKNOWN, Truth.ERROR})
_HOLDS_OR_MISSES: Final = frozenset({Truth.TRUE, Truth.UNKNOWN})
_NOTHING: Final[frozenset[int]] = frozenset()

Questions = tuple[int, ...]
"""A clause: questions, one a column, of which one answer has to be yes."""


class Requirement(NamedTuple):
    """One condition as questions about columns.

    Attributes:
        origin: what it is known by.
        means: what follows from its letting somebody through, of those parts that are understood.
        needs: what it takes to be let through, None where some part is not understood.
    """

    origin: Any
    means: tuple[Questions, ...]
    needs: tuple[Questions, ...] | None


Understood = tuple[tuple[Questions, ...], tuple[Questions, ...] | None]
"""What a condition means, and what it needs."""


def understood(
    regions: Regions, expression: Expression, known: Mapping[Path, Any], *, allows_missing: bool
) -> Understood:
    """What a condition requires where these values of a candidate are known."""
    if expression.clauses is not None:
        return of_clauses(regions, expression.clauses, allows_missing=allows_missing)
    found = folded(specialised(expression.program, known))
    parts = found[1:] if found[0] == "and" else [found]
    of_parts: list[Clause] = []
    is_whole = True
    for part in parts:
        if part[0] == "bool":
            of_parts.extend([] if part[1] else [()])
            continue
        its = clauses(part)
        is_whole = is_whole and its is not None
        of_parts.extend(its or ())
    means, needs = of_clauses(regions, of_parts, allows_missing=allows_missing)
    return means, needs if is_whole else None


def of_clauses(regions: Regions, of: Iterable[Clause], *, allows_missing: bool = False) -> Understood:
    """What these clauses together require."""
    means: list[Questions] = []
    needs: list[Questions] = []
    for clause in of:
        columns = by_column(clause).values()
        when = _FAILS_NOT if allows_missing else _HOLDS
        means.append(tuple(regions.number(terms, when) for terms in columns))
        # Of several columns, one that is true decides; one that is unknown does not.
        wanted = _HOLDS_OR_MISSES if allows_missing and len(columns) == 1 else _HOLDS
        needs.append(tuple(regions.number(terms, wanted) for terms in columns))
    return tuple(means), tuple(needs)


class Met:
    """The persons who meet some requirements, as what is known of each column of theirs."""

    def __init__(self, regions: Regions, requirements: Iterable[Requirement]) -> None:
        """Begin with everybody and take one requirement after another."""
        self._regions = regions
        self._known: dict[Column, frozenset[int]] = {}
        self._open: list[Questions] = []
        self.by_nobody = False
        self.add(requirements)

    def add(self, requirements: Iterable[Requirement]) -> None:
        """Some requirements more."""
        for one in requirements:
            for questions in one.means:
                if len(questions) == 1:
                    self._narrow(questions[0])
                elif questions:
                    self._open.append(questions)
                else:
                    self.by_nobody = True
        self._propagate()

    def and_also(self, requirements: Iterable[Requirement]) -> Met:
        """Those of them who meet these requirements too."""
        met = Met(self._regions, ())
        met._known = dict(self._known)
        met._open = list(self._open)
        met.by_nobody = self.by_nobody
        met.add(requirements)
        return met

    def implies(self, one: Requirement) -> bool:
        """Whether everybody here meets another requirement."""
        if one.needs is None:
            return False
        return all(
            any(self._regions.follows(self._of(question), question) for question in questions)
            for questions in one.needs
        )

    def _of(self, question: int) -> frozenset[int]:
        """What is known of the column that a question asks."""
        return self._known.get(self._regions.columns[question], _NOTHING)

    def _narrow(self, question: int) -> None:
        known = self._of(question) | {question}
        self._known[self._regions.columns[question]] = known
        if not self._regions.possible(known):
            self.by_nobody = True

    def _propagate(self) -> None:
        """A clause over several columns that only one of them can still meet narrows that one."""
        changed = bool(self._open)
        while changed and not self.by_nobody:
            changed = False
            for questions in list(self._open):
                possible = [q for q in questions if self._regions.possible(self._of(q) | {q})]
                if len(possible) > 1:
                    continue
                self._open.remove(questions)
                changed = True
                if possible:
                    self._narrow(possible[0])
                else:
                    self.by_nobody = True
