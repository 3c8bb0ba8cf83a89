"""A challenger in shadow: it scores every decision beside the models, from the same counts, and touches none.

The bin of its score travels with the delivery beside that of the models' own, and is counted with what came of it. So
both are held against outcomes that neither had seen, of the same decisions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from shared.domain.counted import Vector
from shared.domain.limits import MATURE_FROM
from shared.domain.predictors import SCORES, SHADOWS
from shared.domain.propensity import ByCell, Counts, Tally


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A challenger, held against the models on the outcomes of all decisions that both scored.

    Attributes:
        auc: of the models' scores, with its interval.
        challenger_auc: of the challenger's.
        verdict: `better` or `worse` where the intervals do not overlap, so that it may take the models' place or not;
            else, and before there are 200 positives, `open`.
    """

    auc: float
    auc_low: float
    auc_high: float
    challenger_auc: float
    challenger_auc_low: float
    challenger_auc_high: float
    verdict: Literal["better", "worse", "open"]


def held(known: Sequence[Counts]) -> Held | None:
    """How a challenger compares, over all models; None where none was counted."""
    tally = Tally()
    for counts in known:
        tally.add(counts)
    champion, challenger = (tells(tally.counts(), cells) for cells in (SCORES, SHADOWS))
    if not champion or not challenger:
        return None
    verdict: Literal["better", "worse", "open"] = "open"
    is_mature = sum(counts.positives for counts in known) >= MATURE_FROM
    if is_mature and challenger["auc_low"] > champion["auc_high"]:
        verdict = "better"
    elif is_mature and challenger["auc_high"] < champion["auc_low"]:
        verdict = "worse"
    return Held(**champion, **{f"challenger_{name}": value for name, value in challenger.items()}, verdict=verdict)


def tells(counts: Counts, cells: Sequence[str]) -> dict[str, Any]:
    """The AUC of the bins of a score, with its interval."""
    yes, no = row_of(counts.positives_by_cell, cells), row_of(counts.negatives_by_cell, cells)
    p, n = float(yes.sum()), float(no.sum())
    if not p or not n:
        return {}
    area = float((yes * (np.cumsum(no) - no / 2.0)).sum() / (p * n))
    low, high = interval(area, p, n)
    return {"auc": area, "auc_low": low, "auc_high": high}


def interval(area: float, positives: float, negatives: float) -> tuple[float, float]:
    """From where to where an AUC may be, at 95 %, by Hanley and McNeil (1982)."""
    q1, q2 = area / (2.0 - area), 2.0 * area * area / (1.0 + area)
    p, n = max(positives, 1.0) - 1.0, max(negatives, 1.0) - 1.0
    spread = area * (1.0 - area) + p * (q1 - area**2) + n * (q2 - area**2)
    half = 1.96 * math.sqrt(max(spread, 0.0) / (positives * negatives))
    return max(0.0, area - half), min(1.0, area + half)


def row_of(by_cell: ByCell, cells: Sequence[str]) -> Vector:
    """Counts by cell, in the order of the cells."""
    return np.array([float(by_cell.get(cell, 0)) for cell in cells])
