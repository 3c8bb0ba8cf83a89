"""Arbitration: ranks what may be by priority = P^wP · C^wC · V^wV · L^wL (`domain.md` 5). It ranks; it does not
choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.domain.policy.factors import worth
from shared.domain.policy.policy import Policy
from shared.domain.policy.situation import Variables
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.signal import Signal

MAX_CONTEXT_WEIGHT = 10.0


class Ranked(msgspec.Struct, frozen=True):
    """One candidate with its priority and the factors it came from.

    Attributes:
        propensity: P, probability of acceptance.
        context: C, 1 where no context weight matches.
        value: V, pounds of an acceptance less the price of the contact, from 0 to `MAX_VALUE`.
        lever: L, the business weight.
    """

    treatment: str
    priority: float
    propensity: float
    context: float
    value: float
    lever: float


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates, best first: position n of each list is about the same one.

    Attributes:
        treatments: their ids.
        priorities: what they are ranked by, mandatory ones above all others.
        propensities, contexts, values, levers: the factors P, C, V and L.
        unlevered: the treatment that would be first if every lever were 1, None of no candidates: what levers cost.
        models: the version of the models that said P.
    """

    treatments: tuple[str, ...]
    priorities: tuple[float, ...]
    propensities: tuple[float, ...]
    contexts: tuple[float, ...]
    values: tuple[float, ...]
    levers: tuple[float, ...]
    unlevered: str | None
    models: str = ""

    def __len__(self) -> int:
        return len(self.treatments)

    def __iter__(self) -> Iterator[Ranked]:
        for entry in zip(
            self.treatments,
            self.priorities,
            self.propensities,
            self.contexts,
            self.values,
            self.levers,
            strict=True,
        ):
            yield Ranked(*entry)


def rank(
    policy: Policy,
    candidates: Sequence[str],
    profile: Profile,
    signal: Signal,
    counts: Mapping[str, Counts],
    now: datetime,
) -> Ranking:
    """The candidates, best first: mandatory ones above all others, then by priority, ties by action id and treatment
    id.

    Args:
        policy: the compiled revision.
        candidates: ids of the treatments that engagement policy let through.
        profile: the person.
        signal: what happened.
        counts: the models' evidence by model id; a missing one has none.
        now: the decision's time, UTC.
    """
    every, models = policy.factors.propensities(counts)
    rows = policy.rows_of(candidates)
    return ranking(policy, rows, [every[row] for row in rows], policy.situation(profile, signal, now), models)


def ranking(
    policy: Policy, rows: Sequence[int], propensities: Sequence[float], situation: Variables, models: str
) -> Ranking:
    """The same for ascending rows and their propensities: so a record is ranked again without the models that were."""
    values = _values(policy, rows, situation)
    contexts = _contexts(policy, rows, situation)
    levers = [policy.factors.levers[row] for row in rows]
    w = policy.revision.catalogue.weights
    bare = [p**w.propensity * c**w.context * v**w.value for p, c, v in zip(propensities, contexts, values, strict=True)]
    priorities = [b * lever**w.lever for b, lever in zip(bare, levers, strict=True)]
    # Rows are in the order of ties, and sorting is stable.
    order = sorted(range(len(rows)), key=priorities.__getitem__, reverse=True)
    mandatory = policy.factors.mandatory
    if mandatory:
        order.sort(key=lambda position: not mandatory >> rows[position] & 1)
    treatments = [policy.rows[row][1].id for row in rows]
    return Ranking(
        treatments=tuple([treatments[position] for position in order]),
        priorities=tuple([priorities[position] for position in order]),
        propensities=tuple([propensities[position] for position in order]),
        contexts=tuple([contexts[position] for position in order]),
        values=tuple([values[position] for position in order]),
        levers=tuple([levers[position] for position in order]),
        unlevered=treatments[_first(bare, rows, mandatory)] if rows else None,
        models=models,
    )


def ranked_by(policy: Policy, ranked: Ranking, priorities: Sequence[float]) -> Ranking:
    """The same candidates by other priorities, given in the order of the ranking; the factors stay as they are."""
    rows = policy.slotting.numbers(ranked.treatments)
    mandatory = policy.factors.mandatory
    order = sorted(range(len(rows)), key=lambda n: (not mandatory >> rows[n] & 1, -priorities[n], rows[n]))
    return Ranking(
        treatments=tuple([ranked.treatments[n] for n in order]),
        priorities=tuple([priorities[n] for n in order]),
        propensities=tuple([ranked.propensities[n] for n in order]),
        contexts=tuple([ranked.contexts[n] for n in order]),
        values=tuple([ranked.values[n] for n in order]),
        levers=tuple([ranked.levers[n] for n in order]),
        unlevered=ranked.unlevered,
        models=ranked.models,
    )


def without_levers(policy: Policy, ranked: Ranking) -> Ranking:
    """The same candidates as they would rank with every lever at 1."""
    w = policy.revision.catalogue.weights
    bare = [
        p**w.propensity * c**w.context * v**w.value
        for p, c, v in zip(ranked.propensities, ranked.contexts, ranked.values, strict=True)
    ]
    again = ranked_by(policy, ranked, bare)
    return msgspec.structs.replace(again, levers=(1.0,) * len(again))


def _values(policy: Policy, rows: Sequence[int], situation: Variables) -> list[float]:
    """V of each row; a value that cannot be computed is worth nothing."""
    factors = policy.factors
    found: list[float] = []
    computed: dict[str, float] = {}
    for row in rows:
        value = factors.values[row]
        if value is None:
            text = str(policy.rows[row][0].value)
            if text not in computed:
                computed[text] = policy.number(text, situation) or 0.0
            value = worth(computed[text], factors.prices[row])
        found.append(value)
    return found


def _contexts(policy: Policy, rows: Sequence[int], situation: Variables) -> list[float]:
    """C of each row: the product of the weights whose condition holds and in whose scope it lies."""
    contexts = [1.0] * len(rows)
    for weight, concerned in policy.context_weights(situation):
        contexts = [c * weight if concerned >> row & 1 else c for c, row in zip(contexts, rows, strict=True)]
    return [min(c, MAX_CONTEXT_WEIGHT) for c in contexts]


def _first(priorities: Sequence[float], rows: Sequence[int], mandatory: int) -> int:
    """The position of the first of a ranking by these priorities."""
    return max(range(len(rows)), key=lambda n: (mandatory >> rows[n] & 1, priorities[n], -n))
