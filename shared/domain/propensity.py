"""Propensity: the probability that this person accepts this treatment, from counts (`domain.md` 8).

A model's state is nothing but counts, so that updates commute: of outcomes in all, and by cell of what was known of the
person when the treatment was chosen. What a model makes of a person stands in `shared.domain.classifier`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.catalogue import Starting
from shared.domain.observed import Increment
from shared.domain.predictors import cells_of


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one model, or what is added to it.

    Attributes:
        positives, negatives: outcomes in all.
        positives_by_cell, negatives_by_cell: the same by the name of each cell, of those with any.
    """

    positives: int = 0
    negatives: int = 0
    positives_by_cell: dict[str, int] = {}
    negatives_by_cell: dict[str, int] = {}

    def __add__(self, other: Counts) -> Counts:
        """Both together, in whichever order."""
        return Counts(
            positives=self.positives + other.positives,
            negatives=self.negatives + other.negatives,
            positives_by_cell=_sum(self.positives_by_cell, other.positives_by_cell),
            negatives_by_cell=_sum(self.negatives_by_cell, other.negatives_by_cell),
        )


NO_EVIDENCE = Counts()


class Tally:
    """Counts that are added up one after the other, in whichever order."""

    def __init__(self) -> None:
        """Begin with none."""
        self._totals = [0, 0]
        self._by_cell: tuple[dict[str, int], dict[str, int]] = {}, {}

    def add(self, taught: Counts) -> None:
        """Add some."""
        self._totals[0] += taught.positives
        self._totals[1] += taught.negatives
        for own, others in zip(self._by_cell, (taught.positives_by_cell, taught.negatives_by_cell), strict=True):
            known = own.get
            for cell, count in others.items():
                own[cell] = known(cell, 0) + count

    def counts(self) -> Counts:
        """All together, without the cells of which everything was taken back."""
        positives, negatives = self._by_cell
        return Counts(
            positives=self._totals[0],
            negatives=self._totals[1],
            positives_by_cell=_left(positives),
            negatives_by_cell=_left(negatives),
        )


def model_id(treatment: str, channel: str) -> str:
    """The id of the model of an (action, treatment, channel); a treatment's id begins with its action's."""
    return f"{treatment}@{channel}"


def propensity(starting: Starting, counts: Counts) -> float:
    """What a model expects of nobody in particular: the posterior mean of a Beta whose prior is the declared propensity
    with the declared weight of evidence, (p·e + positives) / (e + positives + negatives), strictly between 0 and 1.
    """
    return (starting.propensity * starting.evidence + counts.positives) / evidence(starting, counts)


def evidence(starting: Starting, counts: Counts) -> float:
    """How many responses a model's belief is worth, the declared ones included."""
    return starting.evidence + (counts.positives + counts.negatives)


def version(counts: Mapping[str, Counts]) -> str:
    """A name of the models' state: the same counts have the same one, on any machine."""
    state: list[tuple[object, ...]] = []
    for model, known in sorted(counts.items()):
        if known.positives_by_cell or known.negatives_by_cell:
            by_cell = known.positives_by_cell, known.negatives_by_cell
            state.append((model, known.positives, known.negatives, *by_cell))
        elif known.positives or known.negatives:
            state.append((model, known.positives, known.negatives))
    return "m-" + hashlib.sha256(msgspec.json.encode(state, order="sorted")).hexdigest()[:32]


def taught(increments: Iterable[Increment], bins: str = "") -> Counts:
    """What one delivery adds to the counts of its model, or takes back from them.

    Args:
        increments: what is learnt of it, and what is no longer so.
        bins: the cells of what was known when it was chosen, as the delivery carries them.
    """
    positives = negatives = 0
    for increment in increments:
        if increment.lesson.accepted:
            positives += increment.weight
        else:
            negatives += increment.weight
    cells = cells_of(bins)
    return Counts(
        positives=positives,
        negatives=negatives,
        positives_by_cell=dict.fromkeys(cells, positives) if positives else {},
        negatives_by_cell=dict.fromkeys(cells, negatives) if negatives else {},
    )


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    both = {**one, **{cell: one.get(cell, 0) + count for cell, count in other.items()}}
    return _left(both)


def _left(counts: dict[str, int]) -> dict[str, int]:
    return dict(counts) if all(counts.values()) else {cell: count for cell, count in counts.items() if count}
