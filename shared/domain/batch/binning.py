"""The bins that the persons of a wave are in, a column a predictor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shared.domain.batch.packed import Places
from shared.domain.batch.values import Values
from shared.domain.catalogue import NumericPredictor
from shared.domain.classifier import Vector
from shared.domain.policy.atoms import NoValue
from shared.domain.policy.policy import Policy
from shared.domain.predictors import MISSING

_HASHED = frozenset({str, NoValue})


def binned(policy: Policy, values: Values) -> list[Places]:
    """The bin of each person, by predictor."""
    predictors = policy.revision.catalogue.predictors
    found = []
    for predictor, bin_of in zip(predictors, policy.factors.predictors.finders, strict=True):
        path = tuple(predictor.reads.split("."))
        numbers = values.doubles(path)
        if isinstance(predictor, NumericPredictor) and numbers is not None:
            found.append(_of_doubles(numbers, predictor.edges))
        else:
            known = _Bins(bin_of)
            raw = values.raw(path)
            of = known.__getitem__ if set(map(type, raw)) <= _HASHED else bin_of
            found.append(np.fromiter(map(of, raw), np.intp, len(raw)))
    return found


class _Bins(dict[Any, int]):
    """The bins of texts and of what is not there, each found once."""

    def __init__(self, bin_of: Callable[[Any], int]) -> None:
        super().__init__()
        self._bin_of = bin_of

    def __missing__(self, value: Any) -> int:
        found = self[value] = self._bin_of(value)
        return found


def _of_doubles(numbers: Vector, edges: Sequence[float]) -> Places:
    bins: Places = 1 + np.searchsorted(np.array(edges, np.float64), numbers, side="right")
    bins[np.isnan(numbers)] = MISSING
    return bins
