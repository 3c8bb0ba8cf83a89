"""Cloud Scheduler on a laptop: sends requests when they are due, by cron in a time zone, and again where they fail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import httpx
from cronsim import CronSim

EVERY_MINUTE = "* * * * *"

_log = logging.getLogger(__name__)


class Job(NamedTuple):
    """A request that is sent when it is due.

    Attributes:
        name: for the log.
        cron: when, as cron has it.
        zone: whose clock that is.
        url: where to; what is sent is a `POST`.
        headers: what lets it in, and says what the body is.
        body: what is sent.
        deadline_seconds: how long an answer may take.
        retries: how often it is sent again where it fails.
        first_pause_seconds: before it is sent again for the first time; doubled each time.
    """

    name: str
    cron: str
    zone: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    deadline_seconds: float = 180.0
    retries: int = 0
    first_pause_seconds: float = 5.0


class Scheduler:
    """Sends jobs from `start` to `stop`."""

    def __init__(self, jobs: Sequence[Job], *, wall_clock: Callable[[], float] = time.time) -> None:
        """Send `jobs`; `wall_clock` is seconds since 1970."""
        self._jobs = jobs
        self._wall_clock = wall_clock
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._pool = ThreadPoolExecutor(max(1, len(jobs)), "scheduled")

    def start(self) -> None:
        """Begin with what is due next."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more. May be called again."""
        self._told.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def tick(self) -> None:
        """Send each job of every minute now, once, and wait for the answers."""
        list(self._pool.map(self._send, [job for job in self._jobs if job.cron == EVERY_MINUTE]))

    def _run(self) -> None:
        times = [_times(job, self._wall_clock()) for job in self._jobs]
        due = [(next(each), number) for number, each in enumerate(times)]
        while due:
            at, number = min(due)
            if self._told.wait(max(0.0, at - self._wall_clock())):
                return
            self._pool.submit(self._send_again, self._jobs[number])
            due[number] = (next(times[number]), number)

    def _send_again(self, job: Job) -> None:
        """Send a job, and again while it fails and may be sent."""
        pause = job.first_pause_seconds
        for left in range(job.retries, -1, -1):
            if self._send(job) or not left or self._told.wait(pause):
                return
            pause *= 2

    def _send(self, job: Job) -> bool:
        """Send a job once; whether it was taken."""
        try:
            answer = httpx.post(
                job.url, headers=dict(job.headers), content=job.body, timeout=job.deadline_seconds, trust_env=False
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            _log.warning("%s was not taken: %s", job.name, error)
            return False
        return True


def _times(job: Job, now: float) -> Iterator[float]:
    """When a job is due, from now on, in seconds since 1970."""
    for at in CronSim(job.cron, datetime.fromtimestamp(now, ZoneInfo(job.zone))):
        yield at.astimezone(UTC).timestamp()
