"""Filling the slots of one request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import msgspec

from shared.domain.slots.bundles import Bundled
from shared.domain.slots.exchange import Problem, spare_bits
from shared.domain.slots.limits import Layout, SlotLimits, SlotTreatment
from shared.domain.slots.walks import Fits, Ranking, cuts, greedy, reduction
from shared.domain.slots.worth import Scale, Worth

REPAIRS = 3
"""Tries to turn greedy's choice into one that obeys everything; without one, more candidates are kept."""


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


class Slots:
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
            passes: whether a position of the ranking may be chosen at all. It is asked, once each and the best ranked
                first, only of those that could be chosen if all above them passed or not.

        Returns:
            The best choice, as `shared.domain.slots` says.
        """
        rooms = [max(0, count) for _, count in wanted]
        ranking = Ranking(self._layout, ranked, rooms, self._fits(wanted, rooms), passes)
        chosen, proved = greedy(ranking)
        unmet = self._unmet(ranked, chosen)
        partial = self._partial(ranked, chosen)
        if unmet or partial:
            cut = self._cuts_about(ranking, priorities, chosen)
        elif proved:
            # the best even if wanted issues and bundles were no concern, and it satisfies them
            return Filled(chosen=tuple(map(tuple, chosen)))
        else:
            cut = cuts(ranking, priorities, chosen)
        return self._exactly(ranking, priorities, cut)

    def _exactly(self, ranking: Ranking, priorities: Sequence[float], cut: Sequence[float]) -> Filled:
        layout, ranked, rooms = self._layout, ranking.ranked, ranking.rooms
        candidates = reduction(ranking, priorities, cut)
        scale = Scale(
            [priorities[position] for position, _ in candidates],
            [layout.mandatory[ranked[position]] for position, _ in candidates],
            most=sum(rooms),
            issues=len(layout.required),
            spare=spare_bits(len(rooms)),
        )
        problem = Problem(
            rooms=rooms,
            part=[part for _, part in candidates],
            nodes=[layout.nodes[ranked[position]] for position, _ in candidates],
            limit=layout.limit,
            required=layout.required,
            weights=scale.weights,
            bonus=scale.bonus,
        )
        found = Bundled(problem, layout.bundles, layout.bundle_of, scale.force).best()
        chosen: list[list[int]] = [[] for _ in rooms]
        for candidate in sorted(found.chosen):
            position, part = candidates[candidate]
            chosen[part].append(position)
        return Filled(
            chosen=tuple(map(tuple, chosen)),
            unmet=self._unmet(ranked, chosen),
            bound=None if found.total == found.bound else scale.worth(found.bound),
        )

    def _fits(self, wanted: Sequence[tuple[str | None, int]], rooms: Sequence[int]) -> Fits:
        fits: Fits = [() for _ in range(self._layout.sets)]
        for part, (placement, _) in enumerate(wanted):
            if rooms[part]:
                for n in self._layout.sets_with.get(placement, ()):
                    fits[n] += (part,)
        return fits

    def _unmet(self, ranked: Sequence[int], chosen: Sequence[Sequence[int]]) -> tuple[str, ...]:
        """Issues of which at least one is wanted and none chosen."""
        if not self._layout.wanted_issues:
            return ()
        required = self._layout.required
        met = {required.get(self._layout.nodes[ranked[p]][2]) for inside in chosen for p in inside}
        return tuple(issue for issue in self._layout.wanted_issues if issue not in met)

    def _partial(self, ranked: Sequence[int], chosen: Sequence[Sequence[int]]) -> set[int]:
        """Actions of bundles that are chosen in part."""
        layout = self._layout
        if not layout.bundle_of:
            return set()
        actions = {layout.nodes[ranked[p]][0] for inside in chosen for p in inside}
        touched = {layout.bundle_of[a] for a in actions if a in layout.bundle_of}
        partial = {n for n in touched if not actions.issuperset(layout.bundles[n] or (-1,))}
        return {a for a, n in layout.bundle_of.items() if n in partial} if partial else set()

    def _cuts_about(
        self, ranking: Ranking, priorities: Sequence[float], chosen: Sequence[Sequence[int]]
    ) -> list[float]:
        """Cuts by a choice near to greedy's that obeys everything, if one is soon found: wanted issues served first,
        bundles chosen in part left out.
        """
        layout, ranked = self._layout, ranking.ranked
        first: dict[int, int] = {}
        open_ = {node for node, issue in layout.required.items() if issue in self._unmet(ranked, chosen)}
        for position, treatment in enumerate(ranked if open_ else ()):
            issue = layout.nodes[treatment][2]
            if issue in open_ and ranking.fits[layout.fits[treatment]] and ranking.passes(position):
                first[issue] = position
                open_.remove(issue)
                if not open_:
                    break
        cannot = {layout.required[node] for node in open_}
        barred: set[int] = set()
        for _ in range(REPAIRS):
            barred |= self._partial(ranked, chosen)
            chosen, _ = greedy(ranking, tuple(first.values()), barred)
            if cannot.issuperset(self._unmet(ranked, chosen)) and not self._partial(ranked, chosen):
                return cuts(ranking, priorities, chosen)
        return [-inf for _ in ranking.rooms]
