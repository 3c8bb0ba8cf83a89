"""Calibration: from what a model's score says to what came of those to whom it said so, by isotonic regression.

A decision carries, for each treatment, the bin that its P fell into before calibration; with its outcome that bin is
counted, like the cell of a predictor. So a score is judged by outcomes that it was not made of. Bins are a quarter of a
unit of log odds wide, from -8 to 8.

The models of a group on a channel are calibrated together, once 200 outcomes were counted. In each bin one more is
thought to have come out as the score said; neighbours whose shares fall where scores rise are pooled (Ayer and others,
1955). Between the middles of what was pooled log odds are interpolated, and outside shifted, so that a higher score
remains a higher P and ties are not made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from shared.domain.counted import Numbers, Vector, by_cell
from shared.domain.predictors import SCORES
from shared.domain.propensity import Counts

CALIBRATED_FROM = 200.0
"""Outcomes of a group's models on a channel from which on their scores are calibrated."""

FEW = 16
"""Scores that Python looks up, a microsecond or two slower than numpy."""

EXPECTED = 1.0
"""How many outcomes in each bin are thought to have come as the score said."""

_LEAST, _WIDTH = -8.0, 0.25
MIDDLES: Vector = np.asarray(_LEAST + _WIDTH * (np.arange(len(SCORES)) + 0.5), np.float64)
"""The log odds in the middle of each bin."""

SAID: Vector = np.asarray(1.0 / (1.0 + np.exp(-MIDDLES)), np.float64)
"""P there."""

_BEGIN: Vector = np.asarray(1.0 / (1.0 + np.exp(-(_LEAST + _WIDTH * np.arange(1, len(SCORES))))), np.float64)
"""P at which each bin but the first begins."""

_BEGINS: list[float] = _BEGIN.tolist()


class Calibration:
    """The calibration of all groups by the counts of one moment."""

    def __init__(self, known: Sequence[Counts], of: Numbers) -> None:
        """Work out what is added to the log odds of each group's scores, by bin.

        Args:
            known: the counts of each model.
            of: the group of each model.
        """
        size = int(of.max()) + 1 if len(of) else 0
        self._of = of
        self._added = np.zeros((size, len(SCORES)))
        sums = np.zeros((2, size, len(SCORES)))
        np.add.at(sums[0], of, by_cell(SCORES, [k.positives_by_cell for k in known]))
        np.add.at(sums[1], of, by_cell(SCORES, [k.negatives_by_cell for k in known]))
        for group, (yes, no) in enumerate(zip(*sums, strict=True)):
            if yes.sum() + no.sum() >= CALIBRATED_FROM:
                self._added[group] = isotonic(yes, no) - MIDDLES
        self._corrects = bool(self._added.any())

    def __call__(self, p: Vector, rows: Numbers) -> tuple[Vector, bytes]:
        """P of some rows as it is calibrated, and the bin of each score, a byte each.

        Args:
            p: P of each of them before.
            rows: their numbers.
        """
        if not self._corrects:
            return p, bins_of(p)
        odds = np.log(p) - np.log1p(-p)
        places = (odds - _LEAST) / _WIDTH - 0.5
        np.minimum(np.maximum(places, 0.0, out=places), len(SCORES) - 1.0, out=places)
        below = np.minimum(places, len(SCORES) - 2.0).astype(np.intp)
        part = places - below
        groups = self._of[rows]
        added = (1.0 - part) * self._added[groups, below] + part * self._added[groups, below + 1]
        return np.asarray(1.0 / (1.0 + np.exp(-(odds + added)))), bins_of(p)


def bins_of(p: Vector) -> bytes:
    """The bin of each score, a byte each.

    A few are looked up by Python: numpy lets go of the interpreter meanwhile, and of several threads that decide the
    others would take it, which costs far more.
    """
    if len(p) <= FEW:
        return bytes([bisect_right(_BEGINS, each) for each in p.tolist()])
    found: bytes = _BEGIN.searchsorted(p, "right").astype("u1").tobytes()
    return found


def isotonic(yes: Vector, no: Vector) -> Vector:
    """The log odds that a score at the middle of each bin comes to, which rise from bin to bin.

    Args:
        yes: positives by bin.
        no: negatives by bin.
    """
    weights = yes + no + EXPECTED
    pooled: list[tuple[float, float, float]] = []  # weight, positives, log odds times weight
    for weight, positives, middle in zip(weights, yes + EXPECTED * SAID, MIDDLES, strict=True):
        last = float(weight), float(positives), float(weight * middle)
        while pooled and pooled[-1][1] * last[0] >= last[1] * pooled[-1][0]:
            before = pooled.pop()
            last = before[0] + last[0], before[1] + last[1], before[2] + last[2]
        pooled.append(last)
    at = np.array([middle / weight for weight, _, middle in pooled])
    rates = np.array([positives / weight for weight, positives, _ in pooled])
    to = np.log(rates) - np.log1p(-rates)
    found = np.interp(MIDDLES, at, to)
    outside = (at[0] > MIDDLES) * (MIDDLES - at[0]) + (at[-1] < MIDDLES) * (MIDDLES - at[-1])
    return np.asarray(found + outside)
