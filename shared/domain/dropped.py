"""Dropped actions: the condition that each failed, what it says, and the values that it read."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from shared.domain.catalogue import Revision
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Drop

_VALIDITY = {
    "active_window": "The action is not in its active window.",
    "brand": "The signal is another brand's, or the person is no customer of this one.",
    "contact_point": "The person has no contact point on this channel.",
}

_READS = re.compile(r"\b(profile|signal|context)((?:\.[a-zA-Z_][a-zA-Z0-9_]*)+)")


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


def dropped_by(revision: Revision, record: DecisionRecord, drop: Drop) -> DroppedBy:
    """What a drop of a record was for, in the words of the revision that decided it."""
    if drop.kind == "validity":
        when, reason, values = "", _VALIDITY[drop.condition], {}
    else:
        condition = next(
            c
            for c in revision.catalogue.conditions
            if (c.level, c.kind, c.name) == (drop.level, drop.kind, drop.condition)
        )
        when, reason, values = condition.when, condition.reason, values_read(condition.when, record)
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


def values_read(when: str, record: DecisionRecord) -> dict[str, Any]:
    """The values that an expression reads, by path; None for one that is missing."""
    profile = record.profile
    roots: dict[str, Any] = {
        "profile": {
            **profile.attributes,
            "brands": list(profile.brands),
            "products": list(profile.products),
            "flags": list(profile.flags),
            "reachable": list(profile.reachable),
        },
        "signal": {
            "type": record.signal.type,
            "source": record.signal.source,
            "properties": record.signal.properties,
        },
        "context": record.signal.context,
    }
    values = {}
    for match in _READS.finditer(when):
        value: Any = roots[match[1]]
        for part in match[2][1:].split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values[match[0]] = value
    return values
