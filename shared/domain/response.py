"""Response windows: until when a person may respond to what they got or saw (`domain.md` 8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.catalogue import Channel
from shared.domain.part import seconds


def closing(channel: Channel, since: datetime) -> datetime:
    """When the window of a contact of this time ends: a whole second, the first at which all of it has passed."""
    end = since + timedelta(seconds=seconds(channel.response_window))
    return end.replace(microsecond=0) + timedelta(seconds=1 if end.microsecond else 0)
