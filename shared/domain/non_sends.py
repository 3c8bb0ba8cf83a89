"""The non-send ledger of a record: each candidate that contact policy withheld, by its id or, where they are many, by
rows, so that a record of a thousand actions stays under 4 KB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from shared.domain.contact_policy import Withheld, WithheldRows
from shared.domain.decision import DecisionRecord
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.ranking import packed, unpacked

MOST_NAMED = 32
"""Treatments that a record names one by one."""

_Why = tuple[str, str, int | None, int | None, datetime | None]


def in_rows(policy: Policy, withheld: Sequence[Withheld]) -> tuple[WithheldRows, ...]:
    """What was withheld, best first, as a record keeps a lot of it: what was stopped alike together."""
    groups: dict[_Why, Rows] = {}
    for each in withheld:
        why = each.rule, each.kind, each.count, each.limit, each.allowed_at
        groups[why] = groups.get(why, 0) | 1 << policy.row(each.treatment)
    return tuple(
        [
            WithheldRows(rows=packed(rows), rule=rule, kind=kind, count=count, limit=limit, allowed_at=allowed_at)
            for (rule, kind, count, limit, allowed_at), rows in groups.items()
        ]
    )


def withheld_in(policy: Policy, record: DecisionRecord, ranked: Iterable[str] = ()) -> tuple[Withheld, ...]:
    """What a record says was withheld, each treatment by its id.

    Args:
        policy: the revision that the record names.
        record: the decision.
        ranked: its candidates, best first: then what was withheld is too, however it is kept.
    """
    if not record.withheld_rows:
        return record.withheld
    found = [
        Withheld(
            treatment=treatment,
            rule=each.rule,
            kind=each.kind,
            count=each.count,
            limit=each.limit,
            allowed_at=each.allowed_at,
        )
        for each in record.withheld_rows
        for treatment in policy.treatments(policy.checked(unpacked(each.rows)))
    ]
    places = {treatment: place for place, treatment in enumerate(ranked)}
    return tuple(sorted(found, key=lambda each: places.get(each.treatment, len(places))))


def by_name(policy: Policy, record: DecisionRecord, ranked: Iterable[str] = ()) -> DecisionRecord:
    """The record with what was withheld by its ids; the arguments are those of `withheld_in`."""
    if not record.withheld_rows:
        return record
    return msgspec.structs.replace(record, withheld=withheld_in(policy, record, ranked), withheld_rows=())


def as_kept(policy: Policy, made: DecisionRecord, record: DecisionRecord) -> DecisionRecord:
    """A record that names what was withheld, in the form that another of the same decision has."""
    if not record.withheld_rows:
        return made
    return msgspec.structs.replace(made, withheld=(), withheld_rows=in_rows(policy, made.withheld))
