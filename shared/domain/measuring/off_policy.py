"""Off-policy evaluation: what another policy would have come to, from decisions that were made by this one.

Each logged decision counts by its weight: how probable the other policy would have made its choice, divided by how
probable the logging policy made it. Three estimates of the mean reward are given:

- IPS: the mean of weight · reward. It is unbiased where the logging policy might have chosen whatever the other would.
- SNIPS: the same divided by the mean weight; its error is less where weights spread.
- DR: what a model of rewards expects of the other policy, corrected by the weighted errors of that model on what was
  logged. It is right where either the model or the probabilities are.

A decision for several slots is a row for each of its places, with what came of what was given there. What the other
policy would have come to is the sum over places of a decision, which takes for granted that what comes of a treatment
depends on its place and not on what stands beside it. Decisions are the cases: intervals and support count those.

Weights may be clipped, which trades spread for bias. An estimate that rests on a few heavy decisions says nothing,
however short its interval: so it is refused, with the reason, rather than given.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

FEWEST_EFFECTIVE = 200.0
"""Decisions that the weighted ones have to be worth."""

MOST_UNSUPPORTED = 0.05
"""Share of the other policy's choices that the logging policy would never, or hardly ever, have made."""

MOST_MEAN_WEIGHT = 1.1
"""Mean weight above which, beyond chance, the logged probabilities are not those by which it was chosen."""

HEAVIEST = 0.05
"""Share of all weight that one decision may have."""

FEWEST_REWARDS = 50
"""Decisions with a reward and a weight: fewer do not show how rewards spread."""

_NORMAL_95 = 1.959963984540054

Reason = Literal["effective_sample_size", "unsupported", "mean_weight", "max_weight", "rewards"]


class Logged(NamedTuple):
    """Decisions as they were logged, and as the other policy would have made them; one number for each, or for each of
    their places.

    Attributes:
        rewards: what came of it.
        behaviour: the logged selection probability of what was chosen, above 0.
        target: how probable the other policy would have made the same choice.
        expected: by a model of rewards: what it expects of what was chosen; None of no model.
        expected_target: by the same, what it expects of the other policy here: the mean over its choices.
        whose: the number of the decision that each row is of, from 0; None where each is one.
    """

    rewards: Vector
    behaviour: Vector
    target: Vector
    expected: Vector | None = None
    expected_target: Vector | None = None
    whose: NDArray[np.intp] | None = None

    def by_decision(self, values: Vector) -> Vector:
        """The sum of some numbers for each decision."""
        return values if self.whose is None else np.bincount(self.whose, values).astype(np.float64)


class Support(NamedTuple):
    """How far what was logged carries.

    Attributes:
        decisions: how many.
        effective: what they are worth once weighted: (sum of weights)² / sum of squared weights.
        unsupported: share of the other policy's choices that the logging policy hardly ever makes, by what the weights
            lack to 1.
        mean_weight: before clipping; 1 but for chance where both policies' probabilities are right.
        heaviest: share of all weight that one decision has.
        clipped: share of decisions whose weight was clipped.
    """

    decisions: int
    effective: float
    unsupported: float
    mean_weight: float
    heaviest: float
    clipped: float


class Estimate(NamedTuple):
    """A mean reward with a 95 % interval for this one look."""

    value: float
    low: float
    high: float


class Evaluation(NamedTuple):
    """What the other policy would have come to."""

    ips: Estimate
    snips: Estimate
    dr: Estimate | None
    support: Support


class Refusal(NamedTuple):
    """That nothing can be concluded.

    Attributes:
        reason: which limit of support is passed.
        said: the same for people.
        support: what there was.
    """

    reason: Reason
    said: str
    support: Support


def evaluate(logged: Logged, clip: float = math.inf) -> Evaluation | Refusal:
    """What another policy would have come to, or why that cannot be said.

    Args:
        logged: decisions.
        clip: the most that a weight may be.
    """
    weights, support = _weighed(logged, clip)
    refused = _refused(logged, weights, support)
    return refused or estimates(logged, clip)


def estimates(logged: Logged, clip: float = math.inf) -> Evaluation:
    """The estimates, whatever they rest on."""
    weights, support = _weighed(logged, clip)
    rewards, of = logged.rewards, logged.by_decision
    earned, total = of(weights * rewards), float(weights.sum())
    places = len(rewards) / len(earned)
    of_a_place = float(weights @ rewards / total) if total else 0.0
    snips = of_a_place * places
    errors = (earned - of_a_place * of(weights)) * (places * len(earned) / total if total else 0.0)
    dr = None
    if logged.expected is not None and logged.expected_target is not None:
        dr = _mean(of(logged.expected_target + weights * (rewards - logged.expected)))
    spread = float(np.sqrt(np.mean(errors**2) / len(earned)))
    return Evaluation(
        ips=_mean(earned),
        snips=Estimate(snips, snips - _NORMAL_95 * spread, snips + _NORMAL_95 * spread),
        dr=dr,
        support=support,
    )


def _weighed(logged: Logged, clip: float) -> tuple[Vector, Support]:
    raw = logged.target / logged.behaviour
    weights = np.minimum(raw, clip)
    whole = logged.by_decision(weights)
    total = float(whole.sum())
    return weights, Support(
        decisions=len(whole),
        effective=total * total / float(whole @ whole) if total else 0.0,
        unsupported=max(0.0, 1.0 - float(raw.mean())),
        mean_weight=float(raw.mean()),
        heaviest=float(whole.max()) / total if total else 1.0,
        clipped=float(np.mean(raw > clip)),
    )


def _refused(logged: Logged, weights: Vector, support: Support) -> Refusal | None:
    """The first limit of support that is passed, None where none is."""
    rewarded = int(np.count_nonzero((logged.rewards != 0.0) & (weights > 0.0)))
    if support.effective < FEWEST_EFFECTIVE:
        said = (
            f"{support.decisions} decisions are worth {support.effective:.0f} once weighted, and at least "
            f"{FEWEST_EFFECTIVE:.0f} are needed: the two policies choose too differently"
        )
        return Refusal("effective_sample_size", said, support)
    if support.unsupported > MOST_UNSUPPORTED:
        said = (
            f"{100 * support.unsupported:.0f} % of what the other policy would choose was hardly ever chosen, and at "
            f"most {100 * MOST_UNSUPPORTED:.0f} % may be"
        )
        return Refusal("unsupported", said, support)
    if support.mean_weight > MOST_MEAN_WEIGHT and support.mean_weight - 1.0 > 4.0 * _spread(logged):
        said = (
            f"weights have a mean of {support.mean_weight:.2f} and not of 1: logged probabilities are not the real ones"
        )
        return Refusal("mean_weight", said, support)
    if support.heaviest > HEAVIEST:
        said = (
            f"one decision has {100 * support.heaviest:.0f} % of all weight, and at most {100 * HEAVIEST:.0f} % may be"
        )
        return Refusal("max_weight", said, support)
    if rewarded < FEWEST_REWARDS:
        said = f"{rewarded} decisions have a reward and a weight, and at least {FEWEST_REWARDS} are needed"
        return Refusal("rewards", said, support)
    return None


def _spread(logged: Logged) -> float:
    """The standard error of the mean weight."""
    raw = logged.target / logged.behaviour
    whole = logged.by_decision(raw)
    return float(whole.std()) / math.sqrt(len(whole)) * len(whole) / len(raw)


def _mean(values: Vector) -> Estimate:
    mean = float(values.mean())
    reach = _NORMAL_95 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate(mean, mean - reach, mean + reach)
