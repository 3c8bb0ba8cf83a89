"""Scoring: candidates, best first, with every factor that they ranked by; and the same candidates by other priorities.

It is made of a record, for whoever asks why. What a decision itself hands over is a `Ranking`, which is packed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from shared.domain.columns import columns_of
from shared.domain.offered import BestFirst
from shared.domain.policy.policy import Policy


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


class Scoring(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates, best first, each with its factors: position n of each list is about the same one.

    Attributes:
        treatments: their ids.
        priorities: what they are ranked by, mandatory ones above all others.
        propensities, contexts, values, levers: the factors P, C, V and L.
        unlevered: the treatment that would be first if every lever were 1, None of no candidates.
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


def best_first(policy: Policy, scored: Scoring) -> BestFirst:
    """What slots are filled from."""
    return BestFirst(policy.slotting.numbers(scored.treatments), scored.priorities)


def scored_by(policy: Policy, scored: Scoring, priorities: Sequence[float]) -> Scoring:
    """The same candidates by other priorities, given in the order of the scoring; the factors stay as they are."""
    rows = policy.slotting.numbers(scored.treatments)
    mandatory = policy.factors.mandatory
    order = sorted(range(len(rows)), key=lambda n: (not mandatory >> rows[n] & 1, -priorities[n], rows[n]))
    return Scoring(
        treatments=tuple([scored.treatments[n] for n in order]),
        priorities=tuple([priorities[n] for n in order]),
        propensities=tuple([scored.propensities[n] for n in order]),
        contexts=tuple([scored.contexts[n] for n in order]),
        values=tuple([scored.values[n] for n in order]),
        levers=tuple([scored.levers[n] for n in order]),
        unlevered=scored.unlevered,
        models=scored.models,
    )


def without_levers(policy: Policy, scored: Scoring) -> Scoring:
    """The same candidates as they would rank with every lever at 1."""
    w = policy.revision.catalogue.weights
    rows = np.array(policy.slotting.numbers(scored.treatments), dtype=np.intp)
    effects = columns_of(policy).effects(np.array(scored.propensities), rows).tolist()
    bare = [
        p**w.propensity * c**w.context * v**w.value
        for p, c, v in zip(effects, scored.contexts, scored.values, strict=True)
    ]
    again = scored_by(policy, scored, bare)
    return msgspec.structs.replace(again, levers=(1.0,) * len(again))
