"""The slots of all persons of a wave filled at once: the best of what is left, one slot after the other.

That is the walk of `shared.domain.slots.greedy` for everybody at a time: of a person the best treatment that still fits
is taken, and with it goes all that its action, the limits of its group and issue and contact policy then bar. Where
the walk is not proved to be the best choice, the person is decided alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.domain.batch.contacts import Rules, Standing
from shared.domain.batch.packed import Flags, Places, places
from shared.domain.batch.scoring import Pairs
from shared.domain.classifier import Vector
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy

NOTHING = -1.0
"""Less than any priority."""


class Filled(NamedTuple):
    """What fills the slots of each person.

    Attributes:
        rows: in the order of being taken, -1 where nothing was left.
        parts: the number of the placement that each fills, among those asked for.
        alone: who is to be decided alone.
    """

    rows: NDArray[np.intp]
    parts: NDArray[np.intp]
    alone: Flags


class _Part(NamedTuple):
    """A placement that is asked for, as columns: those of mandatory rows, then the others."""

    number: int
    room: int
    begin: int
    middle: int
    end: int


class Filling:
    """Fills the slots of one kind of request."""

    def __init__(self, policy: Policy, rules: Rules, slots: Slots, *, sends: bool) -> None:
        """Sort the rows into columns.

        Args:
            policy: the compiled revision.
            rules: of contact policy.
            slots: what is asked for.
            sends: whether one treatment is sent, instead of some being shown.
        """
        self._table: NDArray[np.float64] | None = None
        self.rules = rules
        self.sends = sends
        size = len(policy.rows)
        mandatory = np.zeros(size, np.bool_)
        mandatory[places(policy.factors.mandatory, size)] = True
        self.bundled = np.array([policy.slotting.is_bundled(treatment.id) for _, treatment in policy.rows], np.bool_)
        wanted = slots.wanted()
        self.alone = bool(policy.revision.catalogue.slots.wanted(sum(count for _, count in wanted))) and not sends
        admitted = np.array([slots.admit(treatment) for _, treatment in policy.rows], np.bool_)
        if sends:
            admitted &= ~self.bundled
        self.parts: list[_Part] = []
        columns: list[int] = []
        for number, (placement, count) in enumerate(wanted):
            inside = [r for r in admitted.nonzero()[0].tolist() if placement in (None, policy.rows[r][1].placement)]
            inside.sort(key=lambda row: (not mandatory[row], row))
            middle = len(columns) + sum(bool(mandatory[row]) for row in inside)
            if count > 0:
                self.parts.append(_Part(number, count, len(columns), middle, len(columns) + len(inside)))
                columns += inside
        self.row_of = np.array([*columns, -1], np.intp)
        self.column_of = np.full(size + 1, len(columns), np.intp)
        self.column_of[columns] = np.arange(len(columns))
        self.width = len(columns)
        self.part_of = np.full(len(columns) + 1, -1, np.intp)
        for n, part in enumerate(self.parts):
            self.part_of[part.begin : part.end] = n
        self.is_mandatory = np.append(mandatory[columns], False) if columns else np.zeros(1, np.bool_)
        self.slots = sum(part.room for part in self.parts)
        self.barring = list(_barring(policy, columns))

    def __call__(self, pairs: Pairs, priorities: Vector, standing: Standing, persons: int) -> Filled:
        """Fill them, by priorities of the pairs."""
        stopped = standing.hard if self.sends or standing.quiet is None else standing.hard | standing.quiet
        wide = self.width + 1
        if self._table is None or len(self._table) != persons:
            self._table = np.empty((persons, wide))
        table = self._table
        table.fill(NOTHING)
        table.ravel()[pairs.persons * wide + self.column_of[pairs.rows]] = priorities
        # of one long line what is up is found several times as fast as of a table
        barred, whose = np.divmod(stopped.reshape(-1).nonzero()[0], persons)
        table[whose, self.column_of[barred]] = NOTHING
        table[:, self.width] = NOTHING
        return _Walk(self, table, standing).filled()


_UNLIMITED: tuple[int, Places] = 0, np.array([], np.intp)


def _barring(policy: Policy, columns: list[int]) -> Iterator[tuple[int, Places, dict[int, tuple[int, Places]]]]:
    """Of each level that has limits: how many there are, the one of each column, and the limit and columns of each."""
    rules = policy.revision.catalogue.slots
    actions = [policy.rows[row][0] for row in columns]
    for names, limit_of in (
        ([action.id for action in actions], lambda _: 1),
        ([action.group for action in actions], rules.of_group),
        ([action.issue for action in actions], rules.of_issue),
    ):
        numbers: dict[str, int] = {}
        node_of = np.array([*(numbers.setdefault(name, len(numbers)) for name in names), len(numbers)], np.intp)
        nodes = {}
        for name, number in numbers.items():
            limit, inside = limit_of(name), (node_of == number).nonzero()[0]
            if limit is not None and len(inside) > limit:
                nodes[number] = limit, inside
        if nodes:
            yield len(numbers) + 1, node_of, nodes


class _Walk:
    """One wave while its slots are filled."""

    def __init__(self, filling: Filling, table: NDArray[np.float64], standing: Standing) -> None:
        self._f = filling
        self._table = table
        self._standing = standing
        self._counts = standing.counts.copy()
        persons = len(table)
        parts = filling.parts
        self._everybody = np.arange(persons)
        self._rooms = np.tile(np.array([part.room for part in parts], np.intp), (persons, 1))
        self._best = np.zeros((persons, len(parts)), np.intp)
        self._lost = np.full((persons, len(parts)), NOTHING)
        self._last = np.full((persons, len(parts)), np.inf)
        self._taken = [np.zeros((persons, count), np.int16) for count, _, _ in filling.barring]
        self._alone = standing.alone.copy()
        for part in range(len(parts)):
            self._look(part, None)

    def filled(self) -> Filled:
        f, persons = self._f, len(self._table)
        rows = np.full((persons, f.slots), -1, np.intp)
        numbers = np.full((persons, f.slots), -1, np.intp)
        of_part = np.array([part.number for part in f.parts], np.intp)
        for slot in range(f.slots):
            column = self._next()
            here = (column < f.width).nonzero()[0]
            if not len(here):
                break
            took = column[here]
            part = f.part_of[took]
            rows[here, slot] = f.row_of[took]
            numbers[here, slot] = of_part[part]
            if slot == 0 and f.sends and self._standing.quiet is not None:
                self._alone[here] |= self._standing.quiet[f.row_of[took], here]
            self._last[here, part] = self._table[here, took]
            self._rooms[here, part] -= 1
            if slot + 1 < f.slots:
                self._bar(here, took, part)
        bundled = np.append(f.bundled, False)
        if not f.sends:
            self._alone |= bundled[rows].any(axis=1)
        reached = np.where(self._rooms > 0, 0.0, self._last)
        self._alone |= (self._lost >= reached).any(axis=1)
        if f.is_mandatory.any():
            self._alone |= (self._lost >= 0.0).any(axis=1)
        return Filled(rows, numbers, self._alone)

    def _look(self, part: int, whose: Places | None) -> None:
        """Find the best column of a part, of some persons."""
        _, _, begin, middle, end = self._f.parts[part]
        if begin == end:
            self._best[:, part] = self._f.width
            return
        table = self._table if whose is None else self._table[whose, :]
        at = np.arange(len(table))
        best = begin + table[:, begin:end].argmax(axis=1)
        if begin < middle:
            first = begin + table[:, begin:middle].argmax(axis=1)
            best = np.where(table[at, first] >= 0.0, first, best)
        best = np.where(table[at, best] >= 0.0, best, self._f.width)
        self._best[slice(None) if whose is None else whose, part] = best

    def _next(self) -> Places:
        """The column that each person's ranking has next: the mandatory before others, then by priority, then row."""
        f = self._f
        found = np.full(len(self._table), f.width, np.intp)
        for part in range(len(f.parts)):
            other = np.where(self._rooms[:, part] > 0, self._best[:, part], f.width)
            mine, theirs = self._table[self._everybody, found], self._table[self._everybody, other]
            before = (theirs > mine) | ((theirs == mine) & (f.row_of[other] < f.row_of[found]))
            if f.is_mandatory.any():
                must, musts = f.is_mandatory[found], f.is_mandatory[other]
                before = (musts & ~must) | ((must == musts) & before)
            found = np.where(before & (other < f.width), other, found)
        return found

    def _bar(self, here: Places, took: Places, part: Places) -> None:
        """Take from the table what those taken bar."""
        dirty = np.zeros(self._rooms.shape, np.bool_)
        dirty[here, part] = True
        self._table[here, took] = NOTHING
        self._bar_by_limits(here, took, part, dirty)
        self._bar_by_rules(here, took, dirty)
        dirty &= self._rooms > 0
        for n in range(len(self._f.parts)):
            whose = dirty[:, n].nonzero()[0]
            if len(whose):
                self._look(n, None if 2 * len(whose) > len(self._table) else whose)

    def _bar_by_limits(self, here: Places, took: Places, part: Places, dirty: Flags) -> None:
        """No action twice, and no more of a group or an issue than it may have."""
        for (_, node_of, nodes), taken in zip(self._f.barring, self._taken, strict=True):
            node = node_of[took]
            taken[here, node] += 1
            for number in np.unique(node).tolist():
                limit, columns = nodes.get(number, _UNLIMITED)
                some = (node == number) & (taken[here, number] == limit)
                if limit and some.any():
                    self._barred(here[some], columns, dirty, part[some] if limit == 1 else None)

    def _bar_by_rules(self, here: Places, took: Places, dirty: Flags) -> None:
        """What contact policy stops beside what is taken."""
        f = self._f
        for tally in f.rules.adds[f.row_of[took]].T:
            self._counts[here, tally] += 1
            full = self._counts[here, tally] == self._standing.limits[here, tally]
            for number in np.unique(tally[full]).tolist():
                whose = here[full & (tally == number)]
                if f.rules.exact[number]:
                    columns = f.column_of[f.rules.stops[number]]
                    self._barred(whose, columns[columns < f.width], dirty, None, lost=False)
                else:
                    self._alone[whose] = True

    def _barred(self, whose: Places, columns: Places, dirty: Flags, home: Places | None, *, lost: bool = True) -> None:
        """Take columns from persons; what is lost in other parts than `home` may matter."""
        at = np.ix_(whose, columns)
        if lost:
            values: Any = self._table[at]
            parts = self._f.part_of[columns]
            for n in range(len(self._f.parts)):
                of_part = values[:, parts == n]
                if of_part.shape[1]:
                    most = of_part.max(axis=1)
                    if home is not None:
                        most = np.where(home == n, NOTHING, most)
                    self._lost[whose, n] = np.maximum(self._lost[whose, n], most)
        self._table[at] = NOTHING
        dirty[whose] = True
