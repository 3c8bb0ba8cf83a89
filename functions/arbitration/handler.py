"""Arbitration: rank what engagement policy let through. It ranks, it does not choose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.domain.arbitration import rank
from shared.domain.errors import NotFoundError, TransientError
from shared.domain.ranking import unpacked
from shared.messages import ActionsQualified, ActionsRanked
from shared.ports import Asking, Catalogues, Models


class Arbitrate:
    """The use case over its ports. It reads no database: revision and model counts are cached in the process."""

    def __init__(self, catalogues: Catalogues, models: Models, asking: Callable[[], Asking] | None = None) -> None:
        """Rank by the revision that each message names and by the models as last refreshed; `asking` makes what asks
        the estimators from outside that serve, once any does.
        """
        self._catalogues = catalogues
        self._models = models
        self._asking = asking

    def __call__(self, qualified: ActionsQualified, now: datetime) -> tuple[ActionsRanked]:
        """The candidates, best first, each with its factors."""
        try:
            policy = self._catalogues.get(qualified.revision)
        except NotFoundError as error:
            raise TransientError(str(error)) from error
        candidates = policy.checked(unpacked(qualified.candidate_rows))
        told = None
        if policy.serving and self._asking is not None:
            told = self._asking()(policy, candidates, qualified.profile, qualified.signal, qualified.decided_at)
        ranking = rank(
            policy,
            candidates,
            qualified.profile,
            qualified.signal,
            self._models.counts(),
            qualified.decided_at,
            arms=qualified.arms,
            told=told,
            # the same for everybody who asks for these slots, unless a message is of others than its candidates
            among=policy.masks.slots(qualified.slots.channels, qualified.slots.placements) | candidates,
        )
        return (qualified.ranked(ranking, now),)
