"""Rows of the interaction history, made of records and outcomes. A repeated row has the same id."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.signal import Signal
from shared.messages import HistoryRow


def decision_row(record: DecisionRecord, delivery: Delivery | None = None) -> HistoryRow:
    """A decision, with the first treatment it chose if any."""
    row = HistoryRow(
        row_id=record.decision_id,
        kind="decision",
        occurred_at=record.reserved_at,
        decision_id=record.decision_id,
        person_id=record.person_id,
        revision=record.revision,
        outcome=record.result,
        record=msgspec.json.encode(record).decode(),
    )
    return row if delivery is None else msgspec.structs.replace(row, **_taxonomy(delivery))


def outcome_row(delivery: Delivery, outcome: str, at: datetime, *, row_id: str, detail: object = None) -> HistoryRow:
    """What became of a delivery."""
    row = HistoryRow(
        row_id=row_id,
        kind="outcome",
        occurred_at=at,
        decision_id=delivery.decision_id,
        person_id=delivery.person_id,
        revision=delivery.revision,
        outcome=outcome,
        record=msgspec.json.encode(detail).decode() if detail is not None else None,
    )
    return msgspec.structs.replace(row, **_taxonomy(delivery))


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


def _taxonomy(delivery: Delivery) -> dict[str, str]:
    return {
        "brand": delivery.brand,
        "issue": delivery.issue,
        "group_id": delivery.group,
        "action": delivery.action,
        "treatment": delivery.treatment,
        "channel": delivery.channel,
        "delivery_id": delivery.delivery_id,
    }
