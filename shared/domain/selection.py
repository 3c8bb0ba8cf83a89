"""How probable it was that a decision gave a person what it gave first: selection probabilities, worked out again from
its record (`docs/adr/0040`).

They are of the whole decision: after engagement policy, and after everything by which contact policy and slots stop any
treatment; and they are of the person's arms, whose own probabilities are their shares. What is not drawn has a
probability of 1, and chance gives each of the n that are left 1 / n: the decision itself says both. Where P is drawn,
the probability that the chosen treatment's priority is above all others is worked out from as many draws of each,
by the same generator that the decision drew by, under names that no decision has: the share of all pairs, of a draw of
the chosen with a draw of the best of the others, which the chosen wins. So it is the same whenever and wherever it is
worked out. Of a request for several treatments the whole choice is made again for each draw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from shared.domain.arbitration import scoring
from shared.domain.candidates import known
from shared.domain.classifier import Vector
from shared.domain.columns import Positions
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.exploration import chances, draw_each, streams
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import each_of
from shared.domain.ranking import evidence_of, halves_of, unpacked
from shared.domain.replay import answer
from shared.domain.scoring import Scoring, best_first, scored_by
from shared.domain.selected import by_chance, is_single, open_to

DRAWS = 2048
"""Draws of each candidate, where one treatment is given: the probability is good to about 0.01, and small ones to a
tenth of themselves down to 0.005.
"""

CHOICES = 256
"""Choices made again, where several are: good to about 0.03."""

_HORIZON = 8.0
"""Standard deviations beyond which a candidate is taken never to be drawn."""

How = Literal["exact", "drawn"]


class Probability(NamedTuple):
    """How probable a choice was, and whether that is exact."""

    value: float
    how: How


def probability(policy: Policy, record: DecisionRecord) -> Probability | None:
    """How probable it was that the treatment that a decision gave first was; None where it gave none, one that the
    ranking on its record has not, because it was chosen by another, or where the record is from before it said how much
    evidence P was drawn by.

    Args:
        policy: the revision that the record names.
        record: the decision.
    """
    if not record.chosen or not record.candidate_rows:
        return None
    row = policy.row(record.chosen[0].treatment)
    if not unpacked(record.candidate_rows) >> row & 1:
        return None
    way = policy.experiments.way(record.arms)
    if way.ranks_by != "chance" and not record.evidence:
        return None if record.means else Probability(1.0, "exact")
    if not is_single(policy, record.slots):
        return _chosen_again(policy, record)
    if way.ranks_by == "chance":
        return Probability(by_chance(policy, record), "exact")
    return _drawn(policy, record, row)


def _drawn(policy: Policy, record: DecisionRecord, row: int) -> Probability:
    """Of one treatment, P of which is drawn."""
    left = list(each_of(open_to(policy, record)))
    if row not in left:
        return Probability(0.0, "exact")
    if len(left) == 1:
        return Probability(1.0, "exact")
    beliefs = _Beliefs(policy, record, left)
    mine = left.index(row)
    likely = beliefs.may_be_first(mine)
    drawn = beliefs.priorities(DRAWS, likely)
    others = np.delete(drawn, likely.tolist().index(mine), axis=1)
    if not others.shape[1]:
        return Probability(1.0, "drawn")
    best = np.sort(others.max(axis=1))
    won = np.searchsorted(best, drawn[:, likely.tolist().index(mine)], side="left")
    return Probability(float(won.mean()) / DRAWS, "drawn")


def _chosen_again(policy: Policy, record: DecisionRecord) -> Probability:
    """Of the first of several: the share of choices that begin with it."""
    first = record.chosen[0].treatment
    before = sum(bool(chosen) and chosen[0].treatment == first for chosen in _choices(policy, record))
    return Probability(before / CHOICES, "drawn")


def _choices(policy: Policy, record: DecisionRecord) -> Iterator[tuple[Chosen, ...]]:
    """What the decision would have chosen, drawn again and again."""
    rows = list(each_of(unpacked(record.candidate_rows)))
    beliefs = _Beliefs(policy, record, rows)
    places = {treatment: place for place, treatment in enumerate(policy.treatments(unpacked(record.candidate_rows)))}
    order = [places[treatment] for treatment in beliefs.scored.treatments]
    for priorities in beliefs.priorities(CHOICES, np.arange(len(rows))):
        again = scored_by(policy, beliefs.scored, priorities[order].tolist())
        yield answer(policy, record, best_first(policy, again)).chosen


class _Beliefs:
    """What the models knew of some candidates, and what else their priorities are made of.

    Attributes:
        scored: all candidates as they ranked.
    """

    def __init__(self, policy: Policy, record: DecisionRecord, rows: Sequence[int]) -> None:
        self._record, self._way = record, policy.experiments.way(record.arms)
        candidates = unpacked(record.candidate_rows)
        every = list(each_of(candidates))
        places = [every.index(row) for row in rows]
        situation = policy.situation(record.profile, record.signal, record.decided_at)
        by_row = [*known(policy, record).values()]
        self.scored: Scoring = scoring(
            policy, candidates, by_row, situation, record.models, way=self._way, decision=record.decision_id
        )
        self._ids = [policy.rows[row][1].id for row in rows]
        self._anyway: Vector | None = None
        if self._way.ranks_by == "chance":
            return
        self._means: Vector = np.array(halves_of(record.means), np.float64)[places]
        self._means = np.clip(self._means, 1e-7, 1.0 - 1e-7)
        self._evidence: Vector = np.array(evidence_of(record.evidence, len(every)), np.float64)[places]
        weights = policy.revision.catalogue.weights
        named = {each.treatment: each for each in self.scored}
        if self._way.ranks_by == "propensity":
            self._power, self._others = 1.0, np.ones(len(rows))
        else:
            self._power = weights.propensity
            anyway = policy.factors.anyway
            self._anyway = None if anyway is None else np.array([anyway[row] for row in rows])
            factors = [named[treatment] for treatment in self._ids]
            self._others = np.array(
                [f.context**weights.context * f.value**weights.value * f.lever**weights.lever for f in factors]
            )

    def may_be_first(self, mine: int) -> Positions:
        """The places of those that may be drawn above one of them, itself included."""
        spread = np.sqrt(self._means * (1.0 - self._means) / (self._evidence + 1.0))
        every = np.arange(len(spread))
        upper = np.minimum(self._means + _HORIZON * spread, 1.0)
        lower = np.maximum(self._means - _HORIZON * spread, 0.0)
        most, least = (self._counted(bound, every) ** self._power * self._others for bound in (upper, lower))
        keeps = most >= least.max()
        keeps[mine] = True
        return np.flatnonzero(keeps)

    def priorities(self, times: int, places: Positions) -> Vector:
        """Priorities of some candidates, drawn again and again: a row for each draw."""
        names = [f"{self._record.decision_id}#{number}" for number in range(times)]
        ids = [self._ids[place] for place in places]
        if self._way.ranks_by == "chance":
            return np.array([chances(name, ids) for name in names])
        starts, means, evidence = streams(ids), self._means[places], self._evidence[places]
        whose = np.repeat(np.arange(times), len(ids))
        drawn = draw_each(names, whose, np.tile(starts, times), np.tile(means, times), np.tile(evidence, times))
        drawn = drawn.reshape(times, len(ids))
        return np.asarray(self._counted(drawn, places) ** self._power * self._others[places])

    def _counted(self, propensities: Vector, places: Positions) -> Vector:
        """What counts of P: in the arm of propensity alone, all of it."""
        return propensities if self._anyway is None else np.maximum(propensities - self._anyway[places], 0.0)


def row_id(decision_id: str) -> str:
    """The id of the row of the history that tells of a decision's selection probability."""
    return f"{decision_id}:selection"


Place = tuple[str | None, int]
"""A place among the slots of a decision: a placement, None where none is asked for, and the rank there, from 1."""


def stood(policy: Policy, record: DecisionRecord) -> Counter[tuple[Place, str]]:
    """How often each treatment stands in each place in `CHOICES` that are made again.

    Args:
        policy: the revision that the record names.
        record: a decision of which something was left to chance.
    """
    return Counter(
        ((each.placement, each.rank), each.treatment) for chosen in _choices(policy, record) for each in chosen
    )


def share(again: int) -> float:
    """How probable something is that was chosen once, and so often in `CHOICES` made again: of the share of all of
    these the inverse, by which decisions are weighted, is right on the average, and never without end.
    """
    return (again + 1) / (CHOICES + 1)
