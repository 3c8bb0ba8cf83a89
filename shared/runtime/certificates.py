"""Public certificates and keys, by which a signature of an issuer is checked, Google's first of all: fetched seldom and
kept.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from shared.domain.errors import TransientError, UnauthenticatedError

ADDRESS = "https://www.googleapis.com/oauth2/v1/certs"
"""Key id to X.509 certificate; the answer says how long it may be kept, some hours."""

TIMEOUT_SECONDS = 5.0
KEPT_SECONDS = 3600.0
"""Where the answer does not say how long."""

ASK_AGAIN_SECONDS = 60.0
"""How often, at the most, a key that is not known makes us ask: anybody may name one."""

_MAX_AGE = re.compile(r"max-age=(\d+)")


class Fetched(NamedTuple):
    """Certificates by key id, and for how long they may be kept."""

    certificates: Mapping[str, str]
    seconds: float


def fetch() -> Fetched:
    """The certificates as Google publishes them now.

    Raises:
        OSError, msgspec.MsgspecError: they could not be had.
    """
    import urllib.request  # noqa: PLC0415 - only a function that is open to anybody checks signatures

    with urllib.request.urlopen(ADDRESS, timeout=TIMEOUT_SECONDS) as answer:
        age = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        return Fetched(msgspec.json.decode(answer.read(), type=dict[str, str]), float(age[1]) if age else KEPT_SECONDS)


class Certificates:
    """Certificates by key id, fetched at first use and again when they are too old or one is missing."""

    def __init__(
        self,
        fetch: Callable[[], Fetched] = fetch,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        issuer: str = "Google",
    ) -> None:
        """Keep what `fetch` gives of an issuer, by the clock `monotonic`."""
        self._fetch = fetch
        self._issuer = issuer
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: Mapping[str, str] = {}
        self._until = self._asked_at = float("-inf")

    def of(self, key_id: str) -> Mapping[str, str]:
        """The certificate of a key, by its id.

        Raises:
            UnauthenticatedError: the issuer has no such key.
            TransientError: the certificates could not be fetched, and none is held for this key.
        """
        with self._lock:
            now = self._monotonic()
            missing = key_id not in self._held and now - self._asked_at >= ASK_AGAIN_SECONDS
            if now >= self._until or missing:
                self._renew(key_id, now)
            if key_id not in self._held:
                raise UnauthenticatedError(f"the token is signed by a key that is not {self._issuer}'s")
            return {key_id: self._held[key_id]}

    def _renew(self, key_id: str, now: float) -> None:
        try:
            fetched = self._fetch()
        except (OSError, msgspec.MsgspecError) as error:
            if key_id in self._held:  # a key is good for days; it is asked for again with the next push
                return
            raise TransientError(f"{self._issuer}'s certificates could not be fetched: {error}") from error
        self._held, self._asked_at, self._until = fetched.certificates, now, now + fetched.seconds
