"""How fast sources send: a bucket of tokens for each, in this process."""

from __future__ import annotations

import math
import threading

from shared.domain.catalogue import RateLimit, Source
from shared.ports import Timer
from shared.runtime.problems import TooManyRequestsError


class Pace:
    """Buckets of tokens, one for each source that has a limit. A signal takes one; a batch may leave a debt."""

    def __init__(self, timer: Timer) -> None:
        """Count time by `timer`."""
        self._timer = timer
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, source: Source) -> None:
        """Take a token for a request.

        Raises:
            TooManyRequestsError: there is none; it says when there will be.
        """
        limit = source.rate_limit
        if limit is None:
            return
        with self._lock:
            now = self._timer()
            level = self._level(source.id, limit, now)
            if level < 1:
                wait = max(1, math.ceil((1 - level) / limit.per_second))
                raise TooManyRequestsError(f"{source.id} sends more than {limit.per_second:g} signals a second", wait)
            self._buckets[source.id] = (level - 1, now)

    def took(self, source: Source, signals: int) -> None:
        """Take the tokens for the further signals of a request that was admitted, be there any or not."""
        limit = source.rate_limit
        if limit is None or signals <= 1:
            return
        with self._lock:
            now = self._timer()
            self._buckets[source.id] = (self._level(source.id, limit, now) - (signals - 1), now)

    def _level(self, source: str, limit: RateLimit, now: float) -> float:
        """How many tokens a bucket holds now; a new one is full."""
        level, since = self._buckets.get(source, (float(limit.burst), now))
        return min(float(limit.burst), level + (now - since) * limit.per_second)
