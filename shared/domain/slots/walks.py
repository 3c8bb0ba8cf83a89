"""Two walks down the ranking: the greedy choice, and the few candidates that can be in the best one.

A candidate is a treatment in one of the placements asked for that it fits; candidates are ordered by the rank of their
treatment, then by placement in the order asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.domain.slots.limits import Layout

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


def greedy(ranking: Ranking) -> tuple[list[list[int]], bool]:
    """Each treatment in turn where it still fits, bundles and wanted issues left aside, and whether that is proved best.

    It is the best choice, bundles and wanted issues left aside, if wherever a candidate met a free slot and a full
    limit, all those chosen within that limit were in the candidate's own placement. For then each placement has what
    greedy gives it alone, which is the best it can have, since limits nested in each other are a matroid; and no choice
    is worth more than the best of each placement alone. One placement is always so.

    Returns:
        Positions in the ranking by placement asked for; whether the proof holds.
    """
    layout, rooms = ranking.layout, list(ranking.rooms)
    nodes, limit, sets, fits = layout.nodes, layout.limit, layout.fits, ranking.fits
    chosen: list[list[int]] = [[] for _ in rooms]
    count: dict[int, int] = {}
    home: dict[int, int] = {}
    proved = True
    left = sum(rooms)
    for position, treatment in enumerate(ranking.ranked):
        if not left:
            break
        for part in fits[sets[treatment]]:
            if not rooms[part]:
                continue
            around = nodes[treatment]
            for node in around:
                if count.get(node, 0) >= limit[node]:
                    proved = proved and home.get(node, part) == part
                    break
            else:
                if not ranking.passes(position):
                    break
                rooms[part] -= 1
                left -= 1
                chosen[part].append(position)
                for node in around:
                    count[node] = count.get(node, 0) + 1
                    if home.setdefault(node, part) != part:
                        home[node] = -1
    return chosen, proved


def reduction(ranking: Ranking) -> list[Candidate]:
    """The candidates among which the best choice is, in order.

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
    kept: list[Candidate] = []
    plain = [_Class() for _ in ranking.rooms]
    others: dict[tuple[int, int], _Class] = {}
    incomplete = sum(1 for room in ranking.rooms if room)
    for position, treatment in enumerate(ranking.ranked):
        if not incomplete and not special[treatment]:
            if any_special:
                continue
            break
        for part in fits[sets[treatment]]:
            around = nodes[treatment]
            action, group, issue = around
            of = plain[part]
            if special[treatment]:
                of = others.setdefault((part, action if action in layout.bundle_of else issue), _Class())
            if issue in of.full or group in of.full or action in of.full or of.size == most:
                continue
            if not ranking.passes(position):
                break
            kept.append((position, part))
            of.add(around, limit)
            if of.size == most and not special[treatment]:
                incomplete -= 1
    return kept


class _Class:
    """What is kept of a class: how many, how many by node, and the nodes that are full."""

    __slots__ = ("count", "full", "size")

    def __init__(self) -> None:
        self.size = 0
        self.count: dict[int, int] = {}
        self.full: set[int] = set()

    def add(self, around: Sequence[int], limit: Sequence[int]) -> None:
        """Count one more."""
        self.size += 1
        for node in around:
            n = self.count.get(node, 0) + 1
            self.count[node] = n
            if n >= limit[node]:
                self.full.add(node)
