"""Values kept in the process: renewed behind the answer, so that no decision waits for what seldom changes."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from shared.domain.catalogue import Revision
from shared.domain.errors import TransientError
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts

T = TypeVar("T")
Monotonic = Callable[[], float]
Clock = Callable[[], float]
"""Seconds since 1970."""

MODELS_REFRESH_SECONDS = 60.0
POLICIES_KEPT = 8
_DECIDING = 3
"""Revisions that decide at once at the most: what is live, what is next and a canary."""

RENEWAL = "renewal"
"""What a thread is called that renews a value."""

_log = logging.getLogger(__name__)


class _Held(NamedTuple, Generic[T]):
    value: T
    loaded_at: float


class Refreshing(Generic[T]):
    """A value that is loaded at first use and loaded again, in a thread of its own, once it is too old.

    A value that is much older, as in an instance that slept, is loaded before it is given; if that fails the old one is
    better than none.
    """

    def __init__(
        self,
        load: Callable[[], T],
        *,
        refresh_seconds: float,
        oldest_seconds: float | None = None,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Keep what `load` gives for `refresh_seconds`, and for `oldest_seconds`, by default ten times that, where
        nobody asked meanwhile; by the clock `monotonic`.
        """
        self._load = load
        self._refresh_seconds = refresh_seconds
        self._oldest_seconds = 10 * refresh_seconds if oldest_seconds is None else oldest_seconds
        self._monotonic = monotonic
        self._held: _Held[T] | None = None
        self._tried_at = float("-inf")
        self._failures = 0
        self._loading = threading.Lock()

    def get(self) -> T:
        """The value.

        Raises:
            TransientError: it was never loaded and cannot be now.
        """
        held = self._held
        if held is None:
            return self._load_now()
        age = self._monotonic() - held.loaded_at
        if age < self._refresh_seconds:
            return held.value
        if age >= self._oldest_seconds:
            try:
                return self._load_now(unless_newer_than=held.loaded_at)
            except TransientError as error:
                _log.warning("serving an old value, because a new one cannot be loaded: %s", error)
                return held.value
        if self._monotonic() - self._tried_at >= self._refresh_seconds and self._loading.acquire(blocking=False):
            self._tried_at = self._monotonic()
            threading.Thread(target=self._load_behind, args=(held,), name=RENEWAL, daemon=True).start()
        return held.value

    def newer(self, than_seconds: float) -> T:
        """The value, loaded first where the last try is longer ago; the old one where loading fails.

        Raises:
            TransientError: it was never loaded and cannot be now.
        """
        held = self._held
        if held is None:
            return self._load_now()
        now = self._monotonic()
        if now - max(held.loaded_at, self._tried_at) < than_seconds:
            return held.value
        self._tried_at = now
        try:
            return self._load_now(unless_newer_than=held.loaded_at)
        except TransientError as error:
            _log.warning("serving an old value, because a new one cannot be loaded: %s", error)
            return held.value

    def forget(self) -> None:
        """Load before the next answer."""
        self._held = None

    def _load_now(self, *, unless_newer_than: float = float("-inf")) -> T:
        """Load; whoever waited while somebody else's try failed does not try in turn, or the last of many would wait
        for as many timeouts.
        """
        before = self._failures
        with self._loading:
            held = self._held
            if held is None or held.loaded_at <= unless_newer_than:
                if self._failures != before:
                    raise TransientError("a value could not be loaded a moment ago")
                try:
                    held = self._held = _Held(self._load(), self._monotonic())
                except TransientError:
                    self._failures += 1
                    raise
            return held.value

    def _load_behind(self, old: _Held[T]) -> None:
        """Load in a thread that nobody waits for; holds the lock that `get` took."""
        try:
            new = _Held(self._load(), self._monotonic())
            if self._held is old:  # and was not forgotten while this was loading
                self._held = new
        except Exception:  # noqa: BLE001 - nobody waits who could catch it
            _log.exception("a value could not be refreshed; the old one is served")
        finally:
            self._loading.release()


class Policies:
    """The last few compiled revisions. A revision never changes, so neither does its policy."""

    def __init__(self, load: Callable[[str], Revision], *, kept: int = POLICIES_KEPT) -> None:
        """Compile what `load` gives for a revision's id, and keep the last `kept`."""
        self._load = load
        self._kept = kept
        self._policies: OrderedDict[str, Policy] = OrderedDict()
        self._last: Policy | None = None
        self._lock = threading.Lock()

    def get(self, revision: str) -> Policy:
        """The compiled revision; raises what loading it raises."""
        last = self._last
        if last is not None and last.revision.id == revision:  # as each stage of a decision asks for the same
            return last
        with self._lock:
            policy = self._policies.get(revision)
            if policy is None:
                with _kept_from_collection():
                    policy = self._policies[revision] = Policy(self._load(revision))
            self._policies.move_to_end(revision)
            while len(self._policies) > self._kept:
                self._policies.popitem(last=False)
            self._last = policy
            return policy


@contextmanager
def _kept_from_collection() -> Iterator[None]:
    """What is made here stays for long and stands in no cycle, so the collector of garbage need not look at it: not
    while it is made, which took a seventh of the time, and not whenever it goes through all there is later.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


def nothing_prepared(_loaded: object) -> None:
    """Where nothing is to be made ready."""


class Prepared:
    """What models make of persons, made ready for the revisions that decide and the newest counts by whoever loads one
    of them, before it is given to anybody: so that no decision waits for it while a renewal is behind the answer.
    """

    def __init__(self, also: Callable[[Policy], None] = nothing_prepared) -> None:
        """Nothing is loaded yet; of each revision `also` makes something ready."""
        self._also = also
        self._policies: tuple[Policy, ...] = ()
        self._counts: Mapping[str, Counts] | None = None

    def policy(self, policy: Policy) -> None:
        """A revision decides, or is about to."""
        self._also(policy)
        if any(policy is each for each in self._policies):
            return
        self._policies = (*self._policies[1 - _DECIDING :], policy)
        if self._counts is not None:
            policy.factors.prepare(self._counts)

    def counts(self, counts: Mapping[str, Counts]) -> None:
        """Models have learnt."""
        self._counts = counts
        for policy in self._policies:
            policy.factors.prepare(counts)
