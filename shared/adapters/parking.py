"""What every quarantine does with what it is given."""

from __future__ import annotations

import msgspec

from shared.ports import Parked

MOST_BYTES = 900_000
"""Of a parked message's data: what Firestore takes in one document, with room for the rest of it."""


def fitting(parked: Parked) -> Parked:
    """The same, cut where it is too large to keep whole."""
    if len(parked.data) <= MOST_BYTES:
        return parked
    return msgspec.structs.replace(parked, data=parked.data[:MOST_BYTES], truncated=True)
