"""The classifier: what every model of a revision makes of a person, all at once.

A model is a Bayesian classifier on binned predictors. With m the posterior mean of the model (`propensity`), e its
declared weight of evidence, and of predictor i with n bins the bin that the person is in, with its pos and neg:

    contribution  c = ln(pos + m·e/n) - ln(neg + (1 - m)·e/n) - ln m + ln(1 - m)
    odds of P     m / (1 - m) · exp(sum of c over the active predictors / sqrt(1 + number of active predictors))

The contribution is the log odds per bin of adaptive decision models as the field publishes them, where 1/n is added to
both counts of a bin. Here what is added is the bin's share of the declared evidence, divided by the odds the model
starts from: so a bin nobody was in contributes nothing, and one that few were in not much. A predictor is active, as
there, if it alone tells positives from negatives with an AUC of 0.52 at least. There the score is divided by 1 + the
number of active predictors and calibrated afterwards; nothing is calibrated here yet, and by the root of that number
odds are spread about as far as outcomes are (docs/adr/0022).

Logarithms and exponentials are taken when the classifier is made. What is left for a decision is one multiplication of
a vector a predictor, in the order of the predictors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from operator import getitem
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.catalogue import Starting
from shared.domain.predictors import Predictors
from shared.domain.propensity import NO_EVIDENCE, Counts, evidence, propensity

ACTIVE_FROM = 0.52
"""AUC of a predictor by itself from which on a model listens to it."""

Vector: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.intp]


class Model(NamedTuple):
    """The model of a row: its id and what it starts from."""

    id: str
    starting: Starting


class Classifier:
    """The models of a revision by the counts of one moment.

    Attributes:
        means: the posterior mean of each row, of nobody in particular.
        evidence: how many responses each row's belief is worth, the declared ones included.
        odds: those of the means.
        plain: which rows listen to no predictor, None where all listen to some.
        factors: by predictor and bin what the odds of each row are multiplied by, None where they are not; none at all
            where no model listens to any predictor.
    """

    def __init__(self, models: Sequence[Model], predictors: Predictors, counts: Mapping[str, Counts]) -> None:
        """Work out what each bin does to the odds of each row."""
        known = [counts.get(model.id, NO_EVIDENCE) for model in models]
        starting = [model.starting for model in models]
        self.means = np.array([propensity(s, k) for s, k in zip(starting, known, strict=True)], np.float64)
        self.evidence = np.array([evidence(s, k) for s, k in zip(starting, known, strict=True)], np.float64)
        self.odds = self.means / (1.0 - self.means)
        declared = np.array([s.evidence for s in starting], np.float64)
        cells = [name for names in predictors.cells for name in names]
        positives = _counted(cells, [k.positives_by_cell for k in known])
        negatives = _counted(cells, [k.negatives_by_cell for k in known])
        logs, active = self._contributions(predictors, positives, negatives, declared)
        self.plain = active == 0 if not active.all() else None
        self.factors = _factors(predictors, logs, np.sqrt(1.0 + active)) if active.any() else ()

    def __call__(self, bins: Sequence[int]) -> Vector:
        """P of every row for a person in these bins."""
        if not self.factors:
            return self.means
        odds, multiply = self.odds.copy(), np.multiply
        for factor in map(getitem, self.factors, bins):
            if factor is not None:
                multiply(odds, factor, odds)
        p = np.divide(odds, 1.0 + odds, odds)
        if self.plain is not None:
            np.copyto(p, self.means, where=self.plain)  # to the last bit
        return p

    def _contributions(
        self, predictors: Predictors, positives: Vector, negatives: Vector, declared: Vector
    ) -> tuple[Vector, Vector]:
        """The contribution of every cell, rows by cells, 0 of predictors that are not active; and how many are."""
        found = np.zeros_like(positives)
        active = np.zeros(len(self.means))
        means = self.means[:, None]
        prior = np.log(means) - np.log1p(-means)
        start = 0
        for names in predictors.cells:
            end = start + len(names)
            yes, no = positives[:, start:end], negatives[:, start:end]
            share = declared[:, None] / len(names)
            yes_seen, no_seen = yes + means * share, no + (1.0 - means) * share
            is_active = _auc(yes, no, yes_seen / (yes_seen + no_seen)) >= ACTIVE_FROM
            logs = np.log(yes_seen) - np.log(no_seen) - prior
            counts = is_active[:, None] & (yes + no > 0.0)
            np.copyto(found[:, start:end], logs, where=counts)
            active += is_active
            start = end
        return found, active


def rounded(p: Vector, digits: int) -> Vector:
    """P to some decimals, and neither 0 nor 1."""
    least = 10.0**-digits
    found = np.round(p, digits)
    np.maximum(found, least, out=found)
    return np.minimum(found, 1.0 - least, out=found)


def _counted(cells: Sequence[str], known: Sequence[Mapping[str, int]]) -> Vector:
    """Counts by cell as an array, rows by cells; cells of other predictors are left out."""
    found = np.zeros((len(known), len(cells)))
    for row, by_cell in enumerate(known):
        if by_cell:
            found[row] = list(map(by_cell.get, cells, repeat(0)))
    return found


def _auc(yes: Vector, no: Vector, rate: Vector) -> Vector:
    """The AUC of each row's bins: the chance that a positive is in a bin with a higher rate than a negative, half of it
    where it is the same bin; 0 where there are none to compare.
    """
    order = np.argsort(rate, axis=1, kind="stable")
    yes, no = np.take_along_axis(yes, order, axis=1), np.take_along_axis(no, order, axis=1)
    pairs = yes.sum(axis=1) * no.sum(axis=1)
    won = (yes * (np.cumsum(no, axis=1) - no / 2.0)).sum(axis=1)
    return np.asarray(np.divide(won, pairs, out=np.zeros_like(pairs), where=pairs > 0.0))


def _factors(predictors: Predictors, logs: Vector, spread: Vector) -> tuple[tuple[Vector | None, ...], ...]:
    """What each bin of each predictor multiplies the odds of every row by, None where it multiplies none."""
    factors = np.exp(logs / spread[:, None])
    moved = (logs != 0.0).any(axis=0)
    vectors = [np.ascontiguousarray(factors[:, n]) if moved[n] else None for n in range(len(moved))]
    found, start = [], 0
    for names in predictors.cells:
        found.append(tuple(vectors[start : start + len(names)]))
        start += len(names)
    return tuple(found)
