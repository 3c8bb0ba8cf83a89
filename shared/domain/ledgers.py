"""Which ledger a volume or a budget has at a time: one for each of its periods."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.domain.contact_policy.windows import period
from shared.domain.rules import Budget, Volume
from shared.domain.zones import zone


def ledger_id(limit: Volume | Budget, time_zone: str, now: datetime) -> tuple[str, datetime, datetime]:
    """What the ledger of a limit is called in the period of now, and when that begins and ends, UTC."""
    begins_at, ends_at = period(limit.period, now, zone(time_zone) or UTC)
    return f"{limit.id}@{limit.period}:{begins_at:%Y-%m-%dT%H:%MZ}", begins_at, ends_at
