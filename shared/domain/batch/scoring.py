"""Propensities and priorities of a wave: of the pairs of person and treatment that qualify, and of no others.

A pair's odds are multiplied by a factor a predictor. Here two predictors are one, with a table of the products for each
row: half of the look-ups. What is looked up is then multiplied in another order than `Classifier` multiplies in, and a
product of doubles depends on that in its last bits. P is rounded to eight decimals, so this matters for the very few
that lie as near to the middle of two; those are worked out again in its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from shared.domain.batch.binning import binned
from shared.domain.batch.conditions import Conditions
from shared.domain.batch.packed import Places, Words, places, unpacked
from shared.domain.batch.serving import serving_of
from shared.domain.batch.values import Values
from shared.domain.cel import program
from shared.domain.classifier import Classifier, Numbers, Vector, model_of, rounded
from shared.domain.columns import Columns, columns_of, power
from shared.domain.exploration import draw_each, streams
from shared.domain.policy.conditions import weighing
from shared.domain.policy.factors import MAX_CONTEXT_WEIGHT, MAX_VALUE, PROPENSITY_DIGITS
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts
from shared.domain.ranking import PARTS

MOST_TOGETHER = 128
"""Combinations of the bins of predictors that are looked up as one."""

_TOO_NEAR = 1e-7
"""Of a part, for each factor: how near to the middle of two P must be for the order to matter. By a factor more, a
product of doubles in another order differs by 2.3e-16 of it at the most, which of P is a fourth of this.
"""


_IN_CACHE = 1 << 13
"""Pairs whose numbers stay in a processor's cache while one step is taken after the other."""


def parted(pairs: int) -> Iterator[slice]:
    """So many pairs in parts that stay in the cache."""
    for begin in range(0, pairs, _IN_CACHE):
        yield slice(begin, begin + _IN_CACHE)


class Pairs(NamedTuple):
    """Persons and the rows that they qualify for, by row and then by person.

    Attributes:
        rows: of each pair.
        persons: of each pair.
        starts: where the pairs of each row begin, and the end of the last.
        propensities: P, as it is ranked by.
        values: V, pounds of an acceptance less the price of the contact.
        bare: the priority without its lever.
        priorities: what is ranked by.
    """

    rows: Places
    persons: Places
    starts: Places
    propensities: Vector
    values: Vector
    bare: Vector
    priorities: Vector

    def at(self, rows: Places, persons: Places) -> Places:
        """Where the pairs of these rows and persons are, all of which qualify."""
        stride = 1 + int(self.persons.max(initial=0))
        return np.searchsorted(self.rows * stride + self.persons, rows * stride + persons)


class Scorer:
    """Scores the pairs of waves, for one revision and the evidence of one moment.

    Attributes:
        reads: the paths that it reads.
    """

    def __init__(self, policy: Policy, counts: Mapping[str, Counts]) -> None:
        """Work out what does not depend on persons."""
        self._policy = policy
        self._counts = counts
        self._columns: Columns = columns_of(policy)
        self._weighing = Conditions(
            len(policy.revision.catalogue.context_weights), *weighing(policy.revision.catalogue)
        )
        factors = policy.factors
        self.reads = {
            *self._weighing.reads,
            *(tuple(each.reads.split(".")) for each in policy.revision.catalogue.predictors),
        }
        self._serving = serving_of(policy)
        self._looks = bool(factors.predictors)
        self._fixed: Any = None
        if not self._looks and not factors.explores:
            self._fixed = np.array(factors.starting(counts), np.float64)
            return
        models = [model_of(action, treatment) for action, treatment in policy.rows]
        self._classifier = Classifier(models, factors.predictors, counts)
        self._tables = _Tables(self._classifier) if self._classifier.factors else None
        if factors.explores:
            self._starts = streams([treatment.id for _, treatment in policy.rows])

    def __call__(self, passing: Words, values: Values, decisions: Sequence[str]) -> Pairs:
        """Score.

        Args:
            passing: the persons of each row.
            values: of the wave.
            decisions: the id of each person's decision; of no matter unless the catalogue explores.
        """
        counts = np.bitwise_count(passing).sum(axis=1, dtype=np.intp)
        starts = np.concatenate(([0], np.cumsum(counts)))
        rows = np.repeat(np.arange(len(counts)), counts)
        # of one long line what is up is found several times as fast as of a table
        persons = unpacked(passing, len(values)).reshape(-1).nonzero()[0]
        persons -= np.repeat(np.arange(len(counts)) * len(values), counts)
        propensities = self._propensities(rows, persons, starts, values, decisions)
        for some in parted(len(rows)):
            parts = np.rint(propensities[some] * PARTS)
            parts = np.minimum(np.maximum(parts, 1.0, out=parts), PARTS - 1.0, out=parts)
            np.divide(parts, PARTS, out=propensities[some])
        worth = self._values(rows, persons, starts, values)
        w = self._policy.revision.catalogue.weights
        contexts = self._contexts(rows, persons, values)
        bare = power(self._columns.effects(propensities, rows), w.propensity)
        if contexts is not None:
            bare = bare * power(contexts, w.context)
        bare = bare * power(worth, w.value)
        priorities = bare * power(self._columns.levers, w.lever)[rows]
        return Pairs(rows, persons, starts, propensities, worth, bare, priorities)

    def _propensities(
        self, rows: Places, persons: Places, starts: Places, values: Values, decisions: Sequence[str]
    ) -> Vector:
        means = self._means(rows, persons, starts, values)
        if self._serving:
            means = self._serving.over(means, rows, persons, values)
        if not self._policy.factors.explores:
            return means
        means = rounded(means, PROPENSITY_DIGITS)
        evidence = self._classifier.evidence
        return rounded(draw_each(decisions, persons, self._starts[rows], means, evidence[rows]), PROPENSITY_DIGITS)

    def _means(self, rows: Places, persons: Places, starts: Places, values: Values) -> Vector:
        """What the models expect."""
        means: Vector
        if self._fixed is not None:
            means = self._fixed[rows]
        elif self._tables is not None:
            means = self._tables(binned(self._policy, values), rows, persons, starts)
        else:
            means = self._classifier.means[rows]
            if self._classifier.calibration is not None:
                means, _ = self._classifier.calibration(means, rows)
        return means

    def _values(self, rows: Places, persons: Places, starts: Places, values: Values) -> Vector:
        """V of each pair; a value that cannot be computed is worth nothing."""
        columns = self._columns
        found: Vector = columns.values[rows]
        for text, concerned, _ in columns.computed:
            computed = self._computed(text, values)
            for row in places(concerned, columns.size).tolist():
                here = slice(starts[row], starts[row + 1])
                worth = computed.of(persons[here]) - columns.prices[row]
                found[here] = np.minimum(np.maximum(worth, 0.0), MAX_VALUE) + 0.0
        return found

    def _computed(self, text: str, values: Values) -> _Computed:
        return _Computed(self._policy, text, values)

    def _contexts(self, rows: Places, persons: Places, values: Values) -> Vector | None:
        """C of each pair, None where it is 1 for all."""
        weights = self._policy.scoped_weights
        if not weights:
            return None
        everybody = np.full((len(weights), -(-len(values) // 64)), ~np.uint64(0), np.uint64)
        self._weighing.narrow(everybody, values)
        holds = unpacked(everybody, len(values))
        contexts = np.ones(len(rows))
        for (weight, concerned), whose in zip(weights, holds, strict=True):
            if whose.any():
                in_scope = np.zeros(self._columns.size, np.bool_)
                in_scope[places(concerned, self._columns.size)] = True
                contexts[in_scope[rows] & whose[persons]] *= weight
        return np.minimum(contexts, MAX_CONTEXT_WEIGHT)


class _Computed:
    """What an expression yields for some persons, worked out once each; minus infinity where it is no number."""

    def __init__(self, policy: Policy, text: str, values: Values) -> None:
        self._policy, self._text, self._values = policy, text, values
        self._reads = program(policy.revision.catalogue.expressions[text].program).reads
        self._known = np.full(len(values), np.nan)
        self._by_key: dict[Any, float] = {}

    def of(self, persons: Places) -> Vector:
        """For these persons."""
        for person in persons[np.isnan(self._known[persons])].tolist():
            key = self._values.key(person, self._reads)
            value = self._by_key.get(key) if key is not None else None
            if value is None:
                number = self._policy.number(self._text, self._values.situation(person)) or 0.0
                value = number if abs(number) < np.inf else -np.inf
                if key is not None:
                    self._by_key[key] = value
            self._known[person] = value
        found: Vector = self._known[persons]
        return found


class _Tables:
    """What the bins of several predictors together do to the odds of each row."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._row_count = len(classifier.means)
        factors = classifier.factors
        ones = np.ones(self._row_count)
        by_predictor = [np.array([ones if each is None else each for each in bins]) for bins in factors]
        self._too_near = _TOO_NEAR * (len(by_predictor) + 5)
        self._groups: list[list[int]] = []
        tables: list[Any] = []
        for n, each in enumerate(by_predictor):
            if tables and len(tables[-1]) * len(each) <= MOST_TOGETHER:
                tables[-1] = (tables[-1][:, None, :] * each[None, :, :]).reshape(-1, self._row_count)
                self._groups[-1].append(n)
            else:
                tables.append(each)
                self._groups.append([n])
        self._offsets = np.concatenate(([0], np.cumsum([len(table) for table in tables])))[:-1]
        self._of_row = np.ascontiguousarray(np.concatenate(tables).T)
        self._own_order = by_predictor

    def __call__(self, bins: Sequence[Any], rows: Places, persons: Places, starts: Places) -> Vector:
        """P of every pair, not rounded yet, but on the side of the middle that the classifier's own order gives."""
        codes = np.empty((len(self._groups), len(bins[0])), np.intp)
        for n, (first, *others) in enumerate(self._groups):
            code = bins[first]
            for other in others:
                code = code * len(self._own_order[other]) + bins[other]
            codes[n] = code + self._offsets[n]
        odds = np.empty(len(persons))
        base = self._classifier.odds
        begins = starts.tolist()
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            for row, (begin, end) in enumerate(pairwise(begins)):
                if begin < end:
                    some = codes.take(persons[begin:end], axis=1)
                    np.multiply.reduce(self._of_row[row].take(some), axis=0, out=odds[begin:end])
                    odds[begin:end] *= base[row]
            together = self._together(bins, rows, persons)
            if together is not None:
                odds *= together
            p, near = odds, np.empty(len(odds), np.bool_)
            for part in parted(len(odds)):
                np.divide(odds[part], 1.0 + odds[part], out=p[part])
                scaled = p[part] * PARTS
                near[part] = ~(np.abs(scaled - np.floor(scaled) - 0.5) > self._too_near)
        calibration = self._classifier.calibration
        if calibration is not None:  # which may bring what is near to a middle anywhere
            near[:] = True
        if near.any():
            some = near.nonzero()[0]
            p[some] = self._exactly(bins, rows[some], persons[some], together if together is None else together[some])
        plain = self._classifier.plain
        if plain is not None:
            np.copyto(p, self._classifier.means[rows], where=plain[rows])
        return p if calibration is None else calibration(p, rows)[0]

    def _together(self, bins: Sequence[Any], rows: Numbers, persons: Places) -> Vector | None:
        """What the bins of each pair's person say together, as a factor; None where nothing does."""
        interactions = self._classifier.interactions
        if interactions is None or not len(persons):
            return None
        added = np.array([interactions.added(of) for of in np.stack(bins, axis=1).tolist()])
        return interactions.factors_of(added, rows, persons)

    def _exactly(self, bins: Sequence[Any], rows: Numbers, persons: Places, together: Vector | None) -> Vector:
        """P of some pairs in the classifier's own order."""
        odds: Vector = self._classifier.odds[rows]
        for factors, of in zip(self._own_order, bins, strict=True):
            odds = odds * factors[of[persons], rows]
        if together is not None:
            odds = odds * together
        found: Vector = odds / (1.0 + odds)
        return found
