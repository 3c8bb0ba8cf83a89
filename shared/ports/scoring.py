"""Scoring by others: an estimator from a file, or one that is asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.estimators import FromOutside, Instance
from shared.domain.policy.factors import Told
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.profile import Profile
from shared.domain.signal import Signal


class Scorer(Protocol):
    """An estimator that may challenge the models."""

    def __call__(self, instances: Sequence[Instance]) -> Sequence[float | None]:
        """P of each instance, in their order; None of each that there is no score of: the estimator failed, was too
        late, or said what is no probability. It raises nothing of what goes wrong out there, and holds nobody up for
        longer than it was declared with.
        """


ScorerOf = Callable[[FromOutside], Scorer]
"""Opens what is declared. Raises InvalidError where it leads to a host that whoever runs the platform has not named."""

Asking = Callable[[Policy, Rows, Profile, Signal, datetime], Told | None]
"""Asks the estimators that serve by a revision for P of some rows, for a person, a signal and a moment; each once, and
for no longer than the revision says. An estimator that fails, is late, or does not say P of each row in its scope says
nothing; None where none of them said anything. It raises nothing.
"""
