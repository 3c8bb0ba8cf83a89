"""Estimators from outside that serve and are numbers in a file, for many persons together: they say what they say of
each alone. An endpoint is asked by nobody here; of what it serves the models say P.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.domain.batch.packed import Places
from shared.domain.batch.values import Values
from shared.domain.classifier import Vector
from shared.domain.estimators import (
    PLACES,
    Endpoint,
    Estimator,
    Feature,
    Linear,
    Seen,
    Tree,
    predict,
    probability,
    read,
    sigmoid,
)
from shared.domain.instances import SIMPLE, seen, where
from shared.domain.policy.factors import Told
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows, each_of
from shared.domain.policy.situation import Variables

_KEPT = 8
"""Revisions whose estimators are kept read."""


class _Filed(NamedTuple):
    """An estimator in a file: its name, its rows, which of all rows these are, and what is said of each."""

    name: str
    estimator: Estimator
    rows: Rows
    among: NDArray[np.bool_]
    where: Mapping[int, Mapping[str, Seen]]


class Serving:
    """The estimators in files that serve by a revision."""

    def __init__(self, policy: Policy) -> None:
        """Read them."""
        self._policy = policy
        self._filed = tuple(_filed(policy))

    def __bool__(self) -> bool:
        return bool(self._filed)

    def told(self, situation: Variables, candidates: Rows) -> Told | None:
        """What they say of one person's candidates; None where that is nothing."""
        person = seen(self._policy, situation)
        by: list[str] = []
        said: dict[int, float] = {}
        for each in self._filed:
            rows = list(each_of(candidates & each.rows))
            found = {row: predict(each.estimator, {**person, **each.where[row]}) for row in rows}
            known = {row: p for row, p in found.items() if p is not None}
            if rows and len(known) == len(rows):
                by.append(each.name)
                said |= known
        return Told(tuple(by), said) if by else None

    def over(self, p: Vector, rows: Places, persons: Places, values: Values) -> Vector:
        """P of pairs of a row and a person, with that of the models in place of what they do not say."""
        found = p.copy()
        for each in self._filed:
            some = each.among[rows].nonzero()[0]
            if not len(some):
                continue
            pairs = rows[some], persons[some]
            numbers = [_numbers(feature, each, *pairs, values) for feature in each.estimator.features]
            said = _predicted(each.estimator, numbers, len(some))
            silent = np.isnan(said)
            if silent.any():  # of a person all in a scope, or nothing
                spared = np.isin(pairs[1], pairs[1][silent])
                some, said = some[~spared], said[~spared]
            found[some] = said
        return found


@lru_cache(_KEPT)
def serving_of(policy: Policy) -> Serving:
    """The estimators in files that serve by a revision, read once."""
    return Serving(policy)


def _filed(policy: Policy) -> list[_Filed]:
    found = []
    for declared, rows in policy.serving:
        estimator = read(bytes(declared.estimator))
        if not isinstance(estimator, Endpoint):
            about = {row: where(*policy.rows[row]) for row in each_of(rows)}
            among = np.zeros(len(policy.rows), np.bool_)
            among[list(about)] = True
            found.append(_Filed(declared.name, estimator, rows, among, about))
    return found


def _numbers(feature: Feature, of: _Filed, rows: Places, persons: Places, values: Values) -> Vector:
    """A feature of pairs."""
    if feature.reads in PLACES:
        by_row = np.zeros(len(of.among))
        for row, about in of.where.items():
            by_row[row] = feature.of(about)
        return by_row[rows]
    raw = values.raw(tuple(feature.reads.split(".")))
    known = [feature.of({feature.reads: value} if isinstance(value, SIMPLE) else {}) for value in raw]
    return np.array(known, np.float64)[persons]


def _predicted(estimator: Estimator, numbers: Sequence[Vector], count: int) -> Vector:
    """P of each pair, added up in the order in which `predict` does; NaN where it says none."""
    total = np.zeros(count)
    if isinstance(estimator, Linear):
        for coefficient, column in zip(estimator.coefficients, numbers, strict=True):
            total = total + coefficient * column
        return _each(sigmoid, estimator.intercept + total)
    for tree in estimator.trees:
        total = total + _of(tree, numbers, count)
    if estimator.adds_up_to == "log_odds":
        return _each(sigmoid, estimator.base + total)
    return _each(probability, total / len(estimator.trees))


def _of(tree: Tree, numbers: Sequence[Vector], count: int) -> Vector:
    """What the leaves say that pairs come to."""
    feature, threshold = np.array(tree.feature), np.array(tree.threshold)
    followers = np.array([tree.right, tree.left])
    node = np.zeros(count, np.intp)
    columns = np.array(numbers)
    while (inner := (feature[node] >= 0).nonzero()[0]).size:
        at = node[inner]
        node[inner] = followers[(columns[feature[at], inner] <= threshold[at]).astype(np.intp), at]
    found: Vector = np.array(tree.value)[node]
    return found


def _each(of: Callable[[float], float | None], numbers: Vector) -> Vector:
    """What a function says of each number; NaN where it says nothing."""
    return np.array([np.nan if (p := of(number)) is None else p for number in numbers.tolist()], np.float64)
