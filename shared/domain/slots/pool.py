"""The candidates that can be in the best choice, found in rank order and only as far down as is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from shared.domain.slots.greedy import Ranking
from shared.domain.slots.limits import Nodes
from shared.domain.slots.worth import Scale


class Pool:
    """Candidates: a treatment in one of the placements asked for that it fits. They are ordered by the rank of their
    treatment, then by placement in the order asked for.

    Let candidates be of one class if they are of the same placement and, where an issue is wanted or an action bundled,
    of the same such issue or action. Each class is walked greedily under the limits of action, group and issue alone,
    to as many candidates as there are slots in all, and the rest of it is dropped: a choice with a dropped candidate x
    is not the best. Those kept of its class and ranked above x bar x, or are as many as there are slots; either way one
    of them, y, is not chosen and may take the place of x: all limits hold, as the placement, wanted issue and bundle
    are the same, and y ranks above x. (If none could, the others chosen would bar all that is kept above x, hence x.)

    Attributes:
        rooms: slots of each placement asked for.
        limit: by node.
        required: nodes of issues of which at least one is wanted.
        scale: of the weights.
        position: of each candidate's treatment in the ranking.
        part: the placement of each.
        nodes: its action, group and issue.
        weights: its weight.
    """

    def __init__(self, ranking: Ranking, priorities: Sequence[float], spare: int) -> None:
        """Walk nothing yet; weights leave `spare` bits free below."""
        layout = ranking.layout
        self.rooms = ranking.rooms
        self.limit = layout.limit
        self.required = layout.required
        self.position: list[int] = []
        self.part: list[int] = []
        self.nodes: list[Nodes] = []
        self.weights: list[int] = []
        self._ranking = ranking
        self._priorities = priorities
        self._next = 0
        self._most = sum(ranking.rooms)
        self._plain = [_Class(self._most) for _ in ranking.rooms]
        self._others: dict[tuple[int, int], _Class] = {}
        self._incomplete = sum(1 for room in ranking.rooms if room)
        self._any_special = bool(layout.required or layout.bundle_of)
        classes = len(ranking.rooms)
        self.scale = Scale(
            *self._extremes(),
            candidates=classes * (self._most * (1 + len(layout.required)) + len(layout.bundle_of)),
            most=self._most,
            issues=len(layout.required),
            spare=spare,
        )

    def grow(self, until: int | None = None, above: float = -inf) -> None:
        """Walk on: to a position of the ranking, or to the first treatment, not mandatory, whose priority is not above
        a number.
        """
        layout, ranking = self._ranking.layout, self._ranking
        nodes, fits, sets, special = layout.nodes, ranking.fits, layout.fits, layout.special
        ranked, priorities, mandatory = ranking.ranked, self._priorities, layout.mandatory
        end = len(ranked) if until is None else until
        position = self._next
        while position < end and (self._incomplete or self._any_special):
            treatment = ranked[position]
            if priorities[position] <= above and not mandatory[treatment]:
                break
            around = nodes[treatment]
            for part in fits[sets[treatment]]:
                of = self._other(part, around) if special[treatment] else self._plain[part]
                if of.full.isdisjoint(around) and of.left:
                    if not ranking.passes(position):
                        break
                    of.add(around, layout.limit)
                    self.position.append(position)
                    self.part.append(part)
                    self.nodes.append(around)
                    if not of.left and not special[treatment]:
                        self._incomplete -= 1
            position += 1
        self._next = position
        for k in range(len(self.weights), len(self.position)):
            at = self.position[k]
            self.weights.append(self.scale.weight(k, priorities[at], mandatory=mandatory[ranked[at]]))

    def _other(self, part: int, around: Nodes) -> _Class:
        """The class of a candidate of a wanted issue or a bundle."""
        action, _, issue = around
        key = (part, action if action in self._ranking.layout.bundle_of else issue)
        if key not in self._others:
            self._others[key] = _Class(self._most)
        return self._others[key]

    def _extremes(self) -> tuple[float, float]:
        """The smallest priority that is not 0 and the greatest, of mandatory and other treatments together."""
        ranked, priorities, mandatory = self._ranking.ranked, self._priorities, self._ranking.layout.mandatory
        others = 0
        while others < len(ranked) and mandatory[ranked[others]]:
            others += 1
        smallest, greatest = inf, 0.0
        for start, end in ((0, others), (others, len(ranked))):
            last = end - 1
            while last > start and not priorities[last]:
                last -= 1
            if last >= start and priorities[last]:
                smallest, greatest = min(smallest, priorities[last]), max(greatest, priorities[start])
        return min(smallest, 1.0), greatest


class _Class:
    """What is kept of a class: how many more may be, how many are by node, and the nodes that are full."""

    __slots__ = ("_count", "full", "left")

    def __init__(self, most: int) -> None:
        self.left = most
        self.full: set[int] = set()
        self._count: dict[int, int] = {}

    def add(self, around: Nodes, limit: Sequence[int]) -> None:
        """Count one more."""
        self.left -= 1
        for node in around:
            n = self._count.get(node, 0) + 1
            self._count[node] = n
            if n >= limit[node]:
                self.full.add(node)
