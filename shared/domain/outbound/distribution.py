"""Scarce volume of channels, distributed over persons so that the sum of what it is worth is the most there can be.

Every person gets a place on at most one channel. A channel has at most so many places, and may have to fill at least
so many. Each channel has a price: what one place more would be worth. A person takes the channel on which worth less
price is the most, and none where nothing is left of it. The prices are found by raising each until its channel is not
asked for more than it has; a channel that must fill places goes below nothing, and pays for them.

Where several persons stand at the edge, prices cannot say which of them: single persons are then moved, by the chain
of moves that costs least, from where there are too many to where there is room. A distribution that begins with
nobody better off elsewhere, and is changed by cheapest chains only, ends as the best that there is. The prices prove
it: no distribution is worth more than `bound`, by whatever prices it is worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Worth = NDArray[np.float64]
"""By person and channel, what it is worth to reach the person there; less than nothing where that cannot be."""

IMPOSSIBLE = -np.inf
NOBODY = -1
"""The channel of a person who gets none."""

_ROUNDS = 200
_KEPT = 1000
"""Of the persons who could be moved from one channel to another, those who are kept at hand, who lose least by it."""
_NEAR = 1e-11
"""Of the greatest worth: what is nearer counts as equal, since sums of doubles differ by that."""


class Volume(NamedTuple):
    """Places on a channel: as many as persons ask for where `most` is None, and at least so many where they can be
    filled.
    """

    most: int | None = None
    least: int = 0


class Distribution(NamedTuple):
    """Who gets which channel.

    Attributes:
        channels: of each person, by number; `NOBODY` where it is none.
        prices: what one place more of each channel would be worth; below nothing where a least volume costs.
        total: what the distribution is worth.
        bound: what no distribution of these volumes is worth more than.
        missing: of each channel, how many places of its least volume nobody could fill.
    """

    channels: NDArray[np.intp]
    prices: tuple[float, ...]
    total: float
    bound: float
    missing: tuple[int, ...]

    @property
    def gap(self) -> float:
        """The part of the bound that the distribution may be short of the best by."""
        return (self.bound - self.total) / abs(self.bound) if self.bound else 0.0


def distribute(worth: Worth, volumes: Sequence[Volume]) -> Distribution:
    """The best distribution.

    Args:
        worth: by person and channel; below nothing where a person cannot be reached there.
        volumes: of each channel.
    """
    persons, channels = worth.shape
    possible = np.where(worth >= 0, worth, IMPOSSIBLE)
    rooms = [persons if each.most is None else min(each.most, persons) for each in volumes]
    leasts = [min(each.least, room) for each, room in zip(volumes, rooms, strict=True)]
    prices = _prices(possible, rooms, leasts)
    moves = _Moves(possible, _best(possible, prices))
    _settle(moves, rooms, leasts)
    prices = _settled(moves, leasts)
    where = moves.where
    placed = where < channels
    total = float(possible[placed, where[placed]].sum())
    counts = moves.counts[:channels]
    filled = [min(least, count) for least, count in zip(leasts, counts, strict=True)]
    return Distribution(
        channels=np.where(placed, where, NOBODY),
        prices=tuple(float(price) for price in prices),
        total=total,
        bound=bound(possible, prices, rooms, filled),
        missing=tuple(max(0, each.least - count) for each, count in zip(volumes, counts, strict=True)),
    )


def bound(worth: Worth, prices: NDArray[np.float64], most: Sequence[int], least: Sequence[int]) -> float:
    """What no distribution is worth more than, by these prices."""
    each = np.maximum((worth - prices).max(axis=1, initial=0.0), 0.0)
    places = np.where(prices > 0, most, least)
    return float(each.sum() + (prices * places).sum())


def _near(worth: Worth) -> float:
    """What counts as nothing."""
    return _NEAR * max(1.0, float(worth.max(initial=0.0)))


def _best(worth: Worth, prices: NDArray[np.float64]) -> NDArray[np.intp]:
    """The channel that each person takes at these prices; the number after the last where it is none."""
    channels = worth.shape[1]
    padded = np.concatenate((worth - prices, np.zeros((len(worth), 1))), axis=1)
    best: NDArray[np.intp] = padded.argmax(axis=1) if channels else np.zeros(len(worth), np.intp)
    return best


def _prices(worth: Worth, rooms: Sequence[int], leasts: Sequence[int]) -> NDArray[np.float64]:
    """Prices at which no channel is asked for more than it has, nor for less than it must fill, but for ties."""
    channels = worth.shape[1]
    prices = np.zeros(channels)
    near = _near(worth)
    for _ in range(_ROUNDS):
        before = prices.copy()
        for channel in range(channels):
            others = worth - prices
            others[:, channel] = 0.0  # of no channel at all
            margins = worth[:, channel] - np.maximum(others.max(axis=1), 0.0)
            prices[channel] = _price(margins, rooms[channel], leasts[channel])
        if np.abs(prices - before).max(initial=0.0) <= near:
            break
    return prices


def _price(margins: NDArray[np.float64], room: int, least: int) -> float:
    """The price of one channel, given by how much each person is better off on it than anywhere else at no price."""
    reachable = int((margins > IMPOSSIBLE).sum())
    if room < reachable:
        edge = -float(np.partition(-margins, room)[room])  # the first who gets no place
        if edge > 0:
            return edge
    wanted = min(least, reachable)
    if wanted:
        edge = -float(np.partition(-margins, wanted - 1)[wanted - 1])  # the last who must have one
        if edge < 0:
            return edge
    return 0.0


def _settled(moves: _Moves, leasts: Sequence[int]) -> NDArray[np.float64]:
    """The prices of a distribution that is the best: what is gained by letting one person more onto each channel, from
    wherever somebody may be taken. By them everybody is where they are best off.
    """
    givers = [node for node, least in enumerate([*leasts, 0]) if moves.counts[node] > least or node == moves.nodes - 1]
    losses, _ = moves.losses(dict.fromkeys(givers, 0.0))
    beyond = 2.0 * moves.nodes * (1.0 + float(moves.worth.max(initial=0.0)))
    unreached = dict.fromkeys(set(range(moves.nodes)) - losses.keys(), beyond)  # whoever can be there is there
    losses, _ = moves.losses({**losses, **unreached})
    return np.array([0.0 - losses[node] for node in range(moves.nodes - 1)])


class _Moves:
    """Persons in their places, and the cheapest to be moved from each channel to each other; none is a channel too."""

    def __init__(self, worth: Worth, where: NDArray[np.intp]) -> None:
        persons, channels = worth.shape
        self.worth = np.concatenate((worth, np.zeros((persons, 1))), axis=1)
        self.where = where.copy()
        self.nodes = channels + 1
        self.near = _near(worth)
        self.counts = np.bincount(where, minlength=self.nodes).tolist()
        self._heaps: dict[tuple[int, int], tuple[list[tuple[float, int]], float]] = {}

    def cheapest(self, here: int, there: int) -> tuple[float, int] | None:
        """What is lost by the move that loses least, and who moves; None where nobody can."""
        heap, beyond = self._heaps.get((here, there)) or self._filled(here, there)
        while heap and self.where[heap[0][1]] != here:
            heappop(heap)
        if beyond < np.inf and (not heap or heap[0][0] > beyond):  # some that lose less were left out
            heap, _ = self._filled(here, there)
        return heap[0] if heap else None

    def _filled(self, here: int, there: int) -> tuple[list[tuple[float, int]], float]:
        """The moves that lose least now, and what those lose at least that are left out."""
        inside = (self.where == here).nonzero()[0]
        inside = inside[self.worth[inside, there] > IMPOSSIBLE]
        losses = self.worth[inside, here] - self.worth[inside, there]
        beyond = np.inf
        if len(losses) > _KEPT:
            least = np.argpartition(losses, _KEPT)[: _KEPT + 1]
            inside, losses = inside[least], losses[least]
            beyond = float(losses.max())
        heap = list(zip(losses.tolist(), inside.tolist(), strict=True))
        heapify(heap)
        self._heaps[here, there] = heap, beyond
        return heap, beyond

    def move(self, path: Sequence[int]) -> None:
        """Move one person along each step of a path of channels."""
        whom = [self.cheapest(here, there) for here, there in pairwise(path)]
        for found, there in zip(whom, path[1:], strict=True):
            assert found is not None, "a path has somebody on each step"
            person = found[1]
            self.counts[self.where[person]] -= 1
            self.counts[there] += 1
            self.where[person] = there
        for found, here in zip(whom, path[1:], strict=True):
            assert found is not None
            for (begin, there), (heap, _) in self._heaps.items():
                if begin == here and self.worth[found[1], there] > IMPOSSIBLE:
                    heappush(heap, (float(self.worth[found[1], here] - self.worth[found[1], there]), found[1]))

    def path(self, starts: Sequence[int], ends: Sequence[int]) -> tuple[float, list[int]] | None:
        """The cheapest chain of moves from one of some channels to one of others, and what it loses."""
        losses, before = self.losses(dict.fromkeys(starts, 0.0))
        reached = [node for node in ends if node in before]
        if not reached:
            return None
        end = min(reached, key=lambda node: losses[node])
        path = [end]
        while path[-1] in before and len(path) <= self.nodes:
            path.append(before[path[-1]])
        return losses[end], path[::-1]

    def losses(self, starts: Mapping[int, float]) -> tuple[dict[int, float], dict[int, int]]:
        """What the cheapest chain to each channel loses, begun with what is lost at each start, and the channel before
        it on that chain: as Bellman and Ford find it, since a move may gain.
        """
        losses, before = dict(starts), dict[int, int]()
        edges = [
            (here, there, found[0])
            for here in range(self.nodes)
            for there in range(self.nodes)
            if here != there and (found := self.cheapest(here, there)) is not None
        ]
        for _ in range(self.nodes - 1):
            for here, there, loss in edges:
                if here in losses and losses[here] + loss < losses.get(there, np.inf) - self.near:
                    losses[there] = losses[here] + loss
                    before[there] = here
        return losses, before


def _settle(moves: _Moves, rooms: Sequence[int], leasts: Sequence[int]) -> None:
    """Move persons until no channel has too many or too few, and nothing is gained by moving more."""
    none = moves.nodes - 1
    most, least = [*rooms, len(moves.where)], [*leasts, 0]
    every = range(moves.nodes)
    while over := [node for node in every if moves.counts[node] > most[node]]:
        found = moves.path(over[:1], [node for node in every if moves.counts[node] < most[node]])
        assert found is not None, "nobody has no way to none"
        moves.move(found[1])
    hopeless: set[int] = set()
    while under := [node for node in every if moves.counts[node] < least[node] and node not in hopeless]:
        found = moves.path([node for node in every if moves.counts[node] > least[node]], under[:1])
        if found is None:
            hopeless.add(under[0])
            continue
        moves.move(found[1])
    for _ in range(len(moves.where) * none + 1):
        starts = [node for node in every if moves.counts[node] > least[node]]
        found = moves.path(starts, [node for node in every if moves.counts[node] < most[node]])
        if found is None or found[0] >= -moves.near:
            return
        moves.move(found[1])
