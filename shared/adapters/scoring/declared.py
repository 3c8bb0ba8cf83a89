"""Estimators that a file declares, scored in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from shared.domain.estimators import Estimator, Instance, predict


class DeclaredScorer:
    """The port `Scorer` of numbers in a file."""

    def __init__(
        self, estimator: Estimator, seconds: float | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Score by an estimator, within some seconds where they are given."""
        self._estimator = estimator
        self._seconds = seconds
        self._monotonic = monotonic

    def __call__(self, instances: Sequence[Instance]) -> Sequence[float | None]:
        """P of each instance; of none where they take too long."""
        if self._seconds is None:
            return [predict(self._estimator, instance) for instance in instances]
        found: list[float | None] = []
        deadline = self._monotonic() + self._seconds
        for instance in instances:
            if self._monotonic() > deadline:
                return [None] * len(instances)
            found.append(predict(self._estimator, instance))
        return found
