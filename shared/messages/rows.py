"""Rows of the interaction history, made of records and outcomes. A row that is told again has the same id."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shared.domain.canonical import canonical
from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.erasure import ERASED
from shared.domain.signal import DECISION_REQUESTED, Signal
from shared.messages import HistoryRow

if TYPE_CHECKING:  # what only talks of rows does without contact policy
    from shared.domain.selected import Selected

_WITH_EFFECT = {"reserved": 0, "offered": 0, "deferred": 1, "all_withheld": 1}
"""Ends of a decision that are remembered and repeated; any other is computed again when its signal comes again."""


def precedence(row: HistoryRow) -> tuple[int, bool, datetime, str]:
    """Sorts rows of one id: the first of them is what happened, however often and however differently it was told.

    What had an effect goes before what had none, what was told when it happened before what was told again, and the
    earlier before the later.
    """
    return _WITH_EFFECT.get(row.outcome, 2), row.repeated, row.occurred_at, row.record or ""


def canonical_row(row: HistoryRow) -> bytes:
    """The canonical form of a row, its record as the JSON that it is."""
    plain = msgspec.to_builtins(row)
    if row.record is not None:
        plain["record"] = msgspec.json.decode(row.record)
    return canonical(plain)


def decision_row(
    record: DecisionRecord,
    delivery: Delivery | None = None,
    chosen: Selected | None = None,
    probability: float | None = None,
    *,
    repeated: bool = False,
) -> HistoryRow:
    """A decision, with the first treatment it chose if any, what that was ranked by and how probable its choice was;
    `repeated` when it was made before and is told again.
    """
    row = HistoryRow(
        row_id=record.decision_id,
        kind="decision",
        occurred_at=record.reserved_at,
        decision_id=record.decision_id,
        person_id=record.person_id,
        revision=record.revision,
        outcome=record.result,
        repeated=repeated,
        record=msgspec.json.encode(record).decode(),
        asked=record.slots.channels[0] if record.signal.type == DECISION_REQUESTED else None,
        arms=" ".join(record.arms) or None,
        held_back=record.held_back,
    )
    if delivery is None:
        return row
    propensity, priority, value, lever = chosen or (None, None, None, None)
    return _about(
        row,
        delivery,
        propensity=propensity,
        priority=priority,
        value=value,
        lever=lever,
        selection_probability=probability,
    )


def outcome_row(
    delivery: Delivery, outcome: str, at: datetime, *, row_id: str, detail: object = None, repeated: bool = False
) -> HistoryRow:
    """What became of a delivery; `repeated` when it was recorded before and is told again."""
    row = HistoryRow(
        row_id=row_id,
        kind="outcome",
        occurred_at=at,
        decision_id=delivery.decision_id,
        person_id=delivery.person_id,
        revision=delivery.revision,
        outcome=outcome,
        repeated=repeated,
        record=msgspec.json.encode(detail).decode() if detail is not None else None,
        value=delivery.value or None,
        cost=delivery.cost if outcome == "sent" and delivery.cost else None,
    )
    return _about(row, delivery)


def ended_row(decision_id: str, person_id: str, signal: Signal, reason: str, at: datetime) -> HistoryRow:
    """A signal that updated the profile and started no decision."""
    return HistoryRow(
        row_id=decision_id,
        kind="signal",
        occurred_at=at,
        decision_id=decision_id,
        person_id=person_id,
        outcome=reason,
        record=msgspec.json.encode(signal).decode(),
    )


def erased_row(decision_id: str, at: datetime) -> HistoryRow:
    """A signal of somebody who was erased; nothing of it is kept."""
    return HistoryRow(row_id=decision_id, kind="signal", occurred_at=at, decision_id=decision_id, outcome=ERASED)


def _about(row: HistoryRow, delivery: Delivery, **more: float | None) -> HistoryRow:
    """A row that says what was delivered where, and more."""
    return msgspec.structs.replace(
        row,
        brand=delivery.brand,
        issue=delivery.issue,
        group_id=delivery.group,
        action=delivery.action,
        treatment=delivery.treatment,
        channel=delivery.channel,
        delivery_id=delivery.delivery_id,
        placement=delivery.placement,
        rank=delivery.rank,
        **more,
    )
