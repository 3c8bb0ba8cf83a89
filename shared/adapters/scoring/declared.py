"""Estimators that a file declares, scored in this process."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.estimators import Estimator, Instance, predict


class DeclaredScorer:
    """The port `Scorer` of numbers in a file."""

    def __init__(self, estimator: Estimator) -> None:
        """Score by an estimator."""
        self._estimator = estimator

    def __call__(self, instances: Sequence[Instance]) -> Sequence[float | None]:
        """P of each instance."""
        return [predict(self._estimator, instance) for instance in instances]
