"""Predictors that say much the same of persons: groups of which the first tells best, and the others may be spared.

Every one that is listened to is taken for news of its own, but for what pairs with parents correct. So the catalogue
may declare a group as `alike`, and each model listens to the one of it that tells best. Nothing is left out by itself:
which belong together is found in a sample of persons, and a revision says it, so that a decision can be made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from shared.domain.catalogue import Revision
from shared.domain.grouping import joined
from shared.domain.limits import ASSOCIATED_FROM
from shared.domain.monitoring import ModelReport
from shared.domain.pairs import crossed, likeness
from shared.domain.predictors import Predictors
from shared.domain.stand_ins import PROFILE

ALIKE_FROM = 0.8
"""The association of two predictors from which on they are of one group."""


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """A group of predictors.

    Attributes:
        reads: what they read, best first: by the AUC each has alone, over all models by their responses.
        association: the weakest that joins two of them, from 0 to 1.
    """

    reads: tuple[str, ...]
    association: float


def alike(revision: Revision, people: Sequence[Mapping[str, Any]], models: Sequence[ModelReport]) -> list[Alike]:
    """The groups among predictors of the profile, each joined by links of `ALIKE_FROM` and more.

    Args:
        revision: whose predictors.
        people: the attributes of a sample of persons; of fewer than `ASSOCIATED_FROM` nothing is said.
        models: what is known of them.
    """
    if len(people) < ASSOCIATED_FROM:
        return []
    bins, in_order = {}, {}
    for predictor in revision.catalogue.predictors:
        if predictor.reads.startswith(PROFILE):
            binning = Predictors([predictor])
            [bin_of], [in_order[predictor.reads]] = binning.finders, binning.ordered
            bins[predictor.reads] = [bin_of(person.get(predictor.reads.removeprefix(PROFILE))) for person in people]
    links = [
        (likeness(crossed(bins[one], bins[other]), in_order=in_order[one] and in_order[other]), one, other)
        for one, other in combinations(bins, 2)
    ]
    tells = _tells(models)
    return [
        Alike(reads=tuple(sorted(group, key=lambda reads: (-tells.get(reads, 0.0), reads))), association=weakest)
        for group, weakest in joined(links, ALIKE_FROM)
    ]


def _tells(models: Sequence[ModelReport]) -> dict[str, float]:
    """How well each predictor tells alone, summed over models by their responses."""
    found: dict[str, float] = {}
    for model in models:
        for predictor in model.predictors:
            responses = model.positives + model.negatives
            found[predictor.reads] = found.get(predictor.reads, 0.0) + responses * predictor.auc
    return found
