"""Propensity: the probability that this person accepts this treatment, from counts (`domain.md` 8).

A model's state is nothing but counts, so that updates commute: of outcomes in all, and by cell of what was known of the
person when the treatment was chosen. What a model makes of a person stands in `shared.domain.classifier`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.catalogue import Starting
from shared.domain.forgetting import Era

Count = int | float
"""How many outcomes: a whole number as it is learnt, a part of one where some of it is forgotten."""

ByCell = Mapping[str, Count]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one model, or what is added to it.

    Attributes:
        positives, negatives: outcomes in all.
        positives_by_cell, negatives_by_cell: the same by the name of each cell, of those with any.
        positives_by_pair, negatives_by_pair: by the name of each parent's cell, the same of those who were in it.
        era: in whose weights all of it is counted; None where every outcome counts 1 for ever.
        associations: of no model, but of what is known under `ASSOCIATED`: how closely predictors are associated, in
            thousandths, by the digests of two.
    """

    positives: Count = 0
    negatives: Count = 0
    positives_by_cell: ByCell = {}
    negatives_by_cell: ByCell = {}
    positives_by_pair: Mapping[str, ByCell] = {}
    negatives_by_pair: Mapping[str, ByCell] = {}
    era: Era | None = None
    associations: Mapping[str, int] = {}

    def __add__(self, other: Counts) -> Counts:
        """Both together, in whichever order; both are of one era."""
        tally = Tally()
        tally.add(self)
        tally.add(other)
        return tally.counts(self.era or other.era)


NO_EVIDENCE = Counts()

ASSOCIATED = "associated"
"""The name beside the models' under which associations of predictors are known. No model has it: theirs have an @."""


class Tally:
    """Counts that are added up one after the other, in whichever order."""

    def __init__(self) -> None:
        """Begin with none."""
        self._positives = _Sums()
        self._negatives = _Sums()

    def add(self, taught: Counts, scale: float = 1) -> None:
        """Add some, each count times a scale."""
        self._positives.add(taught.positives, taught.positives_by_cell, taught.positives_by_pair, scale)
        self._negatives.add(taught.negatives, taught.negatives_by_cell, taught.negatives_by_pair, scale)

    def counts(self, era: Era | None = None) -> Counts:
        """All together, without the cells of which everything was taken back."""
        yes, no = self._positives, self._negatives
        return Counts(
            positives=yes.total,
            negatives=no.total,
            positives_by_cell=_some(yes.by_cell),
            negatives_by_cell=_some(no.by_cell),
            positives_by_pair={cell: some for cell, by_cell in yes.by_pair.items() if (some := _some(by_cell))},
            negatives_by_pair={cell: some for cell, by_cell in no.by_pair.items() if (some := _some(by_cell))},
            era=era,
        )


class _Sums:
    """The sums of what is positive, or of what is negative."""

    def __init__(self) -> None:
        self.total: Count = 0
        self.by_cell: dict[str, Count] = {}
        self.by_pair: defaultdict[str, dict[str, Count]] = defaultdict(dict)

    def add(self, total: Count, by_cell: ByCell, by_pair: Mapping[str, ByCell], scale: float) -> None:
        self.total += total * scale
        _add(self.by_cell, by_cell, scale)
        for parent, others in by_pair.items():
            _add(self.by_pair[parent], others, scale)


def _add(known: dict[str, Count], others: ByCell, scale: float) -> None:
    for cell, count in others.items():
        known[cell] = known.get(cell, 0) + count * scale


def _some(by_cell: ByCell) -> dict[str, Count]:
    return {cell: count for cell, count in by_cell.items() if count}


def present(by_era: Iterable[Counts], today: int) -> Counts:
    """What the counts of several eras come to on a day, in days since 1970."""
    tally = Tally()
    for counts in sorted(by_era, key=lambda each: each.era or _FOR_EVER):
        tally.add(counts, 1 if counts.era is None else counts.era.scale(today))
    return tally.counts()


_FOR_EVER = Era(0, 0)


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
        if known.positives_by_pair or known.negatives_by_pair:
            by_cell = known.positives_by_cell, known.negatives_by_cell
            by_pair = known.positives_by_pair, known.negatives_by_pair
            state.append((model, known.positives, known.negatives, *by_cell, *by_pair))
        elif known.positives_by_cell or known.negatives_by_cell:
            by_cell = known.positives_by_cell, known.negatives_by_cell
            state.append((model, known.positives, known.negatives, *by_cell))
        elif known.positives or known.negatives:
            state.append((model, known.positives, known.negatives))
        elif known.associations:
            state.append((model, known.associations))
    return "m-" + hashlib.sha256(msgspec.json.encode(state, order="sorted")).hexdigest()[:32]
