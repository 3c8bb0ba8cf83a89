"""Scoring while a decision waits: all within a time, or not at all.

The request goes on behind the answer for as long as it was declared with, so that a connection that took long to make
is there for the next decision. Where too many wait, nobody asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as NotInTimeError
from functools import partial

from shared.adapters.daemons import Daemons
from shared.adapters.scoring.circuit import Circuit
from shared.domain.estimators import Instance
from shared.ports import Scorer

AT_ONCE = 16
"""Requests that are under way at the same time, of one process to one endpoint."""

_log = logging.getLogger(__name__)


class InTime:
    """The port `Scorer` around one that may be late."""

    def __init__(self, scorer: Scorer, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Wait for `scorer` no longer than some seconds."""
        self._scorer = scorer
        self._seconds = seconds
        self._circuit = Circuit(monotonic)
        self._free = threading.Semaphore(AT_ONCE)
        self._daemons = Daemons("scoring")

    def __call__(self, instances: Sequence[Instance]) -> Sequence[float | None]:
        """P of each instance; of none where it is late, or cannot be asked."""
        nothing: list[float | None] = [None] * len(instances)
        if not self._free.acquire(blocking=False):
            return nothing
        if not self._circuit.lets():
            self._free.release()
            return nothing
        under_way = self._daemons.submit(partial(self._scorer, instances), self._free)
        try:
            told = under_way.result(self._seconds)
        except NotInTimeError:
            self._circuit.note(failed=True)
            return nothing
        except Exception as error:  # noqa: BLE001 - a decision is made without it, whatever is wrong
            # its words may quote the person
            _log.error("an estimator could not be asked: %s", type(error).__name__)
            self._circuit.note(failed=True)
            return nothing
        self._circuit.note(failed=False)
        return told
