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
from functools import cache
from itertools import groupby, pairwise
from operator import getitem, itemgetter
from typing import Any

import msgspec

from shared.domain.catalogue import Learning, NumericPredictor, Predictor

MISSING, OTHER = 0, 1
"""Bins: of what is missing or of another type than declared, and of a word that has no bin of its own. A predictor of
numbers has no other: its lowest numbers are bin 1.
"""

CELL = 6
"""Characters of a cell's name: five of a digest (25 bits), one for the bin."""

Cells = tuple[str, ...]
"""Names of cells."""

_PARENTS, _FORGETS, _SCORED = "|", "~", "^"
_PLAIN = Learning()
_BINS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"

SCORES = tuple([f"score{letter}" for letter in _BINS])
"""The names of the cells that scores fall into, see `shared.domain.calibration`; no digest has such letters."""

SHADOWS = tuple([f"shade{letter}" for letter in _BINS])
"""The same for the scores of a challenger."""


class Predictors:
    """The predictors of a revision, ready to bin.

    Attributes:
        cells: the names of the cells of each predictor, by bin.
        says: what each bin of each predictor is, in words.
        parents: the numbers of those whose bins are counted together with those of the others.
        digests: of the definition of each, with which the names of its cells begin.
        alike: the numbers of those that are declared to say much the same, by group.
        alike_from: the association from which on those that were found so are taken for alike; None where none are.
        ordered: whether the bins of each are of numbers, lowest first.
        finders: what finds the bin of a value, by predictor.
        calibrated: whether scores are calibrated by what came of them.
    """

    def __init__(self, predictors: Sequence[Predictor], learning: Learning = _PLAIN) -> None:
        """Take them in the order of the revision, and how models learn by them."""
        places = {predictor.reads: number for number, predictor in enumerate(predictors)}
        self.parents = tuple([places[reads] for reads in learning.parents])
        self.alike = tuple([tuple([places[reads] for reads in group]) for group in learning.alike])
        self.alike_from = learning.alike_from
        self.calibrated = learning.calibrated
        self._half_life = f"{_FORGETS}{learning.half_life_days}" if learning.half_life_days else ""
        self.cells = tuple(_cells(predictor) for predictor in predictors)
        self.digests = tuple([cells[0][: CELL - 1] for cells in self.cells])
        self.ordered = tuple(isinstance(predictor, NumericPredictor) for predictor in predictors)
        self.says = tuple(_says(predictor) for predictor in predictors)
        self.finders = tuple(map(_finder, predictors))
        self._bins = _compiled(predictors, self.finders)

    def __len__(self) -> int:
        return len(self.cells)

    def __call__(self, situation: Mapping[str, Any]) -> list[int]:
        """The bin of each predictor in a situation."""
        return self._bins(situation)

    def named(self, bins: Sequence[int]) -> str:
        """The names of these cells in one text, which is what a delivery carries, with how they are learnt: after them
        come those of the parents again, and the half-life in days.
        """
        cells = "".join(map(getitem, self.cells, bins))
        if self.parents:
            cells += _PARENTS + "".join([self.cells[number][bins[number]] for number in self.parents])
        return cells + self._half_life


def taught_by(bins: str) -> tuple[Cells, str, str]:
    """What such a text says: the cells that the person was in; the parents among them, that the others are counted
    together with, and what the model's score fell into, as `cells_in` and `scores_in` take them.
    """
    known, _, score = bins.partition(_SCORED)
    told, _, _ = known.partition(_FORGETS)
    cells, _, parents = told.partition(_PARENTS)
    return _cut(len(cells))(cells), parents, score


def cells_in(names: str) -> Cells:
    """The cells that are named one after the other."""
    return _cut(len(names))(names)


def scores_in(score: str) -> Cells:
    """The cell of what the model's score fell into, and that of a challenger's; none where they are not counted."""
    return tuple([cells[_BINS.index(letter)] for cells, letter in zip((SCORES, SHADOWS), score, strict=False)])


def half_life_of(bins: str) -> int:
    """The half-life in days that such a text says, see `Learning`; 0 where nothing is forgotten."""
    if _FORGETS not in bins:
        return 0
    return int(bins.partition(_FORGETS)[2].partition(_SCORED)[0])


def scored(bins: str, *scores: int) -> str:
    """Such a text of one treatment, with the bin that its model's score fell into, and that of a challenger."""
    return f"{bins}{_SCORED}{''.join([_BINS[score] for score in scores])}"


@cache
def _cut(length: int) -> Callable[[str], Cells]:
    """What cuts so many characters into the names of cells; there are as many lengths as numbers of predictors."""
    starts = range(0, length, CELL)
    if len(starts) < 2:
        return lambda names: (names,) * len(starts)
    return itemgetter(*[slice(start, start + CELL) for start in starts])


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


def _compiled(
    predictors: Sequence[Predictor], finders: Sequence[Callable[[Any], int]]
) -> Callable[[Mapping[str, Any]], list[int]]:
    """A function that finds all bins of a situation, written out as that of `shared.domain.policy.index` is: the usual
    kind of value is looked up in place, any other by the predictor's finder.
    """
    bound: dict[str, Any] = {"bisect": bisect_right}
    lines, found = [], []
    within = groupby(enumerate(predictors), lambda each: each[1].reads.rpartition(".")[0])
    for number, (root, some) in enumerate(within):
        steps = root.split(".")
        bound.update({f"step{number}_{depth}": step for depth, step in enumerate(steps)})
        lines.append(f"get{number} = situation{''.join(f'[step{number}_{n}]' for n in range(len(steps)))}.get")
        for n, predictor in some:
            bound[f"name{n}"], bound[f"find{n}"] = predictor.reads.rpartition(".")[2], finders[n]
            other = f"{MISSING} if value is None else find{n}(value)"
            value = f"(value := get{number}(name{n})).__class__"
            if isinstance(predictor, NumericPredictor):
                bound[f"edges{n}"] = predictor.edges
                at = f"1 + bisect(edges{n}, value)"
                found.append(f"{at} if {value} is float and value == value or value.__class__ is int else {other}")
            else:
                bound[f"words{n}"] = _words(predictor.values).get
                found.append(f"words{n}(value, {OTHER}) if {value} is str else {other}")
    lines.append(f"return [{', '.join(found)}]")
    source = f"def bins(situation, {', '.join(f'{name}={name}' for name in bound)}):\n " + "\n ".join(lines)
    exec(source, bound)  # noqa: S102 - made of numbered names alone
    made: Callable[[Mapping[str, Any]], list[int]] = bound.pop("bins")
    return made


def _finder(predictor: Predictor) -> Callable[[Any], int]:
    """What finds the bin of a predictor's value."""
    return _number(predictor.edges) if isinstance(predictor, NumericPredictor) else _word(predictor.values)


def _number(edges: Sequence[float]) -> Callable[[Any], int]:
    def find(value: Any) -> int:
        kind = value.__class__
        if (kind is float or kind is int) and value == value:  # noqa: PLR0124 - NaN
            return 1 + bisect_right(edges, value)
        return MISSING

    return find


def _words(values: Sequence[str]) -> dict[str, int]:
    return {value: number for number, value in enumerate(values, start=2)}


def _word(values: Sequence[str]) -> Callable[[Any], int]:
    words = _words(values)
    yes_no = {True: words.get("true", OTHER), False: words.get("false", OTHER)}

    def find(value: Any) -> int:
        kind = value.__class__
        if kind is str:
            return words.get(value, OTHER)
        return yes_no[value] if kind is bool else MISSING

    return find
