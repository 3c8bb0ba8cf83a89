"""What a decision would have given if it had ranked otherwise, worked out from its record, beside what it gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from shared.domain.arbitration import scoring
from shared.domain.candidates import known, means
from shared.domain.catalogue import RanksBy
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.experiments import Way
from shared.domain.policy.policy import Policy
from shared.domain.policy.situation import Variables
from shared.domain.ranking import unpacked
from shared.domain.replay import answer
from shared.domain.scoring import best_first
from shared.domain.selected import value_of
from shared.domain.selection import share, stood


class Instead(NamedTuple):
    """What a decision would have given first if it had ranked otherwise.

    Attributes:
        treatment: None where it would have given nothing.
        propensity: what the models expected of it, without drawing; 0 of nothing.
        propensity_of_given: likewise of what was given.
        value_of_given: V of that, in pounds.
    """

    treatment: str | None
    propensity: float
    propensity_of_given: float
    value_of_given: float


def instead(policy: Policy, record: DecisionRecord, ranks_by: RanksBy) -> Instead:
    """What a decision would have given first by another way of ranking, and by the models' means where P was drawn.

    Args:
        policy: the revision that the record names.
        record: the decision, which gave something.
        ranks_by: the other way.
    """
    expected_of = means(policy, record) or known(policy, record)
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    chosen = otherwise(policy, record, ranks_by, expected_of, situation)
    given = record.chosen[0].treatment
    first = chosen[0].treatment if chosen else None
    return Instead(
        treatment=first,
        propensity=expected_of.get(first, 0.0) if first else 0.0,
        propensity_of_given=expected_of.get(given, 0.0),
        value_of_given=value_of(policy, policy.row(given), situation),
    )


def otherwise(
    policy: Policy,
    record: DecisionRecord,
    ranks_by: RanksBy,
    expected_of: Mapping[str, float],
    situation: Variables,
) -> tuple[Chosen, ...]:
    """What another way of ranking would have chosen, by what the models expected of each candidate."""
    candidates = unpacked(record.candidate_rows)
    scored = scoring(policy, candidates, [*expected_of.values()], situation, record.models, way=Way(ranks_by))
    usual = msgspec.structs.replace(record, arms=())
    return answer(policy, usual, best_first(policy, scored)).chosen


class InPlace(NamedTuple):
    """What stood in a place of a decision for several, and what would have stood there if it had ranked otherwise.

    Attributes:
        given: the delivery of what stood there; None where nothing did.
        probability: how probable it was that the same would.
        same: whether the other way would have put the same there.
        expected, expected_instead: what the models expected of either, without drawing; 0 of nothing.
        value: V of what stood there, in pounds.
    """

    given: str | None
    probability: float
    same: bool
    expected: float
    expected_instead: float
    value: float


def in_places(policy: Policy, record: DecisionRecord, ranks_by: RanksBy) -> tuple[InPlace, ...]:
    """Place by place, what a decision gave and what it would have given by another way of ranking.

    How probable it was that the same stands in a place is a `share` of choices.

    Args:
        policy: the revision that the record names.
        record: the decision, which gave something and of which something was left to chance.
        ranks_by: the other way.
    """
    expected_of = means(policy, record) or known(policy, record)
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    given = {(each.placement, each.rank): each for each in record.chosen}
    other = {
        (each.placement, each.rank): each.treatment
        for each in otherwise(policy, record, ranks_by, expected_of, situation)
    }
    again = stood(policy, record)
    return tuple(
        InPlace(
            given=given[place].delivery_id if place in given else None,
            probability=share(again[place, given[place].treatment]) if place in given else 1.0,
            same=place in given and other.get(place) == given[place].treatment,
            expected=expected_of.get(given[place].treatment, 0.0) if place in given else 0.0,
            expected_instead=expected_of.get(other.get(place, ""), 0.0),
            value=value_of(policy, policy.row(given[place].treatment), situation) if place in given else 0.0,
        )
        for place in dict.fromkeys([*given, *other])
    )
