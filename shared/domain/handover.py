"""A handover: what is held about a person, put aside sealed, to be fetched for some weeks."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from shared.domain.instant import Instant
from shared.domain.signal import digest

KEPT = timedelta(days=30)
"""How long it can be fetched: as long as a request may take to be answered."""


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """What was put aside.

    Attributes:
        id: of the person and the case, so that the same request puts the same thing aside.
        person_id: whose it is, and under whose key it is sealed.
        case: the reference of the person's request in the operator's own files.
        by: the operator who asked, by the name of the key.
        made_at: when.
        until: until when it can be fetched.
        bytes: of the JSON.
        parts: in which it is kept.
    """

    id: str
    person_id: str
    case: str
    by: str
    made_at: Instant
    until: Instant
    bytes: int
    parts: int

    def is_there(self, now: datetime) -> bool:
        """Whether it may be fetched still."""
        return now < self.until


def handover_id(person_id: str, case: str) -> str:
    """What the handover of a request is called."""
    return "x-" + digest("handover", person_id, case)[:24]
