"""Scoring by others: an estimator from a file, or one that is asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from shared.domain.estimators import FromOutside, Instance


class Scorer(Protocol):
    """An estimator that may challenge the models."""

    def __call__(self, instances: Sequence[Instance]) -> Sequence[float | None]:
        """P of each instance, in their order; None of each that there is no score of: the estimator failed, was too
        late, or said what is no probability. It raises nothing of what goes wrong out there, and holds nobody up for
        longer than it was declared with.
        """


ScorerOf = Callable[[FromOutside], Scorer]
"""Opens what is declared. Raises InvalidError where it leads to a host that whoever runs the platform has not named."""
