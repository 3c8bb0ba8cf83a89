"""The greedy choice, and when it is proved to be the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from shared.domain.slots.limits import Layout

Fits = list[tuple[int, ...]]
"""Placements asked for, by the number of a treatment's set of placements."""


class Ranking:
    """The ranked treatments of one request.

    Attributes:
        layout: of the revision.
        ranked: treatment numbers, best first.
        rooms: slots of each placement asked for.
        fits: the placements that each set of placements gives a candidate for.
    """

    def __init__(
        self,
        layout: Layout,
        ranked: Sequence[int],
        wanted: Sequence[tuple[str | None, int]],
        passes: Callable[[int], bool] | None,
        took: Callable[[int], None] | None = None,
    ) -> None:
        """Find what fits what was asked for; `took` hears of each treatment that greedy takes."""
        self.layout = layout
        self.ranked = ranked
        self.rooms = [max(0, count) for _, count in wanted]
        self.fits: Fits = [() for _ in range(layout.sets)]
        for part, (placement, count) in enumerate(wanted):
            if count > 0:
                for n in layout.sets_with.get(placement, ()):
                    self.fits[n] += (part,)
        self._passes = passes
        self._took = took
        self._answers: dict[int, bool] = {}

    def passes(self, position: int) -> bool:
        """Whether a treatment may be chosen: asked once."""
        if self._passes is None:
            return True
        if position not in self._answers:
            self._answers[position] = self._passes(position)
        return self._answers[position]

    def take(self, position: int) -> None:
        """Tell who wants to know that greedy takes a treatment."""
        if self._took is not None:
            self._took(position)


class Greedy(NamedTuple):
    """What greedy chose.

    Attributes:
        chosen: positions in the ranking, by placement asked for.
        proved: whether that is the best, but for bundles and wanted issues.
        end: the position in the ranking at which all slots were filled, or its length.
    """

    chosen: list[list[int]]
    proved: bool
    end: int


def greedy(ranking: Ranking) -> Greedy:
    """Each treatment in turn where it still fits, bundles and wanted issues left aside.

    That is the best choice, bundles and wanted issues left aside, if wherever a candidate met a free slot and a full
    limit, all those chosen within that limit were in the candidate's own placement. For then each placement has what
    greedy gives it alone, which is the best it can have, since limits nested in each other are a matroid; and no choice
    is worth more than the best of each placement alone. So greedy is always the best for one placement. A candidate
    that does not pass is as if it were not there, so one that a limit stops across placements is asked first.
    """
    layout, rooms = ranking.layout, list(ranking.rooms)
    nodes, limit, sets, fits = layout.nodes, layout.limit, layout.fits, ranking.fits
    chosen: list[list[int]] = [[] for _ in rooms]
    count: dict[int, int] = {}
    home: dict[int, int] = {}
    proved = True
    left = sum(rooms)
    position = -1
    for position, treatment in enumerate(ranking.ranked):
        if not left:
            return Greedy(chosen, proved, position)
        for part in fits[sets[treatment]]:
            if not rooms[part]:
                continue
            around = nodes[treatment]
            for node in around:
                if count.get(node, 0) >= limit[node]:
                    proved = proved and (home.get(node, part) == part or not ranking.passes(position))
                    break
            else:
                if not ranking.passes(position):
                    break
                ranking.take(position)
                rooms[part] -= 1
                left -= 1
                chosen[part].append(position)
                for node in around:
                    count[node] = count.get(node, 0) + 1
                    if home.setdefault(node, part) != part:
                        home[node] = -1
    return Greedy(chosen, proved, position + 1)
