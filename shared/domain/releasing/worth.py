"""What a change would have been worth, from decisions that were drawn or left to chance: off-policy, and no promise.

Of each logged decision it is worked out what the revision that made it would have given by the models' means, and what
the other revision would. Where both give the same, the change does nothing. Where they differ, what came of the choice
that was made counts by how probable it was, corrected by what the models expected (`measuring.off_policy`). So the
difference rests on the decisions that change, and on their support alone: what was hardly ever chosen there says
nothing of a revision that would choose it always, and is refused.

What was read of contacts is what the rules of the revision that decided could count: of rules that look further back,
less is known than they would see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from shared.domain.arbitration import scoring
from shared.domain.batch.packed import Flags
from shared.domain.candidates import known, means, of_rows
from shared.domain.classifier import Vector
from shared.domain.contact_read import ContactRead
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots, qualify
from shared.domain.errors import NotFoundError
from shared.domain.measuring.off_policy import Logged, Refusal, Support, evaluate
from shared.domain.measuring.sequences import Interval, half_width
from shared.domain.policy.policy import Policy
from shared.domain.replay import answer
from shared.domain.scoring import best_first
from shared.domain.selected import value_of
from shared.domain.selection import instead

CLIP = 50.0
"""The most that a decision's weight may be."""


Measure = Literal["acceptances", "pounds"]
MEASURES: tuple[Measure, ...] = ("acceptances", "pounds")


class Choice(NamedTuple):
    """What a decision would have given first, P that the models expect of it, and pounds of an acceptance."""

    treatment: str | None
    propensity: float
    value: float


class Case(NamedTuple):
    """A logged decision, and what both revisions would have given.

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


def choices(before: Policy, after: Policy, record: DecisionRecord) -> tuple[Choice, Choice, Choice]:
    """What was given, what the revision that decided would give by its models' means, and what another would.

    Args:
        before: the revision that the record names.
        after: the other.
        record: a decision that gave something.

    Raises:
        NotFoundError: the other revision has not what was asked for: the channel or a placement.
    """
    usual = instead(before, record, "priority")
    expected = means(before, record) or known(before, record)
    given = record.chosen[0].treatment
    was = _choice(before, usual.treatment, expected, record, before)
    first, propensity = _first(after, record, expected)
    other = _choice(before, first, {first: propensity} if first else {}, record, after)
    return Choice(given, usual.propensity_of_given, usual.value_of_given), was, other


def _choice(
    before: Policy, treatment: str | None, expected: dict[str, float], record: DecisionRecord, by: Policy
) -> Choice:
    """A choice at the value that is live, so that a change is worth no more for saying so; a new one at its own."""
    if treatment is None:
        return Choice(None, 0.0, 0.0)
    policy = before if treatment in before.revision.treatments else by
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    return Choice(treatment, expected.get(treatment, 0.0), value_of(policy, policy.row(treatment), situation))


def _first(after: Policy, record: DecisionRecord, expected: dict[str, float]) -> tuple[str | None, float]:
    """What another revision would have given first, and P of that; a treatment that the record has not stands as a new
    model does.
    """
    slots = _slots(after, record.slots)
    rows = qualify(after, record.profile, record.signal, slots, record.decided_at).rows
    if not rows:
        return None, 0.0
    propensities = of_rows(after, rows, expected)
    situation = after.situation(record.profile, record.signal, record.decided_at)
    scored = scoring(after, rows, propensities, situation, record.models)
    read = msgspec.structs.replace(record.read or ContactRead(), stands=None)
    usual = msgspec.structs.replace(record, revision=after.revision.id, slots=slots, arms=(), read=read)
    chosen = answer(after, usual, best_first(after, scored)).chosen
    if not chosen:
        return None, 0.0
    first = chosen[0].treatment
    return first, dict(zip(after.treatments(rows), propensities, strict=True))[first]


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


def worth(cases: Sequence[Case]) -> tuple[tuple[Worth, ...], Support | None]:
    """What a change would have come to, in acceptances and in pounds, and how far the decisions that change carry it;
    None where none does.
    """
    if not cases:
        return (), None
    changing = np.array([case.was.treatment != case.is_now.treatment for case in cases])
    if not changing.any():
        return tuple(_nothing(measure, cases) for measure in MEASURES), None
    estimates, support = [], None
    for measure in MEASURES:
        found, support = _worth(measure, cases, changing)
        estimates.append(found)
    return tuple(estimates), support


def _rewards(measure: Measure, cases: Sequence[Case]) -> Vector:
    pounds = measure == "pounds"
    return np.array([(case.given.value if pounds else 1.0) if case.accepted else 0.0 for case in cases])


def _nothing(measure: Measure, cases: Sequence[Case]) -> Worth:
    """The choice would be another of no decision."""
    return Worth(measure=measure, now=float(_rewards(measure, cases).mean()), difference=Interval(0.0, 0.0, 0.0))


def _worth(measure: Measure, cases: Sequence[Case], changing: Flags) -> tuple[Worth, Support]:
    pounds = measure == "pounds"
    rewards = _rewards(measure, cases)
    now = float(rewards.mean())
    given, was, is_now = (
        np.array([choice.propensity * (choice.value if pounds else 1.0) for choice in each])
        for each in zip(*((case.given, case.was, case.is_now) for case in cases), strict=True)
    )
    behaviour = np.array([case.behaviour for case in cases])
    then = np.array([case.is_now.treatment == case.given.treatment for case in cases], np.float64)
    before = np.array([case.was.treatment == case.given.treatment for case in cases], np.float64)
    logged = Logged(rewards[changing], behaviour[changing], then[changing], given[changing], is_now[changing])
    found = evaluate(logged, CLIP)
    if isinstance(found, Refusal):
        share = f"of {int(changing.sum()):,} of {len(cases):,} decisions that would change, "
        return Worth(measure=measure, now=now, refused=share + found.said), found.support
    weights = np.minimum(then / behaviour, CLIP) - np.minimum(before / behaviour, CLIP)
    each = np.where(changing, weights * (rewards - given) + is_now - was, 0.0)
    variance = float(each.var(ddof=1))
    mean, reach = float(each.mean()), half_width(variance / len(each), variance)
    return Worth(measure=measure, now=now, difference=Interval(mean, mean - reach, mean + reach)), found.support
