"""Predictors: what propensity looks at of a person and moment, each value by the bin that it falls into.

Bins are those of the revision, for all of its models: a person is binned once in a decision. What was learnt is counted
by *cell*, the bin of a predictor. Its name is made of a digest of the predictor's definition and a character for the
bin, so that what a predictor of another definition taught is never mixed in, and what it taught stays when others
around it change.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise
from operator import getitem
from typing import Any

import msgspec

from shared.domain.catalogue import NumericPredictor, Predictor

MISSING, OTHER = 0, 1
"""Bins: of what is missing or of another type than declared, and of a word that has no bin of its own. A predictor of
numbers has no other: its lowest numbers are bin 1.
"""

CELL = 6
"""Characters of a cell's name: five of a digest (25 bits), one for the bin."""

_BINS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"


class Predictors:
    """The predictors of a revision, ready to bin.

    Attributes:
        cells: the names of the cells of each predictor, by bin.
        says: what each bin of each predictor is, in words.
        finders: what finds the bin of a value, by predictor.
    """

    def __init__(self, predictors: Sequence[Predictor]) -> None:
        """Take them in the order of the revision."""
        self.cells = tuple(_cells(predictor) for predictor in predictors)
        self.says = tuple(_says(predictor) for predictor in predictors)
        within = groupby(predictors, lambda predictor: predictor.reads.rpartition(".")[0])
        self._within = tuple((root.split("."), *zip(*map(_binning, some), strict=True)) for root, some in within)
        self.finders = tuple(bin_of for _, _, finders in self._within for bin_of in finders)

    def __len__(self) -> int:
        return len(self.cells)

    def __call__(self, situation: Mapping[str, Any]) -> list[int]:
        """The bin of each predictor in a situation."""
        bins: list[int] = []
        for roots, names, finders in self._within:
            seen = situation
            for root in roots:
                seen = seen[root]
            bins += [bin_of(value) for bin_of, value in zip(finders, map(seen.get, names), strict=True)]
        return bins

    def named(self, bins: Sequence[int]) -> str:
        """The names of these cells in one text, which is what a delivery carries."""
        return "".join(map(getitem, self.cells, bins))


def cells_of(bins: str) -> list[str]:
    """The names of the cells in such a text."""
    return [bins[start : start + CELL] for start in range(0, len(bins), CELL)]


def _cells(predictor: Predictor) -> tuple[str, ...]:
    definition = msgspec.json.encode(predictor, order="sorted")
    digest = base64.b32encode(hashlib.sha256(definition).digest()).decode()[: CELL - 1]
    named = predictor.edges if isinstance(predictor, NumericPredictor) else predictor.values
    return tuple([digest + _BINS[number] for number in range(2 + len(named))])


def _says(predictor: Predictor) -> tuple[str, ...]:
    if not isinstance(predictor, NumericPredictor):
        return "missing", "another", *predictor.values
    edges = [f"{edge:,.15g}" for edge in predictor.edges]
    between = [f"{edge} to {following}" for edge, following in pairwise(edges)]
    return "missing", f"below {edges[0]}", *between, f"{edges[-1]} and more"


def _binning(predictor: Predictor) -> tuple[str, Callable[[Any], int]]:
    """The name of what a predictor reads, and what finds the bin of its value."""
    name = predictor.reads.rpartition(".")[2]
    if isinstance(predictor, NumericPredictor):
        return name, _number(predictor.edges)
    return name, _word(predictor.values)


def _number(edges: Sequence[float]) -> Callable[[Any], int]:
    def find(value: Any) -> int:
        kind = value.__class__
        if (kind is float or kind is int) and value == value:  # noqa: PLR0124 - NaN
            return 1 + bisect_right(edges, value)
        return MISSING

    return find


def _word(values: Sequence[str]) -> Callable[[Any], int]:
    words = {value: number for number, value in enumerate(values, start=2)}
    yes_no = {True: words.get("true", OTHER), False: words.get("false", OTHER)}

    def find(value: Any) -> int:
        kind = value.__class__
        if kind is str:
            return words.get(value, OTHER)
        return yes_no[value] if kind is bool else MISSING

    return find
