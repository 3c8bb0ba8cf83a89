"""What a change would have been worth, from decisions that were drawn or left to chance: off-policy, and no promise.

Of each logged decision it is worked out what the revision that made it would have given by the models' means, and what
the other revision would, place by place where it was for several. Where both give the same, the change does nothing.
Where they differ, what came of the choice that was made counts by how probable it was, corrected by what the models
expected (`measuring.off_policy`). So the difference rests on the decisions that change, and on their support alone:
what was hardly ever chosen there says nothing of a revision that would choose it always, and is refused.

What was read of contacts is what the rules of the revision that decided could count: of rules that look further back,
less is known than they would see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import chain
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from shared.domain.arbitration import scoring
from shared.domain.candidates import known, means, of_rows
from shared.domain.classifier import Vector
from shared.domain.contact_read import ContactRead
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.engagement import Slots, qualify
from shared.domain.errors import NotFoundError
from shared.domain.instead import otherwise
from shared.domain.measuring.off_policy import Logged, Refusal, Support, evaluate
from shared.domain.measuring.sequences import Interval, half_width
from shared.domain.policy.policy import Policy
from shared.domain.replay import answer
from shared.domain.scoring import best_first
from shared.domain.selected import is_single, value_of
from shared.domain.selection import CHOICES, Place, probability, share, stood

CLIP = 50.0
"""The most that a decision's weight may be."""


Measure = Literal["acceptances", "pounds"]
MEASURES: tuple[Measure, ...] = ("acceptances", "pounds")


class Choice(NamedTuple):
    """What a decision would have given first, P that the models expect of it, and pounds of an acceptance."""

    treatment: str | None
    propensity: float
    value: float


class Compared(NamedTuple):
    """What a logged decision gave in a place, and what both revisions would have given there; the only place where it
    was for one treatment.

    Attributes:
        accepted: whether what was given was accepted.
        given, was, is_now: what was given; what the revision that decided would give by its models' means; what the
            other would.
        behaviour: how probable it was that what was given was chosen; 1 where both revisions choose the same, since it
            counts for nothing then.
    """

    accepted: bool
    given: Choice
    was: Choice
    is_now: Choice
    behaviour: float

    @property
    def changes(self) -> bool:
        """Whether the other revision gives something else."""
        return self.was.treatment != self.is_now.treatment


class Worth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a change would have come to, of one decision.

    Attributes:
        now: what came of the decisions as they were made, on average.
        difference: how much more the change would have come to, with the bounds of its confidence sequence; None where
            nothing can be said.
        refused: why not.
    """

    measure: Measure
    now: float
    difference: Interval | None = None
    refused: str = ""


def compared(
    before: Policy, after: Policy, record: DecisionRecord, accepted: Container[str]
) -> tuple[Compared, ...] | None:
    """What was given, what the revision that decided would give by its models' means, and what another would, place by
    place; None where it cannot be said how probable what was given was.

    Args:
        before: the revision that the record names.
        after: the other.
        record: a decision that gave something and of which something was left to chance.
        accepted: ids of what was accepted: of deliveries, and of decisions for one treatment.

    Raises:
        NotFoundError: the other revision has not what was asked for: the channel or a placement.
    """
    expected = means(before, record) or known(before, record)
    others, expected_of_others = _others(after, record, expected)
    situation = before.situation(record.profile, record.signal, record.decided_at)
    usual = otherwise(before, record, "priority", expected, situation)
    if is_single(before, record.slots):
        chosen = [{_ONLY: each[0].treatment} if each else {} for each in (record.chosen, usual, others)]
        are_accepted = {_ONLY} if record.decision_id in accepted else set()
    else:
        chosen = [{_place(one): one.treatment for one in each} for each in (record.chosen, usual, others)]
        are_accepted = {_place(one) for one in record.chosen if one.delivery_id in accepted}
    given, was, is_now = chosen
    places = dict.fromkeys([*given, *was, *is_now])
    differ = [place for place in places if was.get(place) != is_now.get(place)]
    behaviour = _behaviour(before, record, given, differ)
    if not all(behaviour.values()):
        return None
    return tuple(
        Compared(
            place in are_accepted,
            _choice(before, given.get(place), expected, record, before),
            _choice(before, was.get(place), expected, record, before),
            _choice(before, is_now.get(place), expected_of_others, record, after),
            behaviour.get(place, 1.0),
        )
        for place in places
    )


_ONLY: Place = None, 1
"""The place of a decision for one treatment."""


def _place(chosen: Chosen) -> Place:
    return chosen.placement, chosen.rank


def _behaviour(
    policy: Policy, record: DecisionRecord, given: Mapping[Place, str], differ: Sequence[Place]
) -> dict[Place, float]:
    """How probable it was that what was given in some places was, or that they were left empty; 0 of what cannot be
    said.
    """
    if not differ:
        return {}
    if is_single(policy, record.slots):
        logged = probability(policy, record)
        return {_ONLY: logged.value if logged else 0.0}
    again, filled = stood(policy, record), Counter[Place]()
    for (place, _), times in again.items():
        filled[place] += times
    return {place: share(again[place, given[place]] if place in given else CHOICES - filled[place]) for place in differ}


def _choice(
    before: Policy, treatment: str | None, expected: Mapping[str, float], record: DecisionRecord, by: Policy
) -> Choice:
    """A choice at the value that is live, so that a change is worth no more for saying so; a new one at its own."""
    if treatment is None:
        return Choice(None, 0.0, 0.0)
    policy = before if treatment in before.revision.treatments else by
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    return Choice(treatment, expected.get(treatment, 0.0), value_of(policy, policy.row(treatment), situation))


def _others(
    after: Policy, record: DecisionRecord, expected: dict[str, float]
) -> tuple[tuple[Chosen, ...], Mapping[str, float]]:
    """What another revision would have given, and P of each of its candidates; a treatment that the record has not
    stands as a new model does.
    """
    slots = _slots(after, record.slots)
    rows = qualify(after, record.profile, record.signal, slots, record.decided_at).rows
    if not rows:
        return (), {}
    propensities = of_rows(after, rows, expected)
    situation = after.situation(record.profile, record.signal, record.decided_at)
    scored = scoring(after, rows, propensities, situation, record.models)
    read = msgspec.structs.replace(record.read or ContactRead(), stands=None)
    usual = msgspec.structs.replace(record, revision=after.revision.id, slots=slots, arms=(), read=read)
    chosen = answer(after, usual, best_first(after, scored)).chosen
    return chosen, dict(zip(after.treatments(rows), propensities, strict=True))


def _slots(after: Policy, slots: Slots) -> Slots:
    """The same slots by another revision: outbound, whichever channels that has.

    Raises:
        NotFoundError: an inbound channel or a placement is gone.
    """
    missing = {*slots.channels} - {*after.revision.channels} | {*slots.placements} - {*after.revision.placements}
    if not missing:
        return slots
    if slots.placements or not {*slots.channels} & {*after.revision.outbound}:
        raise NotFoundError(f"revision {after.revision.id} has no {', '.join(sorted(missing))}")
    return msgspec.structs.replace(slots, channels=after.revision.outbound)


def worth(cases: Sequence[Sequence[Compared]]) -> tuple[tuple[Worth, ...], Support | None]:
    """What a change would have come to, in acceptances and in pounds, and how far the decisions that change carry it;
    None where none does.

    Args:
        cases: decisions, each with its places.
    """
    if not cases:
        return (), None
    if not any(place.changes for case in cases for place in case):
        return tuple(_nothing(measure, cases) for measure in MEASURES), None
    estimates, support = [], None
    for measure in MEASURES:
        found, support = _worth(measure, cases)
        estimates.append(found)
    return tuple(estimates), support


def _rewards(measure: Measure, places: Iterable[Compared]) -> Vector:
    pounds = measure == "pounds"
    return np.array([(each.given.value if pounds else 1.0) if each.accepted else 0.0 for each in places])


def _nothing(measure: Measure, cases: Sequence[Sequence[Compared]]) -> Worth:
    """The choice would be another of no decision."""
    now = float(_rewards(measure, chain.from_iterable(cases)).sum()) / len(cases)
    return Worth(measure=measure, now=now, difference=Interval(0.0, 0.0, 0.0))


def _worth(measure: Measure, cases: Sequence[Sequence[Compared]]) -> tuple[Worth, Support]:
    """What comes of a decision is the sum of its places, as if what comes of a treatment depended on its place, and not
    on what stands beside it; decisions are the cases.
    """
    pounds = measure == "pounds"
    places = [place for case in cases for place in case]
    whose = np.repeat(np.arange(len(cases)), [len(case) for case in cases])
    rewards = _rewards(measure, places)
    now = float(rewards.sum()) / len(cases)
    given, was, is_now = (
        np.array([choice.propensity * (choice.value if pounds else 1.0) for choice in each])
        for each in zip(*((place.given, place.was, place.is_now) for place in places), strict=True)
    )
    changing = np.array([place.changes for place in places])
    behaviour = np.array([place.behaviour for place in places])
    then = np.array([place.is_now.treatment == place.given.treatment for place in places], np.float64)
    before = np.array([place.was.treatment == place.given.treatment for place in places], np.float64)
    those, of = np.unique(whose[changing], return_inverse=True)
    logged = Logged(rewards[changing], behaviour[changing], then[changing], given[changing], is_now[changing], of)
    found = evaluate(logged, CLIP)
    if isinstance(found, Refusal):
        share_of_them = f"of {len(those):,} of {len(cases):,} decisions that would change, "
        return Worth(measure=measure, now=now, refused=share_of_them + found.said), found.support
    weights = np.minimum(then / behaviour, CLIP) - np.minimum(before / behaviour, CLIP)
    each = np.bincount(whose, np.where(changing, weights * (rewards - given) + is_now - was, 0.0))
    variance = float(each.var(ddof=1))
    mean, reach = float(each.mean()), half_width(variance / len(each), variance)
    return Worth(measure=measure, now=now, difference=Interval(mean, mean - reach, mean + reach)), found.support
