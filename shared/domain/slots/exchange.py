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
- That no cycle gains is shown by potentials, a number for each placement, such that no exchange from p to q gains more
  than the potential rises from p to q. A candidate whose exchanges keep to that changes nothing. All candidates do that
  are light enough, so the ranking is read down to these and no further.

So at most one search per candidate, each over as many nodes as placements: polynomial, whatever the limits.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.slots.pool import Pool

Step = tuple[int | None, int | None]
"""Who enters and who leaves; None for a slot left empty."""


def spare_bits(placements: int) -> int:
    """Bits that weights leave free below, in which the exchanges of a cycle are counted."""
    return (placements + 1).bit_length()


class Choice:
    """A choice that obeys the limits, with the exchanges open to it.

    Attributes:
        chosen: the candidates in it.
        light: while no cycle gains, no candidate of at most this weight can change that.
    """

    def __init__(self, pool: Pool, weights: Sequence[int]) -> None:
        """Nothing is chosen yet."""
        self.chosen: set[int] = set()
        self._part = pool.part
        self._nodes = pool.nodes
        self._limit = pool.limit
        self._required = pool.required
        self._bonus = pool.scale.bonus
        self._weights = weights
        self._rooms = pool.rooms
        self._parts = range(len(pool.rooms))
        self._slots = sum(pool.rooms)
        # less than any sum of gains on the way of a cycle
        self._never = -(pool.scale.force << (len(pool.rooms) + self._slots.bit_length() + 1))
        self.light = self._never
        self._placed: list[list[int]] = [[] for _ in self._parts]
        self._inside: dict[int, list[int]] = {}
        self._full: dict[int, list[int]] = {}
        self._seen: list[int] = []
        self._enter: list[int] = []
        self._entering: list[int | None] = []
        self._leave: list[int] = []
        self._leaving: list[int | None] = []
        self._swap: list[list[int]] = []
        self._swapping: dict[tuple[int, int], Step] = {}
        self._gains: list[list[int]] = []
        self._potential: list[int] = []

    def total(self) -> int:
        """The weight of the choice with its bonuses."""
        met = sum(1 for node in self._required if self._inside.get(node))
        return sum(self._weights[x] for x in self.chosen) + met * self._bonus

    def complete(self) -> bool:
        """Whether all slots are filled."""
        return len(self.chosen) == self._slots

    def took(self, y: int) -> bool:
        """Choose a candidate if it is worth it and fits beside those chosen."""
        part = self._part[y]
        if self._weights[y] < 0 or len(self._placed[part]) >= self._rooms[part]:
            return False
        for node in self._nodes[y]:
            if node in self._full:
                return False
        self._put(y)
        return True

    def look(self, out: Sequence[int]) -> None:
        """Find the best exchanges that these candidates, none of them chosen, could take part in."""
        weights, parts = self._weights, self._parts
        self._seen = list(out)
        self._leave = [0 for _ in parts]
        self._leaving = [None for _ in parts]
        for part in parts:
            inside = self._placed[part]
            if len(inside) == self._rooms[part]:
                costs = ((-weights[x] - self._pinned(x), x) for x in inside)
                self._leave[part], self._leaving[part] = max(costs, default=(self._never, None))
        self._enter = [0 for _ in parts]
        self._entering = [None for _ in parts]
        self._swap = [[self._never for _ in parts] for _ in parts]
        self._swapping = {}
        self._offer(out)
        self._gains = [self._row(part) for part in parts]

    def improvable(self) -> bool:
        """Whether some cycle gains; where none does, there are potentials that show it."""
        potential = [0 for _ in self._parts]
        for _ in self._parts:
            changed = False
            for p, gains in enumerate(self._gains):
                from_p = potential[p]
                for q, gain in enumerate(gains):
                    if from_p + gain > potential[q]:
                        potential[q] = from_p + gain
                        changed = True
            if not changed:
                self._settle(potential)
                return False
        return True

    def admit(self, y: int) -> None:
        """Make this the best choice with one more candidate to choose from."""
        home = self._part[y]
        steps = self._steps(y)
        at_home = self._potential[home]
        if any(at_home + gain > self._potential[q] for q, (gain, _) in enumerate(steps)):
            left = self._exchange(home, steps)
            if left is None:
                self._consider(y)
            else:
                self.look([*(z for z in self._seen if z not in self.chosen), *left])
            self.improvable()
        else:
            self._consider(y)

    def _settle(self, potential: list[int]) -> None:
        """Keep potentials, and what they say of all candidates yet unseen."""
        self._potential = potential
        if any(not self._inside.get(node) for node in self._required):
            self.light = self._never  # the bonus makes any candidate of that issue heavy
            return
        reach = [self._weights[x] + potential[self._part[x]] for x in self.chosen]
        reach += [potential[q] for q in self._parts if len(self._placed[q]) < self._rooms[q]]
        self.light = min(reach, default=0) - max(potential, default=0)

    def _exchange(self, home: int, first: Sequence[tuple[int, Step]]) -> list[int] | None:
        """Exchange along the cycle through one candidate that gains most: who left; None where none gains.

        Args:
            home: the candidate's placement.
            first: its best exchange towards each placement.
        """
        reach, via = self._reach(home, [gain for gain, _ in first])
        if reach[home] <= 0:
            return None
        steps = []
        at = home
        while (before := via[at]) is not None:
            steps.append(self._step(before, at))
            at = before
        steps.append(first[at][1])
        left = [x for _, x in steps if x is not None]
        for x in left:
            self._take(x)
        for z, _ in steps:
            if z is not None:
                self._put(z)
        return left

    def _reach(self, home: int, reach: list[int]) -> tuple[list[int], list[int | None]]:
        """The greatest gain on a way to each placement that starts by the gains given and does not pass by `home`, and
        the placement before it on that way.
        """
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
        return reach, via

    def _around(self, y: int) -> Sequence[int] | None:
        """Who fills the smallest full set around `y`; None where `y` breaks no limit."""
        full = self._full
        for node in self._nodes[y]:
            if node in full:
                return full[node]
        return None

    def _pinned(self, x: int) -> int:
        """The bonus lost when `x` leaves and nobody of its issue enters for it."""
        issue = self._nodes[x][2]
        return self._bonus if issue in self._required and len(self._inside[issue]) == 1 else 0

    def _alone(self, y: int) -> tuple[int, Sequence[int]]:
        """What `y`, which breaks no limit, adds with its bonus; and who leaves for it at no loss of a bonus, where
        others leave at one.
        """
        weight = self._weights[y]
        issue = self._nodes[y][2]
        if issue not in self._required:
            return weight, ()
        inside = self._inside.get(issue)
        if not inside:
            return weight + self._bonus, ()
        return weight, inside if len(inside) == 1 else ()

    def _consider(self, y: int) -> None:
        """Count one more candidate among those that can take part in exchanges."""
        self._seen.append(y)
        self._offer((y,))
        self._gains[self._part[y]] = self._row(self._part[y])

    def _offer(self, out: Sequence[int]) -> None:
        """Enter the exchanges of candidates where they are better than those known."""
        weights, parts, nodes, full, required = self._weights, self._part, self._nodes, self._full, self._required
        enter, entering, swaps = self._enter, self._entering, self._swap
        for y in out:
            p = parts[y]
            weight = weights[y]
            around: Sequence[int] = ()
            for node in nodes[y]:
                if node in full:
                    around = full[node]
                    break
            else:
                gain = weight
                if required:
                    gain, around = self._alone(y)
                if gain > enter[p]:
                    enter[p], entering[p] = gain, y
            swap = swaps[p]
            for x in around:
                q = parts[x]
                if weight - weights[x] > swap[q]:
                    swap[q] = weight - weights[x]
                    self._swapping[p, q] = (y, x)

    def _steps(self, y: int) -> list[tuple[int, Step]]:
        """The best exchange of `y` towards each placement."""
        weights = self._weights
        weight = weights[y]
        around = self._around(y)
        steps: list[tuple[int, Step]] = [(self._never, (y, None)) for _ in self._parts]
        if around is None:
            gain, around = self._alone(y)
            steps = [(gain + self._leave[q] - 1, (y, self._leaving[q])) for q in self._parts]
        for x in around:
            q = self._part[x]
            if weight - weights[x] - 1 > steps[q][0]:
                steps[q] = (weight - weights[x] - 1, (y, x))
        return steps

    def _row(self, p: int) -> list[int]:
        """The gain of the best exchange from p to each placement; one is taken off, so that of equal gains the fewest
        exchanges win.
        """
        enter = self._enter[p] - 1
        return [max(enter + leave, swap - 1) for leave, swap in zip(self._leave, self._swap[p], strict=True)]

    def _step(self, p: int, q: int) -> Step:
        """The best exchange from p to q."""
        if self._swap[p][q] > self._enter[p] + self._leave[q]:
            return self._swapping[p, q]
        return self._entering[p], self._leaving[q]

    def _put(self, y: int) -> None:
        self.chosen.add(y)
        self._placed[self._part[y]].append(y)
        for node in self._nodes[y]:
            inside = self._inside.setdefault(node, [])
            inside.append(y)
            if len(inside) >= self._limit[node]:
                self._full[node] = inside

    def _take(self, x: int) -> None:
        self.chosen.remove(x)
        self._placed[self._part[x]].remove(x)
        for node in self._nodes[x]:
            self._inside[node].remove(x)
            self._full.pop(node, None)
