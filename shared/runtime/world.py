"""The world's clock and chance. Entrypoints read them and hand them in; nothing below an entrypoint does."""

from __future__ import annotations

import os
import random
import secrets
import time
from datetime import UTC, datetime

_JITTER = random.Random()  # noqa: S311 - spreads retries, guards nothing

_ID_BYTES = 16
_BLOCK = 256
"""Ids drawn at once: whoever asks the operating system lets another thread go first, and waits for its turn again."""

_request_ids: list[str] = []
os.register_at_fork(after_in_child=_request_ids.clear)  # a child draws its own, so that no two have the same


def utc_now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


def new_person_id() -> str:
    """A canonical id that was never used before."""
    return "p-" + secrets.token_hex(12)


def new_erasure_id() -> str:
    """An id for an erasure, from which nothing follows about whom."""
    return "e-" + secrets.token_hex(12)


def new_request_id() -> str:
    """An id for a request that brought none, which nobody can guess."""
    try:
        return _request_ids.pop()
    except IndexError:
        drawn, digits = secrets.token_hex(_ID_BYTES * _BLOCK), 2 * _ID_BYTES
        _request_ids.extend([drawn[at : at + digits] for at in range(digits, len(drawn), digits)])
        return drawn[:digits]


def new_holder() -> str:
    """An id of this process, which no other has."""
    return secrets.token_hex(8)


def pause(attempt: int) -> None:
    """Wait before the n-th try again of a contended commit: full jitter up to 5 ms · 2^n, at most 250 ms."""
    seconds = _JITTER.uniform(0, min(0.25, 0.005 * 2**attempt))
    time.sleep(seconds)  # no event tells when the others have committed; waiting apart lets one of them win


def wait_until(at: datetime) -> None:
    """Wait until a time has come."""
    left = (at - utc_now()).total_seconds()
    if left > 0:
        time.sleep(left)  # what is waited for is the time itself: the turn that a rate gave, or when something is due


def timer() -> float:
    """Seconds from some start, never going back."""
    return time.perf_counter()
