"""Ticks every minute, as Cloud Scheduler does on Google Cloud: what the topology schedules is sent a request."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

import httpx

MINUTE_SECONDS = 60.0
TIMEOUT_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Ticker:
    """Sends a `POST` to some functions at the beginning of every minute, from `start` to `stop`."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Send to `addresses`, each with a name, with the headers that let the clock in; `wall_clock` is seconds since
        1970.
        """
        self._addresses = addresses
        self._headers = headers
        self._wall_clock = wall_clock
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin with the next minute."""
        self._thread.start()

    def stop(self) -> None:
        """Tick no more. May be called again."""
        self._told.set()

    def tick(self) -> None:
        """Send to each function now. One that does not answer is sent to again a minute later."""
        for name, address in self._addresses.items():
            try:
                answer = httpx.post(address, headers=dict(self._headers), timeout=TIMEOUT_SECONDS, trust_env=False)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                _log.warning("%s did not take the tick: %s", name, error)

    def _run(self) -> None:
        while not self._told.wait(MINUTE_SECONDS - self._wall_clock() % MINUTE_SECONDS):
            self.tick()
