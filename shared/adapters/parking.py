"""What every quarantine does with what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from shared.ports import Parked, Place

MOST_BYTES = 900_000
"""Of a parked message's data: what Firestore takes in one document, with room for the rest of it."""


def fitting(parked: Parked) -> Parked:
    """The same, cut where it is too large to keep whole."""
    if len(parked.data) <= MOST_BYTES:
        return parked
    return msgspec.structs.replace(parked, data=parked.data[:MOST_BYTES], truncated=True)


def paged(parked: Iterable[Parked], limit: int, after: Place | None) -> Sequence[Parked]:
    """Some of what is parked, oldest first; only what comes `after` a place."""
    oldest = sorted(parked, key=_place)
    return [each for each in oldest if after is None or _place(each) > after][:limit]


def _place(parked: Parked) -> Place:
    return Place(parked.at, parked.id)
