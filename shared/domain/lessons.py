"""Lessons: what deliveries teach a model, from what became of them until it is counts (`domain.md` 8).

An outcome is counted once, by the cells that the person was in, beside those of the same parents. All other counts are
sums of these, made when they are asked for. Whatever the order, and whoever takes which in, they come to the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from shared.domain.forgetting import Era, era
from shared.domain.observed import Increment
from shared.domain.predictors import cells_in, half_life_of, scores_in, taught_by
from shared.domain.propensity import Counts


class Lessons:
    """What some deliveries teach one model, in the weights of one era."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        """Begin with none."""
        self._told: list[tuple[str, int, bool]] = []

    def learn(self, bins: str, weight: int, *, accepted: bool) -> None:
        """Take in what became of a delivery that carries this; a weight below 0 takes it back."""
        self._told.append((bins, weight, accepted))

    def counts(self, era: Era | None = None) -> Counts:
        """What they add to the counts of the model, in this era: nothing where what was learnt is taken back."""
        if len(self._told) == 1:
            return _of_one(*self._told[0], era)
        yes, no = _Sums(), _Sums()
        for bins, weight, accepted in self._told:
            cells, parents, score = taught_by(bins)
            sums = yes if accepted else no
            sums.total += weight
            by_cell = sums.by_parents.get(parents)
            if by_cell is None:
                sums.by_parents[parents] = dict.fromkeys(cells, weight)
            else:
                count = by_cell.get
                for cell in cells:
                    by_cell[cell] = count(cell, 0) + weight
            if score:
                sums.by_score[score] = sums.by_score.get(score, 0) + weight
        return Counts(
            positives=yes.total,
            negatives=no.total,
            positives_by_cell=yes.by_cell(),
            negatives_by_cell=no.by_cell(),
            positives_by_pair=yes.by_pair(),
            negatives_by_pair=no.by_pair(),
            era=era,
        )


def teach(of: Callable[[Era | None], Lessons], increments: Iterable[Increment], bins: str) -> None:
    """Add what one delivery teaches to the lessons of its era, or take it back from them.

    Args:
        of: the lessons of an era; of None where every outcome counts 1 for ever.
        increments: what is learnt of the delivery, and what is no longer so.
        bins: what was known when it was chosen, as the delivery carries it.
    """
    half_life = half_life_of(bins)
    for (accepted, at), sign in increments:
        if half_life:
            when = era(at, half_life)
            of(when).learn(bins, sign * when.weight(at), accepted=accepted)
        else:
            of(None).learn(bins, sign, accepted=accepted)


def _of_one(bins: str, weight: int, accepted: bool, era: Era | None) -> Counts:  # noqa: FBT001 - as it is kept
    """What one comes to, which is what most commits take in of a model."""
    cells, parents, score = taught_by(bins)
    by_cell = dict.fromkeys(cells, weight)
    by_pair = dict.fromkeys(cells_in(parents), by_cell)
    if score:
        by_cell = by_cell | dict.fromkeys(scores_in(score), weight)
    if accepted:
        return Counts(positives=weight, positives_by_cell=by_cell, positives_by_pair=by_pair, era=era)
    return Counts(negatives=weight, negatives_by_cell=by_cell, negatives_by_pair=by_pair, era=era)


class _Sums:
    """The sums of what is positive, or of what is negative."""

    def __init__(self) -> None:
        self.total = 0
        self.by_parents: dict[str, dict[str, int]] = {}
        self.by_score: dict[str, int] = {}

    def by_cell(self) -> dict[str, int]:
        """By cell, and by what scores fell into."""
        scores = [dict.fromkeys(scores_in(score), weight) for score, weight in self.by_score.items()]
        return _sum([*self.by_parents.values(), *scores])

    def by_pair(self) -> dict[str, dict[str, int]]:
        """By cell of each parent."""
        found: defaultdict[str, list[dict[str, int]]] = defaultdict(list)
        for parents, by_cell in self.by_parents.items():
            for parent in cells_in(parents):
                found[parent].append(by_cell)
        return {parent: by_cell for parent, some in found.items() if (by_cell := _sum(some))}


def _sum(some: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The sum of some counts, without what comes to nothing."""
    total: dict[str, int] = {}
    count = total.get
    for each in some:
        if total:
            for cell, cases in each.items():
                total[cell] = count(cell, 0) + cases
        else:
            total.update(each)
    return total if all(total.values()) else {cell: cases for cell, cases in total.items() if cases}
