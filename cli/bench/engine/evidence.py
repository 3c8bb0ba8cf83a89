"""What the models of the bench bank have learnt."""

from __future__ import annotations

import random
from collections.abc import Mapping

from cli.bench.engine import bank
from shared.domain.catalogue import Revision
from shared.domain.predictors import Predictors
from shared.domain.propensity import Counts, model_id


def learnt(revision: Revision) -> Mapping[str, Counts]:
    """Models that have seen some in each bin."""
    rng = random.Random(bank.SEED)  # noqa: S311 - data to measure with
    cells = [name for names in Predictors(revision.catalogue.predictors).cells for name in names]
    found = {}
    for _, treatment in revision.treatments.values():
        negatives = {cell: rng.randrange(1, 400) for cell in cells}
        positives = {cell: rng.randrange(1 + count // 4) for cell, count in negatives.items()}
        found[model_id(treatment.id, treatment.channel)] = Counts(
            positives=sum(positives.values()) // bank.PREDICTORS,
            negatives=sum(negatives.values()) // bank.PREDICTORS,
            positives_by_cell=positives,
            negatives_by_cell=negatives,
        )
    return found
