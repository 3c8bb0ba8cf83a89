"""The best choice without bundles, by exchanges along cycles.

The problem is a weighted intersection of two matroids. One says that a placement has only so many slots: a partition
of the candidates, since a treatment that fits several placements is a candidate of each. The other says how many an
action, a group and an issue may have: sets nested in each other, a laminar matroid. (A bonus for the first treatment
of a wanted issue makes its weight concave on these nested sets: a valuated matroid. What follows holds for both.)

An exchange lets a candidate y enter a placement p and another, x, leave a placement q, so that the nested limits
hold: where y breaks none, x is any; else it is one of those that fill the smallest full set around y. Instead of
leaving, a slot of q may be left empty, and instead of entering, one of p may be left empty. A cycle of exchanges,
p → q → … → p, keeps the slots of each placement as many as they were.

- A choice is the best exactly when no cycle gains (Krogdahl 1976; Schrijver, Combinatorial Optimization, theorem 41.2;
  Murota, Valuated matroid intersection I, 1996). Of a placement, only the best exchange towards each other placement
  matters, so the graph has as many nodes as the request has placements.
- Let the choice be the best among some candidates and y be one more. Raise the weight of y from nothing to what it is.
  The choice stays the best until a cycle through y gains 0; there the choice after that cycle is as good, it holds
  y, and so it remains the best while y's weight rises further. Hence one cycle at most for each candidate: that of
  the greatest gain and, among those, of the fewest exchanges, which keeps all limits (ibid.).
- Greedy's choice is the best among the candidates in it, which is where this starts.

So at most one search per candidate, each over as many nodes as placements: polynomial, whatever the limits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from shared.domain.slots.limits import Nodes

NOTHING = None
"""In place of a candidate that enters or leaves: a slot left empty."""

Step = tuple[int | None, int | None]
"""Who enters, and who leaves."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Candidates in rank order and what they may fill.

    Attributes:
        rooms: slots of each placement.
        part: the placement of each candidate.
        nodes: its action, group and issue.
        limit: by node.
        required: nodes of issues of which at least one is wanted.
        weights: of candidates.
        bonus: what the first candidate of a required issue adds.
    """

    rooms: list[int]
    part: list[int]
    nodes: list[Nodes]
    limit: list[int]
    required: Collection[int]
    weights: list[int]
    bonus: int


def spare_bits(placements: int) -> int:
    """Bits that weights leave free below for `Choice` to count a cycle's exchanges in."""
    return (placements + 1).bit_length()


def best(problem: Problem, candidates: Iterable[int]) -> Choice:
    """The best choice among these candidates, given in rank order."""
    choice = Choice(problem)
    out = [y for y in candidates if not choice.took(y)]
    choice.look(out)
    if not choice.improvable():
        return choice
    seen: list[int] = []
    choice.look(seen)
    for k, y in enumerate(out):
        left = choice.let_in(y)
        if left is None:
            seen.append(y)
            choice.consider(y)
            continue
        seen = [*(z for z in seen if z not in choice.chosen), *left]
        choice.look([*seen, *out[k + 1 :]])
        if not choice.improvable():
            break
        choice.look(seen)
    return choice


class Choice:
    """A choice that obeys all limits, with the exchanges open to it.

    Attributes:
        chosen: the candidates in it.
    """

    def __init__(self, problem: Problem) -> None:
        """Nothing is chosen yet."""
        self._problem = problem
        self.chosen: set[int] = set()
        self._placed: list[list[int]] = [[] for _ in problem.rooms]
        self._inside: dict[int, list[int]] = {}
        parts = len(problem.rooms)
        self._never = -(max(problem.weights, default=0) + problem.bonus + 1) << (parts + 2)
        self._entering: list[tuple[int, int | None]] = []
        self._leaving: list[tuple[int, int | None]] = []
        self._swaps: list[list[tuple[int, Step]]] = []
        self._gains: list[list[int]] = []

    def total(self) -> int:
        """The weight of the choice with its bonuses."""
        problem = self._problem
        met = sum(1 for node in problem.required if self._inside.get(node))
        return sum(problem.weights[x] for x in self.chosen) + met * problem.bonus

    def took(self, y: int) -> bool:
        """Choose a candidate if it fits beside those chosen."""
        part = self._problem.part[y]
        if len(self._placed[part]) >= self._problem.rooms[part] or self._around(y) is not None:
            return False
        self._put(y)
        return True

    def look(self, out: Sequence[int]) -> None:
        """Find the best exchanges that these candidates, none of them chosen, could take part in."""
        problem = self._problem
        weights = problem.weights
        self._leaving = []
        for part, room in enumerate(problem.rooms):
            inside = self._placed[part]
            if len(inside) < room:
                self._leaving.append((0, NOTHING))
            else:
                leaving = ((-weights[x] - self._pinned(x), x) for x in inside)
                self._leaving.append(max(leaving, default=(self._never, NOTHING)))
        parts = range(len(problem.rooms))
        self._entering = [(0, NOTHING) for _ in parts]
        nobody: tuple[int, Step] = (self._never, (NOTHING, NOTHING))
        self._swaps = [[nobody for _ in parts] for _ in parts]
        for y in out:
            self._offer(y)
        self._gains = [[self._gain(p, q) for q in parts] for p in parts]

    def consider(self, y: int) -> None:
        """Count one more candidate among those that could take part."""
        self._offer(y)
        part = self._problem.part[y]
        self._gains[part] = [self._gain(part, q) for q in range(len(self._problem.rooms))]

    def improvable(self) -> bool:
        """Whether some cycle gains."""
        gains = self._gains
        parts = range(len(gains))
        reach = [0 for _ in parts]
        for _ in parts:
            changed = False
            for p in parts:
                from_p = reach[p]
                for q, gain in enumerate(gains[p]):
                    if from_p + gain > reach[q]:
                        reach[q] = from_p + gain
                        changed = True
            if not changed:
                return False
        return True

    def let_in(self, y: int) -> list[int] | None:
        """Exchange along the cycle through `y` that gains most: who left; None where none gains."""
        home = self._problem.part[y]
        first = self._steps_of(y)
        reach = [gain for gain, _ in first]
        via: list[int | None] = [None for _ in reach]
        changed = True
        while changed:
            changed = False
            for p, gains in enumerate(self._gains):
                if p == home:
                    continue
                from_p = reach[p]
                for q, gain in enumerate(gains):
                    if from_p + gain > reach[q]:
                        reach[q] = from_p + gain
                        via[q] = p
                        changed = True
        if reach[home] <= 0:
            return None
        steps = []
        at = home
        while (before := via[at]) is not None:
            steps.append(self._step(before, at))
            at = before
        steps.append(first[at][1])
        left = [x for _, x in steps if x is not NOTHING]
        for x in left:
            self._take(x)
        for z, _ in steps:
            if z is not NOTHING:
                self._put(z)
        return left

    def _around(self, y: int) -> list[int] | None:
        """Who fills the smallest full set around `y`; None where `y` breaks no limit."""
        limit = self._problem.limit
        for node in self._problem.nodes[y]:
            inside = self._inside.get(node)
            if inside is not None and len(inside) >= limit[node]:
                return inside
        return None

    def _pinned(self, x: int) -> int:
        """The bonus lost when `x` leaves and nobody of its issue enters for it."""
        issue = self._problem.nodes[x][2]
        return self._problem.bonus if issue in self._problem.required and len(self._inside[issue]) == 1 else 0

    def _alone(self, y: int) -> tuple[int, Sequence[int]]:
        """What `y` adds by entering, its bonus included, and who may leave for it at better terms than others: those
        chosen of its issue, where one alone meets it.
        """
        problem = self._problem
        weight = problem.weights[y]
        issue = problem.nodes[y][2]
        if issue not in problem.required:
            return weight, ()
        inside = self._inside.get(issue, ())
        return (weight, inside) if len(inside) == 1 else (weight if inside else weight + problem.bonus, ())

    def _offer(self, y: int) -> None:
        """Enter the exchanges of one candidate that is not chosen where they are better than those known."""
        problem = self._problem
        part = problem.part[y]
        around = self._around(y)
        if around is None:
            gain, around = self._alone(y)
            if gain > self._entering[part][0]:
                self._entering[part] = (gain, y)
        swaps = self._swaps[part]
        for x in around:
            gain = problem.weights[y] - problem.weights[x]
            if gain > swaps[problem.part[x]][0]:
                swaps[problem.part[x]] = (gain, (y, x))

    def _steps_of(self, y: int) -> list[tuple[int, Step]]:
        """The best exchange of `y` towards each placement."""
        problem = self._problem
        around = self._around(y)
        steps: list[tuple[int, Step]] = [(self._never, (y, NOTHING)) for _ in problem.rooms]
        if around is None:
            gain, around = self._alone(y)
            steps = [(gain + freed - 1, (y, x)) for freed, x in self._leaving]
        for x in around:
            gain = problem.weights[y] - problem.weights[x] - 1
            if gain > steps[problem.part[x]][0]:
                steps[problem.part[x]] = (gain, (y, x))
        return steps

    def _gain(self, p: int, q: int) -> int:
        """Of the best exchange from p to q; one is taken off, so that of equal gains the fewest exchanges win."""
        return max(self._entering[p][0] + self._leaving[q][0], self._swaps[p][q][0]) - 1

    def _step(self, p: int, q: int) -> Step:
        """The best exchange from p to q."""
        enter, leave = self._entering[p], self._leaving[q]
        swap = self._swaps[p][q]
        return swap[1] if swap[0] > enter[0] + leave[0] else (enter[1], leave[1])

    def _put(self, y: int) -> None:
        self.chosen.add(y)
        self._placed[self._problem.part[y]].append(y)
        for node in self._problem.nodes[y]:
            self._inside.setdefault(node, []).append(y)

    def _take(self, x: int) -> None:
        self.chosen.remove(x)
        self._placed[self._problem.part[x]].remove(x)
        for node in self._problem.nodes[x]:
            self._inside[node].remove(x)
