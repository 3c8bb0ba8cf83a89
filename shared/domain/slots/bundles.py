"""Bundles, all or none: branch and bound over the exact choice without them.

Leave it open for each bundle whether it is chosen, and the best choice may hold a part of one: it is worth no less than
the best of all, a bound. Then split in two: all of that bundle, or nothing of it. The branch with the greatest bound is
split next, so the first choice without a part of a bundle is the best. This may take exponentially many splits, as the
problem is hard in general, so there is a limit, counted and not timed, that any machine may agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from shared.domain.slots.exchange import Problem, best

BRANCHES = 400
"""Branches looked at before the best choice found is taken as it is, with a bound on what is better."""


class Found(NamedTuple):
    """A choice, and a bound on the weight of any, which is that of the choice where it is proved to be the best."""

    chosen: set[int]
    total: int
    bound: int


class _Branch(NamedTuple):
    """Bundles decided, and the best choice while the others are open; ordered by bound, the greatest first."""

    key: tuple[int, int]
    chosen: set[int]
    inside: frozenset[int]
    outside: frozenset[int]

    @property
    def total(self) -> int:
        return -self.key[0]


class Bundled:
    """A problem with bundles."""

    def __init__(
        self, problem: Problem, bundles: Sequence[tuple[int, ...] | None], bundle_of: dict[int, int], force: int
    ) -> None:
        """Candidates of a bundle's actions stand or fall together.

        Args:
            problem: without bundles.
            bundles: action nodes of each bundle; None for one that cannot be complete.
            bundle_of: bundle by action node.
            force: a weight that outweighs every choice.
        """
        self._problem = problem
        self._bundles = bundles
        self._of = [bundle_of.get(action) for action, _, _ in problem.nodes]
        self._force = force
        offered = {action for action, _, _ in problem.nodes}
        self._impossible = frozenset(
            bundle
            for bundle in {b for b in self._of if b is not None}
            if not offered.issuperset(self._actions(bundle)) or len(self._actions(bundle)) > sum(problem.rooms)
        )
        self._looked = 0

    def best(self) -> Found:
        """The best choice with every bundle whole or absent; where `BRANCHES` do not suffice, the best found."""
        heap: list[_Branch] = []
        self._look(heap, frozenset(), self._impossible)
        whole: _Branch | None = None
        while heap:
            branch = heappop(heap)
            partial = self._partial(branch)
            if partial is None:
                return Found(branch.chosen, branch.total, branch.total)
            if self._looked >= BRANCHES:
                return self._as_found(branch, whole)
            for inside, outside in (
                (branch.inside | {partial}, branch.outside),
                (branch.inside, branch.outside | {partial}),
            ):
                child = self._look(heap, inside, outside)
                if child is not None and self._partial(child) is None and (whole is None or child.key < whole.key):
                    whole = child
        raise AssertionError("choosing no bundle is always possible")

    def _as_found(self, open_: _Branch, whole: _Branch | None) -> Found:
        """The best known choice, that without any bundle among them, under the greatest bound still open."""
        heap: list[_Branch] = []
        none = self._look(heap, frozenset(), frozenset(b for b in self._of if b is not None))
        known = min(b for b in (none, whole) if b is not None)
        return Found(known.chosen, known.total, open_.total)

    def _look(self, heap: list[_Branch], inside: frozenset[int], outside: frozenset[int]) -> _Branch | None:
        """Solve one branch and keep it, unless what must be inside cannot be."""
        self._looked += 1
        weights = self._problem.weights
        if inside:
            weights = [w + self._force if b in inside else w for w, b in zip(weights, self._of, strict=True)]
        problem = msgspec.structs.replace(self._problem, weights=weights)
        choice = best(problem, [y for y, b in enumerate(self._of) if b not in outside])
        forced = sum(1 for x in choice.chosen if self._of[x] in inside)
        if forced < sum(len(self._actions(b)) for b in inside):
            return None
        branch = _Branch((forced * self._force - choice.total(), self._looked), choice.chosen, inside, outside)
        heappush(heap, branch)
        return branch

    def _partial(self, branch: _Branch) -> int | None:
        """The first bundle of which the choice holds a part only."""
        count: dict[int, int] = {}
        for x in branch.chosen:
            bundle = self._of[x]
            if bundle is not None:
                count[bundle] = count.get(bundle, 0) + 1
        return min((b for b, n in count.items() if n < len(self._actions(b))), default=None)

    def _actions(self, bundle: int) -> tuple[int, ...]:
        return self._bundles[bundle] or (-1,)
