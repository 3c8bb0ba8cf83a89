"""A decision worked out again from its record and its revision: what each candidate was worth, and why the others were
none.
"""

from __future__ import annotations

import msgspec

from shared.domain.arbitration import Ranked, Scoring, scoring
from shared.domain.candidates import known, of_rows
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Drop, drops
from shared.domain.policy.policy import Policy


class Retraced(msgspec.Struct, frozen=True, kw_only=True):
    """What the record leaves out.

    Attributes:
        scoring: the candidates, best first, with their factors; None where there were none.
        drops: why each treatment that appears in the slots and is no candidate was dropped.
    """

    scoring: Scoring | None
    drops: tuple[Drop, ...]


class FullRecord(DecisionRecord, frozen=True, kw_only=True, omit_defaults=True):
    """A record with what follows from it: the candidates as they ranked, and the drops."""

    ranked: tuple[Ranked, ...]
    drops: tuple[Drop, ...]


def full(policy: Policy, record: DecisionRecord) -> FullRecord:
    """The record as it is shown."""
    retraced = retrace(policy, record)
    return FullRecord(**msgspec.structs.asdict(record), ranked=tuple(retraced.scoring or ()), drops=retraced.drops)


def retrace(policy: Policy, record: DecisionRecord) -> Retraced:
    """Work a decision out again.

    Args:
        policy: the revision that the record names.
        record: the decision.
    """
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    propensities = known(policy, record)
    rows = policy.row_set(propensities)
    return Retraced(
        scoring=scoring(policy, rows, of_rows(policy, rows, propensities), situation, record.models) if rows else None,
        drops=drops(policy, record.profile, record.signal, record.slots, record.decided_at),
    )
