"""What decides, kept in the process: policies in force, for whom and from when, and what is switched off."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypedDict, Unpack

import msgspec

from shared.adapters.refreshing import Clock, Monotonic, Policies, Refreshing, nothing_prepared
from shared.domain.catalogue import Revision
from shared.domain.errors import NotFoundError, TransientError
from shared.domain.governance.in_force import InForce, is_in
from shared.domain.governance.switches import SwitchedOff
from shared.domain.policy.policy import Policy

CATALOGUE_REFRESH_SECONDS = 3.0
"""How often it is looked what is in force, by whoever decides meanwhile."""

CATALOGUE_OLDEST_TIMES = 3
"""How many times older it is looked at before it decides: a switch holds within nine seconds, whatever sleeps."""

_log = logging.getLogger(__name__)


class _Deciding(NamedTuple):
    """What is in force, with the policies that it names."""

    in_force: InForce
    live: Policy
    next: Policy | None
    canary: Policy | None


class Served(TypedDict, total=False):
    """How what is live in an environment, by default `live`, is served: made ready by `prepare`, and looked at again
    every `refresh_seconds`.
    """

    environment: str
    refresh_seconds: float
    monotonic: Monotonic
    clock: Clock
    prepare: Callable[[Policy], None]


class Serving(ABC):
    """The side of the port `Catalogues` that decides by revisions, over a store that is looked at seldom."""

    def __init__(self, **served: Unpack[Served]) -> None:
        """Serve what the store has in force."""
        refresh_seconds = served.get("refresh_seconds", CATALOGUE_REFRESH_SECONDS)
        self._environment = served.get("environment", "live")
        self._clock = served.get("clock", time.time)
        self._prepare = served.get("prepare", nothing_prepared)
        self._policies = Policies(self._load)
        self._known: _Deciding | None = None
        self._current = Refreshing(
            self._deciding,
            refresh_seconds=refresh_seconds,
            oldest_seconds=CATALOGUE_OLDEST_TIMES * refresh_seconds,
            monotonic=served.get("monotonic", time.monotonic),
        )

    def current(self) -> Policy:
        """The live revision, compiled; cached, refreshed behind the answer.

        Raises:
            TransientError: nothing is live.
        """
        known = self._current.get()
        return self._live(known) if known.next is not None else known.live

    def deciding(self, person_id: str) -> Policy:
        """The revision that decides for a person, compiled.

        Raises:
            TransientError: nothing is live.
        """
        known = self._current.get()
        live = self._live(known) if known.next is not None else known.live
        canary = known.in_force.canary
        if canary is None or known.canary is None or live is not known.live:
            return live
        return known.canary if is_in(canary, person_id) else live

    def switched_off(self) -> Sequence[SwitchedOff]:
        """What is switched off.

        Raises:
            TransientError: nothing is live.
        """
        return self._current.get().in_force.switches

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled; the last few are cached.

        Raises:
            NotFoundError: there is no such revision.
        """
        return self._policies.get(revision)

    @abstractmethod
    def _in_force(self) -> InForce | None:
        """What the store says is in force; None where nothing is."""

    @abstractmethod
    def _canonical(self, revision: str) -> bytes | None:
        """A revision's canonical form; None where there is no such."""

    def _forget(self) -> None:
        """Look what is in force before the next answer."""
        self._current.forget()

    def _live(self, known: _Deciding) -> Policy:
        """What is live by now, of two of which the one follows the other."""
        coming = known.in_force.next
        if known.next is None or coming is None or self._clock() < coming.from_.timestamp():
            return known.live
        return known.next

    def _deciding(self) -> _Deciding:
        """What is in force. Where what is live cannot be read here, as one of newer code, what decided before goes on,
        with what is switched off by now; where it is a canary or what is next, what is live decides without.
        """
        in_force = self._in_force()
        if in_force is None:
            raise TransientError(f"no revision of the catalogue is live in {self._environment!r}: publish one")
        try:
            live = self._ready(in_force.revision)
        except TransientError:
            raise
        except Exception:  # whatever is wrong with it: a revision that this code cannot read must not stop deciding
            if self._known is None:
                raise
            _log.exception("what is to decide cannot be read here; what did goes on")
            still = msgspec.structs.replace(self._known.in_force, switches=in_force.switches)
            self._known = self._known._replace(in_force=still)
            return self._known
        coming = self._readable(in_force.next.revision) if in_force.next else None
        canary = self._readable(in_force.canary.revision) if in_force.canary else None
        self._known = _Deciding(in_force, live, coming, canary)
        return self._known

    def _readable(self, revision: str) -> Policy | None:
        """A revision that decides beside what is live, or after it; None where it cannot be read here."""
        try:
            return self._ready(revision)
        except TransientError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with it
            _log.exception("a canary or what is next cannot be read here; what is live goes on")
            return None

    def _ready(self, revision: str) -> Policy:
        policy = self._policies.get(revision)
        self._prepare(policy)
        return policy

    def _load(self, revision: str) -> Revision:
        canonical = self._canonical(revision)
        if canonical is None:
            raise NotFoundError(f"there is no revision {revision}")
        return Revision.decode(canonical)
