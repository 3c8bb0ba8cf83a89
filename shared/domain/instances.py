"""Instances: what an estimator from outside is shown of a person and moment, and of a treatment."""

from __future__ import annotations

from shared.domain.catalogue import Action, Treatment
from shared.domain.estimators import PLACES, Seen
from shared.domain.policy.policy import Policy
from shared.domain.policy.situation import Variables

SIMPLE = (str, int, float, bool)
"""Of these types is what is shown; anything else is missing."""


def seen(policy: Policy, situation: Variables) -> dict[str, Seen]:
    """What the predictors of a revision read of a person and moment."""
    found = {}
    for predictor in policy.revision.catalogue.predictors:
        *roots, name = predictor.reads.split(".")
        within = situation
        for root in roots:
            within = within[root]
        if isinstance(value := within.get(name), SIMPLE):
            found[predictor.reads] = value
    return found


def where(action: Action, treatment: Treatment) -> dict[str, Seen]:
    """What is said of a treatment."""
    said = action.issue, action.group, action.id, treatment.id, treatment.channel
    return dict(zip(PLACES, said, strict=True))
