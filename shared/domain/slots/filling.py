"""Filling the slots of one request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from shared.domain.slots.bundles import Bundles
from shared.domain.slots.exchange import spare_bits
from shared.domain.slots.greedy import Greedy, Ranking, greedy
from shared.domain.slots.limits import Layout, SlotLimits, SlotTreatment
from shared.domain.slots.pool import Pool
from shared.domain.slots.worth import Worth


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What fills the slots.

    Attributes:
        chosen: for each placement asked for, positions in the ranking, in rank order.
        unmet: issues of which at least one is wanted and none is chosen, as declared: none can be had beside what
            outweighs it.
        bound: None where the choice is proved to be the best. Else the search was cut short, and no choice is worth
            more than this.
    """

    chosen: tuple[tuple[int, ...], ...]
    unmet: tuple[str, ...] = ()
    bound: Worth | None = None


class Filler:
    """A revision's treatments and limits, made ready once, to fill the slots of any number of requests."""

    def __init__(self, treatments: Sequence[SlotTreatment], limits: SlotLimits) -> None:
        """Number the treatments as they come.

        Raises:
            ValueError: an action is in two groups, or a group in two issues.
        """
        self._layout = Layout(treatments, limits)

    def fill(
        self,
        ranked: Sequence[int],
        priorities: Sequence[float],
        wanted: Sequence[tuple[str | None, int]],
        passes: Callable[[int], bool] | None = None,
    ) -> Filled:
        """Choose for each slot.

        Args:
            ranked: treatment numbers, best first: mandatory ones, then by priority, then by action id and treatment
                id. The caller has ranked them; nothing here sorts.
            priorities: of each in `ranked`, finite, at least 0.
            wanted: placements with the slots of each; None is any placement.
            passes: whether a position of the ranking may be chosen at all. It is asked once each, and only of those
                that can matter, a few at the top; what does not pass is as if it were not there.

        Returns:
            The best choice, as `shared.domain.slots` says.
        """
        ranking = Ranking(self._layout, ranked, wanted, passes)
        first = greedy(ranking)
        if self._is_best(ranked, first):
            return Filled(chosen=tuple(map(tuple, first.chosen)))
        pool = Pool(ranking, priorities, spare_bits(len(wanted)))
        pool.grow(until=first.end)
        found = Bundles(pool, self._layout.bundles, self._layout.bundle_of).best()
        chosen: list[list[int]] = [[] for _ in wanted]
        for candidate in sorted(found.chosen):
            chosen[pool.part[candidate]].append(pool.position[candidate])
        return Filled(
            chosen=tuple(map(tuple, chosen)),
            unmet=self._unmet(ranked, chosen),
            bound=None if found.total == found.bound else pool.scale.worth(found.bound),
        )

    def walk(
        self,
        ranked: Sequence[int],
        wanted: Sequence[tuple[str | None, int]],
        passes: Callable[[int], bool],
        took: Callable[[int], None],
    ) -> Filled | None:
        """Choose each treatment in turn where it fits, if that is proved to be the best choice; None where it is not.

        Args:
            ranked: as for `fill`.
            wanted: as for `fill`.
            passes: as for `fill`; what was taken before a position may matter to it.
            took: told the position of each treatment that is taken, before the next is asked about.
        """
        first = greedy(Ranking(self._layout, ranked, wanted, passes, took))
        return Filled(chosen=tuple(map(tuple, first.chosen))) if self._is_best(ranked, first) else None

    def _is_best(self, ranked: Sequence[int], first: Greedy) -> bool:
        """Whether greedy's choice is the best: if it is where wanted issues and bundles are no concern, and it
        satisfies them.
        """
        return first.proved and not self._unmet(ranked, first.chosen) and not self._partial(ranked, first.chosen)

    def _unmet(self, ranked: Sequence[int], chosen: Sequence[Sequence[int]]) -> tuple[str, ...]:
        """Issues of which at least one is wanted and none chosen."""
        if not self._layout.wanted_issues:
            return ()
        required = self._layout.required
        met = {required.get(self._layout.nodes[ranked[p]][2]) for inside in chosen for p in inside}
        return tuple(issue for issue in self._layout.wanted_issues if issue not in met)

    def _partial(self, ranked: Sequence[int], chosen: Sequence[Sequence[int]]) -> bool:
        """Whether some bundle is chosen in part."""
        layout = self._layout
        if not layout.bundle_of:
            return False
        actions = {layout.nodes[ranked[p]][0] for inside in chosen for p in inside}
        touched = {layout.bundle_of[a] for a in actions if a in layout.bundle_of}
        return not all(actions.issuperset(layout.bundles[n] or (-1,)) for n in touched)
