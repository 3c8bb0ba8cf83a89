"""How good some propensities are: AUC and calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

_PARTS = 10


def auc(propensities: Sequence[float], accepted: Sequence[bool]) -> float:
    """The chance that one who accepted was given a higher P than one who did not, half of it where both are equal."""
    positives = sum(accepted)
    pairs = positives * (len(accepted) - positives)
    won, below = 0.0, 0
    for _, tied in groupby(sorted(zip(propensities, accepted, strict=True)), key=lambda each: each[0]):
        yes = [was for _, was in tied]
        no = len(yes) - sum(yes)
        won += sum(yes) * (below + no / 2)
        below += no
    return won / pairs


def calibration_error(propensities: Sequence[float], accepted: Sequence[bool]) -> float:
    """How far P and the share of those who accepted are apart: over ten parts with as many contacts each, by P, the
    mean distance.
    """
    p, y = np.asarray(propensities), np.asarray(accepted, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, _PARTS) if len(part)]
    return float(sum(abs(p[part].mean() - y[part].mean()) * len(part) for part in parts) / len(p))
