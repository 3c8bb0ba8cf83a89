"""Two walks down the ranking: the greedy choice, and the few candidates that can be in the best one.

A candidate is a treatment in one of the placements asked for that it fits; candidates are ordered by the rank of their
treatment, then by placement in the order asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from math import inf

from shared.domain.slots.limits import Layout, Nodes

Candidate = tuple[int, int]
"""Position in the ranking, and in the placements asked for."""

Fits = list[tuple[int, ...]]
"""Placements asked for, by the number of a treatment's set of placements."""


class Ranking:
    """The ranked treatments of one request, asked one by one whether they may be chosen."""

    def __init__(
        self, layout: Layout, ranked: Sequence[int], rooms: list[int], fits: Fits, passes: Callable[[int], bool] | None
    ) -> None:
        """Walk `ranked`, treatment numbers best first, for `rooms` slots in each placement."""
        self.layout = layout
        self.ranked = ranked
        self.rooms = rooms
        self.fits = fits
        self._passes = passes
        self._answers: dict[int, bool] = {}

    def passes(self, position: int) -> bool:
        """Whether a treatment may be chosen: asked once."""
        if self._passes is None:
            return True
        if position not in self._answers:
            self._answers[position] = self._passes(position)
        return self._answers[position]


def greedy(
    ranking: Ranking, first: Sequence[int] = (), barred: Collection[int] = ()
) -> tuple[list[list[int]], bool]:
    """Each treatment in turn where it still fits, bundles and wanted issues left aside, and whether that is proved best.

    It is the best choice, bundles and wanted issues left aside, if wherever a candidate met a free slot and a full
    limit, all those chosen within that limit were in the candidate's own placement. For then each placement has what
    greedy gives it alone, which is the best it can have, since limits nested in each other are a matroid; and no choice
    is worth more than the best of each placement alone. One placement is always so.

    Args:
        ranking: what to walk.
        first: positions to try before all others; nothing is proved of such a choice.
        barred: action nodes to leave out; likewise.

    Returns:
        Positions in the ranking by placement asked for; whether the proof holds.
    """
    layout, ranked, rooms = ranking.layout, ranking.ranked, list(ranking.rooms)
    nodes, limit, sets, fits = layout.nodes, layout.limit, layout.fits, ranking.fits
    chosen: list[list[int]] = [[] for _ in rooms]
    count: dict[int, int] = {}
    home: dict[int, int] = {}
    proved = not first and not barred
    left = sum(rooms)
    for position in chain(first, range(len(ranked))):
        if not left:
            break
        treatment = ranked[position]
        for part in fits[sets[treatment]]:
            if not rooms[part]:
                continue
            around = nodes[treatment]
            for node in around:
                if count.get(node, 0) >= limit[node]:
                    proved = proved and home.get(node, part) == part
                    break
            else:
                if around[0] in barred or not ranking.passes(position):
                    break
                rooms[part] -= 1
                left -= 1
                chosen[part].append(position)
                for node in around:
                    count[node] = count.get(node, 0) + 1
                    if home.setdefault(node, part) != part:
                        home[node] = -1
    return chosen, proved


def alone(ranking: Ranking) -> list[list[int]]:
    """What greedy gives each placement if it were the only one: together worth at least as much as any choice."""
    layout = ranking.layout
    nodes, limit, sets, fits = layout.nodes, layout.limit, layout.fits, ranking.fits
    classes = [_Class(room) for room in ranking.rooms]
    incomplete = sum(1 for room in ranking.rooms if room)
    for position, treatment in enumerate(ranking.ranked):
        for part in fits[sets[treatment]]:
            of = classes[part]
            if of.bars(nodes[treatment]):
                continue
            if not ranking.passes(position):
                break
            incomplete -= of.add(position, nodes[treatment], limit)
        if not incomplete:
            break
    return [of.kept for of in classes]


def cuts(ranking: Ranking, priorities: Sequence[float], known: Sequence[Sequence[int]]) -> list[float]:
    """For each placement a priority below which no candidate that is not mandatory is in the best choice.

    `known` obeys everything and meets every wanted issue that has a candidate. What each placement would have alone is
    worth the known choice and a gap more. A choice with candidate y is worth at most that less the last that its
    placement would have alone, plus y. Where y is below that last one by more than the gap, it is worth less than the
    known choice. This needs both to have the same mandatory candidates; where they do not, nothing is cut.
    """
    ranked, mandatory = ranking.ranked, ranking.layout.mandatory
    highest = alone(ranking)
    of_all = sorted(chain.from_iterable(highest))
    of_known = sorted(chain.from_iterable(known))
    if [p for p in of_all if mandatory[ranked[p]]] != [p for p in of_known if mandatory[ranked[p]]]:
        return [-inf for _ in highest]
    above = sum(priorities[p] for p in of_all if not mandatory[ranked[p]])
    gap = above - sum(priorities[p] for p in of_known if not mandatory[ranked[p]])
    # the sums are floats of so few terms that this is more than their error
    gap += above * 2.0**-40
    return [
        priorities[inside[-1]] - gap if room and len(inside) == room and not mandatory[ranked[inside[-1]]] else -inf
        for inside, room in zip(highest, ranking.rooms, strict=True)
    ]


def reduction(ranking: Ranking, priorities: Sequence[float], cut: Sequence[float]) -> list[Candidate]:
    """The candidates among which the best choice is, in order; none below the cuts.

    Let candidates be of one class if they are of the same placement and, where an issue is wanted or an action bundled,
    of the same such issue or action. Walk each class greedily under the limits of action, group and issue alone, to as
    many candidates as there are slots in all, and drop the rest of it. A choice with a dropped candidate x is not the
    best. Those kept of its class and ranked above x bar x, or are as many as there are slots; either way one of them, y,
    is not chosen and may take the place of x: all limits hold, as the placement, wanted issue and bundle are the same,
    and y ranks above x. (If none could, those chosen but for x would bar all that is kept above x, and hence bar x.)
    """
    layout, most = ranking.layout, sum(ranking.rooms)
    nodes, limit, sets, fits, special = layout.nodes, layout.limit, layout.fits, ranking.fits, layout.special
    any_special = bool(layout.required or layout.bundle_of)
    lowest = min(cut, default=-inf)
    kept: list[Candidate] = []
    plain = [_Class(most) for _ in ranking.rooms]
    others: dict[tuple[int, int], _Class] = {}
    incomplete = sum(1 for room in ranking.rooms if room)
    for position, treatment in enumerate(ranking.ranked):
        if not incomplete and not special[treatment]:
            if any_special:
                continue
            break
        priority = priorities[position]
        if priority < lowest and not layout.mandatory[treatment]:
            break
        for part in fits[sets[treatment]]:
            if priority < cut[part] and not layout.mandatory[treatment]:
                continue
            around = nodes[treatment]
            of = plain[part]
            if special[treatment]:
                key = (part, around[0] if around[0] in layout.bundle_of else around[2])
                of = others.get(key) or others.setdefault(key, _Class(most))
            if of.bars(around):
                continue
            if not ranking.passes(position):
                break
            kept.append((position, part))
            complete = of.add(position, around, limit)
            if complete and not special[treatment]:
                incomplete -= 1
    return kept


class _Class:
    """Candidates of a class that are kept, `most` at the most, and the nodes that they fill."""

    __slots__ = ("_count", "_full", "_most", "kept")

    def __init__(self, most: int) -> None:
        self.kept: list[int] = []
        self._most = most
        self._count: dict[int, int] = {}
        self._full: set[int] = set()

    def bars(self, around: Nodes) -> bool:
        """Whether what is kept leaves no room for another of these nodes."""
        return len(self.kept) >= self._most or not self._full.isdisjoint(around)

    def add(self, position: int, around: Nodes, limit: Sequence[int]) -> bool:
        """Keep one more: whether that is all."""
        self.kept.append(position)
        for node in around:
            n = self._count.get(node, 0) + 1
            self._count[node] = n
            if n >= limit[node]:
                self._full.add(node)
        return len(self.kept) == self._most
