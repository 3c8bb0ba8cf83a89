"""Arbitration: ranks what may be by priority = P^wP · C^wC · V^wV · L^wL (`domain.md` 5). It ranks; it does not
choose.

All candidates are reckoned with at once, as columns. Products of doubles are the same on every machine; a power is
taken one by one, by the language's own function, and only where an exponent is not 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.domain.columns import Column, Columns, Positions, bits, columns_of, listed, places_by, positions_of, power
from shared.domain.experiments import AS_USUAL, Way
from shared.domain.one_by_one import MOST, FewRanked
from shared.domain.policy.factors import MAX_CONTEXT_WEIGHT, MAX_VALUE, Propensities, Told
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import EVERY, Rows, each_of
from shared.domain.policy.situation import Variables
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.ranking import EVIDENCE_STEPS, LEAST_EVIDENCE, PARTS, Ranking, packed
from shared.domain.scoring import Scoring
from shared.domain.signal import Signal, decision_id


def rank(
    policy: Policy,
    candidates: Rows,
    profile: Profile,
    signal: Signal,
    counts: Mapping[str, Counts],
    now: datetime,
    *,
    arms: Sequence[str] = (),
    told: Told | None = None,
    among: Rows = EVERY,
) -> Ranking:
    """The candidates, best first: mandatory ones above all others, then by priority, ties by action id and treatment
    id.

    Args:
        policy: the compiled revision.
        candidates: the rows that engagement policy let through.
        profile: the person.
        signal: what happened.
        counts: the models' evidence by model id; a missing one has none.
        now: the decision's time, UTC.
        arms: of experiments that the person is in.
        told: P of some as estimators from outside say it, in the models' place; None where nobody does.
        among: rows of which the candidates are some, and which are asked about again and again, as those of a placement
            are; what does not depend on the person is kept at hand for them.
    """
    few = 0 < candidates.bit_count() <= MOST
    rows = list(each_of(candidates)) if few else []
    positions = np.array(rows, np.intp) if few else positions_of(candidates, len(policy.rows))
    situation = policy.situation(profile, signal, now)
    decision = decision_id(signal.source, signal.id) if policy.factors.explores else ""
    known = policy.factors.propensities(counts, situation, decision, positions, told, among)
    way = policy.experiments.way(arms) if arms else AS_USUAL
    # what is reckoned with is what the record keeps: whole parts, and neither 0 nor 1
    if few and way.ranks_by == "priority":
        ranked = FewRanked(policy, candidates, rows, known.p.tolist(), situation, way)
        ranking = _ranking(candidates, ranked.unlevered, known, **ranked.packed())
        return ranking if told is None else _served(ranking, known, told)
    parts = _parts(known.p)
    if way.ranks_by == "chance":
        decision = decision_id(signal.source, signal.id)
    columns = columns_of(policy)
    scores = _Scores(columns, candidates, positions, parts / PARTS, situation, way=way, decision=decision)
    ranking = scores.ranking(known, parts)
    return ranking if told is None else _served(ranking, known, told)


def _parts(p: Column) -> Column:
    """P in parts of `PARTS`: whole ones, and neither none nor all."""
    parts = p * PARTS
    np.rint(parts, out=parts)
    np.maximum(parts, 1.0, out=parts)
    return np.minimum(parts, PARTS - 1.0, out=parts)


def _served(ranking: Ranking, known: Propensities, told: Told) -> Ranking:
    """A ranking with who else said P and what the models said instead."""
    instead = b"" if known.instead is None else _parts(known.instead).astype("<u4").tobytes()
    return msgspec.structs.replace(ranking, said_by=told.by, instead=instead)


def scoring(
    policy: Policy,
    rows: Rows,
    known: Sequence[float],
    situation: Variables,
    models: str,
    *,
    way: Way = AS_USUAL,
    decision: str = "",
) -> Scoring:
    """The same with every factor, for rows whose propensities are known, by ascending row: so a record is ranked again
    without the models that were.
    """
    return _scores(policy, rows, known, situation, way, decision).scoring(models)


def reranking(
    policy: Policy,
    rows: Rows,
    known: Sequence[float],
    situation: Variables,
    models: str,
    *,
    way: Way = AS_USUAL,
    decision: str = "",
) -> Ranking:
    """The ranking of rows whose propensities are known, by ascending row."""
    parts = np.rint(np.array(known, dtype=np.float64) * PARTS)
    return _scores(policy, rows, known, situation, way, decision).ranking(Propensities(parts, models), parts)


def _scores(
    policy: Policy, rows: Rows, known: Sequence[float], situation: Variables, way: Way, decision: str
) -> _Scores:
    columns = columns_of(policy)
    positions, propensities = positions_of(rows, columns.size), np.array(known, dtype=np.float64)
    return _Scores(columns, rows, positions, propensities, situation, way=way, decision=decision)


class _Scores:
    """Some rows, ascending, with the factors of their priorities, and the order these give."""

    def __init__(
        self,
        columns: Columns,
        rows: Rows,
        positions: Positions,
        propensities: Column,
        situation: Variables,
        *,
        way: Way = AS_USUAL,
        decision: str = "",
    ) -> None:
        self._columns = columns
        self._rows = rows
        self._positions = positions
        self._propensities = propensities
        levers = columns.levers if way.levers is None else np.array(way.levers)
        self._levers = levers.take(positions)
        self._mandatory = columns.policy.factors.mandatory & rows
        w = columns.policy.revision.catalogue.weights
        self._values = self._valued(situation)
        self._contexts = self._weighted(situation)
        bare = power(columns.effects(propensities, positions), w.propensity)
        if self._contexts is not None:
            bare = bare * power(self._contexts, w.context)
        self._bare = bare * power(self._values, w.value)
        self._priorities = self._bare * power(self._levers, w.lever)
        if way.ranks_by != "priority":
            self._rank_otherwise(way, decision)
        self._order = self._mandatory_first(places_by(self._priorities))

    def _rank_otherwise(self, way: Way, decision: str) -> None:
        """Order by what an arm orders by."""
        if way.ranks_by == "chance":
            from shared.domain.exploration import chances  # noqa: PLC0415 - few are in this arm

            self._priorities = chances(decision, self._columns.ids[self._positions].tolist())
        elif way.ranks_by == "no_levers":
            self._levers = np.ones(len(self._positions))
            self._priorities = self._bare
        else:
            self._priorities = self._propensities

    def ranking(self, known: Propensities, parts: Column) -> Ranking:
        """What is handed over; `parts` are the propensities in parts of `PARTS`."""
        return _ranking(
            self._rows,
            self._unlevered(),
            known,
            propensity_parts=parts.astype("<u4").tobytes(),
            order=self._positions.take(self._order).astype("<u4").tobytes(),
            priorities=self._priorities.take(self._order).tobytes(),
        )

    def scoring(self, models: str) -> Scoring:
        """What is told."""
        order = self._order
        return Scoring(
            treatments=tuple(self._ids(order)),
            priorities=listed(self._priorities, order),
            propensities=listed(self._propensities, order),
            contexts=(1.0,) * len(order) if self._contexts is None else listed(self._contexts, order),
            values=listed(self._values, order),
            levers=listed(self._levers, order),
            unlevered=self._unlevered(),
            models=models,
        )

    def _ids(self, order: Positions) -> list[str]:
        found: list[str] = self._columns.ids[self._positions[order]].tolist()
        return found

    def _unlevered(self) -> str | None:
        """The first if every lever were 1."""
        bare = self._bare
        if self._mandatory:
            bare = np.where(self._among(self._mandatory), bare, -1.0)
        # of several that are worth the most, the first row
        return str(self._columns.ids[self._positions[bare.argmax()]]) if len(bare) else None

    def _mandatory_first(self, order: Positions) -> Positions:
        if not self._mandatory:
            return order
        is_mandatory = self._among(self._mandatory)[order]
        return np.concatenate((order[is_mandatory], order[~is_mandatory]))

    def _valued(self, situation: Variables) -> Column:
        """V of each row; a value that cannot be computed is worth nothing."""
        columns = self._columns
        values: Column = columns.values.take(self._positions)
        for text, concerned, flags in columns.computed:
            if concerned & self._rows:
                among = flags[self._positions]
                value = columns.policy.number(text, situation) or 0.0
                if not abs(value) < math.inf:
                    values[among] = 0.0
                    continue
                worth = value - columns.prices[self._positions[among]]
                # a zero added makes a negative zero none
                values[among] = np.minimum(np.maximum(worth, 0.0), MAX_VALUE) + 0.0
        return values

    def _weighted(self, situation: Variables) -> Column | None:
        """C of each row: the product of the weights whose condition holds and in whose scope it lies; None where it is
        1 of every row.
        """
        weights = self._columns.policy.context_weights(situation)
        if not weights:
            return None
        contexts = np.ones(len(self._positions))
        for weight, concerned in weights:
            if concerned & self._rows:
                contexts[self._among(concerned)] *= weight
        return np.minimum(contexts, MAX_CONTEXT_WEIGHT)

    def _among(self, some: Rows) -> NDArray[np.bool_]:
        """Which of the rows are among these."""
        among: NDArray[np.bool_] = bits(some, self._columns.size)[self._positions]
        return among


def _ranking(candidates: Rows, unlevered: str | None, known: Propensities, **columns: bytes) -> Ranking:
    """What is handed over, with what is known of P."""
    return Ranking(
        candidate_rows=packed(candidates),
        unlevered=unlevered,
        models=known.models,
        bins=known.bins,
        means=_halves(known.means),
        evidence=_steps(known.evidence),
        scores=known.scores,
        shadows=known.shadows,
        **columns,  # type: ignore[arg-type]  # none of them is said_by
    )


def _halves(means: Column | None) -> bytes:
    """In half precision; nothing where nothing is drawn."""
    return b"" if means is None else means.astype("<f2").tobytes()


def _steps(evidence: Column | None) -> bytes:
    """Evidence as it is packed; nothing where nothing is drawn."""
    if evidence is None:
        return b""
    steps: bytes = np.rint(np.log2(evidence / LEAST_EVIDENCE) * EVIDENCE_STEPS).clip(0, 255).astype("u1").tobytes()
    return steps
