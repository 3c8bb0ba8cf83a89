"""A challenger from outside, held against the models: what both said of the same treatments, and what came of them.

P is multiplied by pounds, so a challenger has to say it as it is, and not only in the right order: what decides is the
logarithmic loss, by a confidence sequence of the difference, which holds however often one looks. Differences are added
up by person, because what came of one person's treatments is not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from shared.domain.challenge import interval
from shared.domain.counted import Vector
from shared.domain.limits import MATURE_FROM
from shared.domain.measuring.sequences import half_width

MOST_UNSCORED = 0.05
"""The share of treatments that a challenger may leave without a score and still be judged by the others."""

_LEAST = 1e-6
"""P nearer to 0 or 1 counts as this near: one that was certain and wrong would lose for ever."""

Bounds = tuple[float, float, float]
"""An estimate, and from where to where."""

Verdict = Literal["better", "worse", "open"]


class Case(NamedTuple):
    """A treatment that was given, with what became of it.

    Attributes:
        person: whom it was given to.
        champion: P by the models, as the decision was made by.
        challenger: P by the challenger; None where it gave none.
        accepted: whether it was.
    """

    person: str
    champion: float
    challenger: float | None
    accepted: bool


class Compared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a challenger compares.

    Attributes:
        treatments: that were given and of which it is known what came.
        positives: how many were accepted.
        unscored: of how many the challenger said nothing.
        auc, challenger_auc: how well each tells, of those that both scored, with its 95 % interval.
        loss, challenger_loss: the logarithmic loss of each.
        gain: by how much the challenger's is smaller, with its confidence sequence.
        verdict: `better` or `worse` where the sequence leaves 0 out.
        says: why it is `open`; empty where it is not.
    """

    treatments: int
    positives: int
    unscored: int
    verdict: Verdict
    says: str = ""
    auc: Bounds | None = None
    challenger_auc: Bounds | None = None
    loss: float | None = None
    challenger_loss: float | None = None
    gain: Bounds | None = None


def compare(cases: Sequence[Case]) -> Compared:
    """Hold both against what came."""
    both = [case for case in cases if case.challenger is not None]
    told = Compared(
        treatments=len(cases),
        positives=sum(case.accepted for case in cases),
        unscored=len(cases) - len(both),
        verdict="open",
        says="of no treatment is it known what came and what the challenger says",
    )
    if not both:
        return told
    accepted = np.array([case.accepted for case in both])
    champion, challenger = (
        np.clip(np.array([case[place] for case in both], np.float64), _LEAST, 1.0 - _LEAST) for place in (1, 2)
    )
    losses = [-np.log(np.where(accepted, p, 1.0 - p)) for p in (champion, challenger)]
    gain = _gain(losses[0] - losses[1], [case.person for case in both])
    told = msgspec.structs.replace(
        told,
        loss=float(losses[0].mean()),
        challenger_loss=float(losses[1].mean()),
        auc=_auc(champion, accepted),
        challenger_auc=_auc(challenger, accepted),
        gain=gain,
    )
    if told.unscored > MOST_UNSCORED * told.treatments:
        return msgspec.structs.replace(
            told, says=f"it gave no score to {told.unscored} of {told.treatments} treatments"
        )
    positives = int(accepted.sum())
    if positives < MATURE_FROM:
        return msgspec.structs.replace(told, says=f"{positives} of the {MATURE_FROM:.0f} positives are there")
    if gain is not None and (gain[1] > 0.0 or gain[2] < 0.0):
        return msgspec.structs.replace(told, verdict="better" if gain[1] > 0.0 else "worse", says="")
    return msgspec.structs.replace(told, says="the difference may be chance")


def _gain(differences: Vector, persons: Sequence[str]) -> Bounds | None:
    """The mean difference with its confidence sequence; None of fewer than two persons."""
    names, of = np.unique(np.array(persons), return_inverse=True)
    count, mean = len(names), float(differences.mean())
    if count < 2:
        return None
    off = np.bincount(of, weights=differences - mean, minlength=count)
    unit = float(off @ off) / (count - 1) * (count / len(differences)) ** 2
    half = half_width(unit / count, unit)
    return (mean, mean - half, mean + half) if np.isfinite(half) else None


def _auc(p: Vector, accepted: Vector) -> Bounds | None:
    """How well P tells; None where all came out alike."""
    yes = int(accepted.sum())
    no = len(accepted) - yes
    if not yes or not no:
        return None
    order = np.unique(p, return_inverse=True)[1]
    counts = np.bincount(order)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[order]
    area = float((ranks[accepted].sum() - yes * (yes + 1) / 2.0) / (yes * no))
    return area, *interval(area, yes, no)
