"""What does not depend on conditions, as sets of rows: where treatments appear, whose they are, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from shared.domain.catalogue import Action, Revision, Treatment
from shared.domain.policy.rows import Rows, rows_at
from shared.domain.profile import Profile

KeyT = TypeVar("KeyT")


class Masks:
    """The rows of a revision by channel, placement, brand and active window."""

    def __init__(self, revision: Revision, rows: Sequence[tuple[Action, Treatment]]) -> None:
        """Sort the rows."""
        self._all = (1 << len(rows)) - 1
        self._channels = _sets([treatment.channel for _, treatment in rows])
        self._placements = _sets([treatment.placement for _, treatment in rows])
        self._brands = _sets([action.brand for action, _ in rows])
        windows: defaultdict[tuple[datetime | None, datetime | None], list[int]] = defaultdict(list)
        for row, (action, _) in enumerate(rows):
            active = action.active
            if active.from_ is not None or active.until is not None:
                windows[active.from_, active.until].append(row)
        self._windows = tuple([(window, rows_at(within)) for window, within in windows.items()])
        self._addressed = tuple(
            (channel.id, rows_of)
            for channel in revision.catalogue.channels
            if channel.needs_contact_point and (rows_of := self._channels.get(channel.id))
        )

    def slots(self, channels: Sequence[str], placements: Sequence[str]) -> Rows:
        """The rows that appear on one of the channels, and in one of the placements where any are given."""
        found = self._any(self._channels, channels)
        return found & self._any(self._placements, placements) if placements else found

    def brands(self, brands: Sequence[str]) -> Rows:
        """The rows of one of the brands."""
        return self._any(self._brands, brands)

    def reachable(self, profile: Profile) -> Rows:
        """The rows whose channel needs no contact point, or one that the person has."""
        found = self._all
        for channel, rows in self._addressed:
            if channel not in profile.reachable:
                found &= ~rows
        return found

    def active(self, now: datetime) -> Rows:
        """The rows in their active window."""
        found = self._all
        for (start, end), rows in self._windows:
            if (start is not None and now < start) or (end is not None and now >= end):
                found &= ~rows
        return found

    @staticmethod
    def _any(by_name: dict[str, Rows], names: Sequence[str]) -> Rows:
        found = 0
        for name in names:
            found |= by_name.get(name, 0)
        return found


def _sets(keys: Sequence[KeyT | None]) -> dict[KeyT, Rows]:
    """The rows of each key; those of None are of none."""
    positions: defaultdict[KeyT | None, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        positions[key].append(row)
    return {key: rows_at(rows) for key, rows in positions.items() if key is not None}
