"""Dropped actions: the condition that each failed, what it says, and the values that it read."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.domain.change import read
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Drop
from shared.domain.policy.atoms import MISSING
from shared.domain.policy.clauses import ROOTS
from shared.domain.policy.policy import Policy

_VALIDITY = {
    "active_window": "The action is not in its active window.",
    "brand": "The signal is another brand's, or the person is no customer of this one.",
    "contact_point": "The person has no contact point on this channel.",
}


class DroppedBy(msgspec.Struct, frozen=True, kw_only=True):
    """Why an action could not be: the condition, its text, the values it read and what it said."""

    action: str
    treatment: str | None
    level: str
    kind: str
    condition: str
    verdict: str
    when: str
    values: dict[str, Any]
    reason: str


def dropped_by(policy: Policy, record: DecisionRecord, drop: Drop) -> DroppedBy:
    """What a drop of a record was for, in the words of the revision that decided it."""
    if drop.kind == "validity":
        when, reason, values = "", _VALIDITY[drop.condition], {}
    else:
        condition = next(
            c
            for c in policy.revision.catalogue.conditions
            if (c.level, c.kind, c.name) == (drop.level, drop.kind, drop.condition)
        )
        when, reason, values = condition.when, condition.reason, values_read(policy, condition.when, record)
    return DroppedBy(
        action=drop.action,
        treatment=drop.treatment,
        level=drop.level,
        kind=drop.kind,
        condition=drop.condition,
        verdict=drop.verdict.value,
        when=when,
        values=values,
        reason=reason,
    )


def values_read(policy: Policy, when: str, record: DecisionRecord) -> dict[str, Any]:
    """The values that an expression of a revision reads, by path; None for one that is missing."""
    paths = (path for path in policy.program(when).reads if path[0] in ROOTS and len(path) > 1)
    return {".".join(path): value_at(path, record) for path in paths}


def value_at(path: tuple[str, ...], record: DecisionRecord) -> Any:
    """What a record says was read at a path, None where there was nothing."""
    value = read(record, path)
    return None if value is MISSING else value
