"""Asking: estimators from outside that serve say P of the candidates in their scope, each in one request."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from shared.adapters.scoring import Scorers
from shared.domain.errors import InvalidError
from shared.domain.estimators import Instance, Seen, read
from shared.domain.instances import seen, where
from shared.domain.policy.factors import Told
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows, each_of
from shared.domain.profile import Profile
from shared.domain.signal import Signal
from shared.ports import Scorer

MOST_OPEN = 8
"""Revisions whose estimators stay open: as many as stay compiled."""

MOST_ASKED = 64
"""Estimators that are asked at the same time, by decisions that ask several."""

_log = logging.getLogger(__name__)


class _Open(NamedTuple):
    """An estimator that serves: its name, its rows, what is said of the treatment in each, and what scores."""

    name: str
    rows: Rows
    where: Mapping[int, Mapping[str, Seen]]
    scorer: Scorer


class Ask:
    """The port `Asking`."""

    def __init__(self, scorers: Scorers) -> None:
        """Ask what `scorers` open."""
        self._scorers = scorers
        self._open: dict[str, tuple[_Open, ...]] = {}
        self._pool = ThreadPoolExecutor(MOST_ASKED, "asking")  # of threads that begin when they are needed

    def __call__(
        self, policy: Policy, candidates: Rows, profile: Profile, signal: Signal, now: datetime
    ) -> Told | None:
        """P of the candidates that somebody serves; of an estimator that fails, is late, or does not say P of each,
        nothing. None where nobody said anything.
        """
        asked = [(each, rows) for each in self.prepare(policy) if (rows := list(each_of(candidates & each.rows)))]
        if not asked:
            return None
        person = seen(policy, policy.situation(profile, signal, now))
        shown = [[{**person, **each.where[row]} for row in rows] for each, rows in asked]
        scorers = [each.scorer for each, _ in asked]
        # several are asked at the same time: a decision waits for the slowest
        told = [scorers[0](shown[0])] if len(asked) == 1 else [*self._pool.map(_scored, scorers, shown)]
        by: list[str] = []
        said: dict[int, float] = {}
        for (each, rows), scores in zip(asked, told, strict=True):
            known = {row: p for row, p in zip(rows, scores, strict=True) if p is not None}
            if len(known) == len(rows):
                by.append(each.name)
                said |= known
        return Told(tuple(by), said) if by else None

    def prepare(self, policy: Policy) -> tuple[_Open, ...]:
        """Open what serves by a revision, so that no decision waits for it; what cannot be opened never serves."""
        found = self._open.get(policy.revision.id)
        if found is None:
            if len(self._open) >= MOST_OPEN:
                self._open.clear()
            found = self._open[policy.revision.id] = tuple(_opened(policy, self._scorers))
        return found


def _scored(scorer: Scorer, instances: Sequence[Instance]) -> Sequence[float | None]:
    return scorer(instances)


def _opened(policy: Policy, scorers: Scorers) -> list[_Open]:
    found = []
    for declared, rows in policy.serving:
        try:
            scorer = scorers.within(read(bytes(declared.estimator)), declared.deadline_ms / 1000.0)
        except InvalidError as error:
            _log.error("the estimator %s does not serve: %s", declared.name, error)
            continue
        about = {row: where(*policy.rows[row]) for row in each_of(rows)}
        found.append(_Open(declared.name, rows, about, scorer))
    return found
