"""How fast sources send: a bucket of tokens for each, in this process, which has its part of what all instances let in.

Requests are spread over instances evenly, so each lets in an equal part. Who is there is known as of the last minute:
for so long an instance that is new lets in its part besides, and that of one that is gone is let in by nobody.
"""

from __future__ import annotations

import math
import threading
from typing import NamedTuple

from shared.domain.catalogue import RateLimit, Source
from shared.ports import Companions, Timer
from shared.runtime.problems import TooManyRequestsError


class _Part(NamedTuple):
    """What one instance lets in."""

    per_second: float
    burst: float


class Pace:
    """Buckets of tokens, one for each source that has a limit. A signal takes one; a batch may leave a debt."""

    def __init__(self, timer: Timer, companions: Companions) -> None:
        """Count time by `timer`, for as many instances as `companions` counts."""
        self._timer = timer
        self._companions = companions
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
        part = self._part(source.id, limit)
        with self._lock:
            now = self._timer()
            level = self._level(source.id, part, now)
            if level < 1:
                wait = max(1, math.ceil((1 - level) / part.per_second))
                raise TooManyRequestsError(f"{source.id} sends more than {limit.per_second:g} signals a second", wait)
            self._buckets[source.id] = (level - 1, now)

    def took(self, source: Source, signals: int) -> None:
        """Take the tokens for the further signals of a request that was admitted, be there any or not."""
        limit = source.rate_limit
        if limit is None or signals <= 1:
            return
        part = self._part(source.id, limit)
        with self._lock:
            now = self._timer()
            self._buckets[source.id] = (self._level(source.id, part, now) - (signals - 1), now)

    def _part(self, source: str, limit: RateLimit) -> _Part:
        """What this instance lets in of what all do."""
        instances = max(1, self._companions.count(source))
        return _Part(limit.per_second / instances, max(1.0, limit.burst / instances))

    def _level(self, source: str, part: _Part, now: float) -> float:
        """How many tokens a bucket holds now; a new one is full."""
        level, since = self._buckets.get(source, (part.burst, now))
        return min(part.burst, level + (now - since) * part.per_second)
