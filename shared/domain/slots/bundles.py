"""Bundles, all or none: branch and bound over the exact choice without them.

Leave it open for each bundle whether it is chosen, and the best choice may hold a part of one: it is worth no less than
the best of all, a bound. Then split in two: all of that bundle, or nothing of it. The branch with the greatest bound is
split next, so the first choice without a part of a bundle is the best. This may take exponentially many splits, as the
problem is hard in general, so there is a limit, counted and not timed, that any machine may agree.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from shared.domain.slots.pool import Pool
from shared.domain.slots.search import best

BRANCHES = 100
"""Branches looked at before the best choice found is taken as it is, with a bound on what is better."""


class Found(NamedTuple):
    """A choice, and a bound on the weight of any, which is that of the choice where it is proved to be the best."""

    chosen: set[int]
    total: int
    bound: int


class _Branch(NamedTuple):
    """The best choice where some bundles are decided; ordered by weight, the greatest first."""

    order: tuple[int, int]
    chosen: set[int]
    inside: frozenset[int]
    outside: frozenset[int]
    partial: int | None

    @property
    def total(self) -> int:
        return -self.order[0]


class Bundles:
    """The best choice from a pool, with every bundle whole or absent."""

    def __init__(self, pool: Pool, bundles: Sequence[tuple[int, ...] | None], bundle_of: dict[int, int]) -> None:
        """Candidates of a bundle's actions stand or fall together.

        Args:
            pool: the candidates.
            bundles: action nodes of each bundle; None for one that cannot be complete.
            bundle_of: bundle by action node.
        """
        self._pool = pool
        self._bundles = bundles
        self._bundle_of = bundle_of
        self._members: dict[int, list[int]] = {}
        self._weights = pool.weights
        self._looked = 0

    def best(self) -> Found:
        """The best choice; where `BRANCHES` do not suffice, the best found."""
        first = self._look(frozenset(), frozenset())
        if first.partial is None:
            return Found(first.chosen, first.total, first.total)
        self._pool.grow()
        for y, (action, _, _) in enumerate(self._pool.nodes):
            if action in self._bundle_of:
                self._members.setdefault(self._bundle_of[action], []).append(y)
        impossible = frozenset(b for b in self._members if not self._possible(b))
        self._weights = self._shared(impossible)
        heap = [self._look(frozenset(), impossible)]
        whole: _Branch | None = None
        while heap:
            branch = heappop(heap)
            if branch.partial is None:
                return Found(branch.chosen, branch.total, branch.total)
            if self._looked >= BRANCHES:
                none = self._look(frozenset(), frozenset(self._members))
                known = min(b for b in (none, whole, self._dive(branch)) if b is not None)
                return Found(known.chosen, known.total, branch.total)
            with_it = self._look(branch.inside | {branch.partial}, branch.outside)
            without = self._look(branch.inside, branch.outside | {branch.partial})
            for child in (with_it, without):
                if self._holds(child):
                    heappush(heap, child)
                    if child.partial is None:
                        whole = min(child, whole) if whole else child
        raise AssertionError("choosing no bundle is always possible")

    def _dive(self, branch: _Branch) -> _Branch:
        """A choice with every bundle whole or absent under a branch: each bundle in turn inside, if that can be."""
        for _ in range(sum(self._pool.rooms)):
            if branch.partial is None:
                return branch
            with_it = self._look(branch.inside | {branch.partial}, branch.outside)
            without = branch.outside | {branch.partial}
            branch = with_it if self._holds(with_it) else self._look(branch.inside, without)
        return self._look(branch.inside, frozenset(self._members) - branch.inside)

    def _look(self, inside: frozenset[int], outside: frozenset[int]) -> _Branch:
        """The best choice with these bundles inside, or as much of them as can be, and those outside."""
        self._looked += 1
        weights = self._weights
        force = self._pool.scale.force
        barred = {y for bundle in outside for y in self._members[bundle]}
        if inside:
            weights = list(weights)
            for bundle in inside:
                for y in self._members[bundle]:
                    weights[y] += force
        choice = best(self._pool, weights, barred)
        held: dict[int, int] = {}
        for x in choice.chosen:
            bundle_of_x = self._bundle_of.get(self._pool.nodes[x][0])
            if bundle_of_x is not None:
                held[bundle_of_x] = held.get(bundle_of_x, 0) + 1
        partial = min((b for b, n in held.items() if n != len(self._bundles[b] or ())), default=None)
        forced = sum(n for b, n in held.items() if b in inside)
        return _Branch((forced * force - choice.total(), self._looked), choice.chosen, inside, outside, partial)

    def _shared(self, impossible: Container[int]) -> list[int]:
        """Weights by which the best candidates of a bundle's actions are worth the same.

        What one action gives the others get, so a choice with all of them or none is worth what it was, and one with
        the best of them only is worth less: bounds come nearer.
        """
        weights = list(self._pool.weights)
        grain = self._pool.scale.grain
        for bundle, members in self._members.items():
            actions = self._bundles[bundle]
            if actions is None or bundle in impossible:
                continue
            of = {a: [y for y in members if self._pool.nodes[y][0] == a] for a in actions}
            best_of = {a: max(weights[y] for y in of[a]) for a in actions}
            total = sum(best_of.values())
            mean = total // (len(actions) * grain) * grain
            over = total - mean * len(actions)
            for n, a in enumerate(actions):
                for y in of[a]:
                    weights[y] += mean - best_of[a] + (over if n == 0 else 0)
        return weights

    def _holds(self, branch: _Branch) -> bool:
        """Whether all that must be inside is."""
        actions = {self._pool.nodes[x][0] for x in branch.chosen}
        return all(actions.issuperset(self._bundles[b] or ()) for b in branch.inside)

    def _possible(self, bundle: int) -> bool:
        """Whether each action of a bundle has a candidate, and all have slots."""
        actions = self._bundles[bundle]
        offered = {self._pool.nodes[y][0] for y in self._members[bundle]}
        return actions is not None and offered.issuperset(actions) and len(actions) <= sum(self._pool.rooms)
