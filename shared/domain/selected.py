"""What a chosen treatment was worth when it was chosen, and how probable its choice was: what reports reckon with.

Records are sealed; these few figures, which say nothing of the person, stand beside them in the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.domain.contact_policy import Limits
from shared.domain.contact_read import ContactRead
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.policy.factors import worth
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows, each_of
from shared.domain.policy.situation import Variables
from shared.domain.ranking import PARTS, Ranking, unpacked


class Selected(NamedTuple):
    """A chosen treatment as it was ranked.

    Attributes:
        propensity: P, as it was drawn where the catalogue explores.
        priority: what it was ranked by.
        value: V, pounds of an acceptance less the price of the contact.
        lever: L.
    """

    propensity: float
    priority: float
    value: float
    lever: float


def selected(
    policy: Policy,
    ranking: Ranking,
    treatment: str,
    situation: Variables,
    arms: Sequence[str],
    value: float | None = None,
) -> Selected:
    """What a chosen treatment was ranked by; nothing but zeros of one that this ranking has not, because it was chosen
    by another. V is worked out where it is not known yet.
    """
    row = policy.row(treatment)
    candidates = unpacked(ranking.candidate_rows)
    if not candidates >> row & 1:
        return Selected(0.0, 0.0, 0.0, 0.0)
    place = (candidates & ((1 << row) - 1)).bit_count()
    levers = policy.experiments.way(arms).levers or policy.factors.levers
    return Selected(
        propensity=memoryview(ranking.propensity_parts).cast("I")[place] / PARTS,
        priority=ranking.weights()[ranking.place(row)],
        value=value_of(policy, row, situation) if value is None else value,
        lever=levers[row],
    )


def value_of(policy: Policy, row: int, situation: Variables) -> float:
    """V of a row; a value that cannot be computed is worth nothing."""
    value = policy.factors.values[row]
    if value is not None:
        return value
    return worth(policy.number(str(policy.rows[row][0].value), situation) or 0.0, policy.factors.prices[row])


def by_chance(policy: Policy, record: DecisionRecord) -> float:
    """The probability of each treatment that chance may choose first: 1 / n of the n that are left.

    Args:
        policy: the compiled revision.
        record: a decision for one treatment.
    """
    left = open_to(policy, record)
    return 1.0 / left.bit_count() if left else 0.0


def open_to(policy: Policy, record: DecisionRecord) -> Rows:
    """The rows of which the one that ranks first is given to the person, after everything that stops any. Mandatory
    ones come before all others: where there are any, no other may be first.

    Args:
        policy: the compiled revision.
        record: a decision for one treatment.
    """
    read = record.read or ContactRead()
    history, candidates = read.history(policy.revision), unpacked(record.candidate_rows)
    limits = Limits(policy.contact_rules, record.profile, history, record.reserved_at, read.closed, off=read.off)
    left = candidates & ~limits.stopped
    if policy.revision.channels[record.slots.channels[0]].direction == "outbound":
        since = record.signal.waiting_since or record.reserved_at
        left |= sum(1 << row for row in each_of(candidates & limits.stopped) if limits.deferred(row, since) is not None)
    left &= ~sum(1 << row for row in each_of(left) if policy.slotting.is_bundled(policy.rows[row][1].id))
    return left & policy.factors.mandatory or left


def is_single(policy: Policy, slots: Slots) -> bool:
    """Whether one treatment is wanted, of whatever issue: then it is the best that is let through."""
    counts = sum(count for _, count in slots.wanted())
    return counts == 1 and not policy.revision.catalogue.slots.wanted(1)
