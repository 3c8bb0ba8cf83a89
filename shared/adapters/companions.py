"""How many instances take in the signals of a source, as each of them says once a minute."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Protocol

from shared.adapters.refreshing import Clock, Monotonic, Refreshing
from shared.domain.errors import TransientError

SAID_EVERY_SECONDS = 60.0
GONE_AFTER_SECONDS = 180
"""Who has said nothing for so long is there no more."""


class Sightings(Protocol):
    """Where it is kept when each instance was there last, by source."""

    def of(self, source: str) -> Mapping[str, int]:
        """When each was, in seconds since 1970.

        Raises:
            TransientError: the store did not answer.
        """

    def note(self, source: str, holder: str, at: int, gone: Collection[str]) -> None:
        """Keep that one was there then, and that others are gone.

        Raises:
            TransientError: it may not have been kept.
        """


class Counting:
    """The port `Companions`, over sightings."""

    def __init__(self, sightings: Sightings, holder: str, clock: Clock, monotonic: Monotonic) -> None:
        """Be there as `holder`, which no other process is."""
        self._sightings = sightings
        self._holder = holder
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, Refreshing[int]] = {}
        self._last: dict[str, int] = {}

    def count(self, source: str) -> int:
        """How many there are, this one among them; renewed behind the answer."""
        with self._lock:
            known = self._known.get(source)
            if known is None:
                known = self._known[source] = Refreshing(
                    lambda: self._look(source), refresh_seconds=SAID_EVERY_SECONDS, monotonic=self._monotonic
                )
        return known.get()

    def _look(self, source: str) -> int:
        """Say that this one is there and look who else is; where that cannot be said, as many as before."""
        now = int(self._clock())
        try:
            seen = self._sightings.of(source)
            gone = [holder for holder, at in seen.items() if at < now - GONE_AFTER_SECONDS]
            self._sightings.note(source, self._holder, now, gone)
        except TransientError:
            return self._last.get(source, 1)
        found = self._last[source] = len({*seen, self._holder} - {*gone} | {self._holder})
        return found
