"""`propensity.1000` and `thompson.1000`: P of a thousand rows by 30 predictors, from a situation on, and the same drawn
for the rows that may be; against a loop over the rows in Python that multiplies the same factors.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from cli.bench.counts import Counts as Rounds
from cli.bench.engine import bank
from cli.bench.engine.bank import PREDICTORS
from cli.bench.engine.evidence import learnt
from cli.bench.results import Result, result
from cli.say import fail
from shared.domain.catalogue import Revision
from shared.domain.classifier import Classifier, model_of
from shared.domain.policy.policy import Policy
from shared.domain.predictors import Predictors
from shared.domain.propensity import Counts

ROWS, CANDIDATES = 1000, 220
LIMIT = 1 / 20
"""What the ratio to the loop may not exceed. The limit of the vector itself, 30 µs, is of no machine in particular."""

_LOOP = "a loop over rows in Python"
_MICROSECONDS = 1e6


def measure(counts: Rounds, tell: Any) -> list[Result]:
    """Measure both in one run."""
    tell(f"propensity: {ROWS} rows, {PREDICTORS} predictors")
    revision = bank.revision(ROWS, PREDICTORS)
    exploring = Revision(msgspec.structs.replace(revision.catalogue, exploration="thompson"))
    evidence = learnt(revision)
    rows = np.sort(np.random.default_rng(bank.SEED).permutation(ROWS)[:CANDIDATES])
    people = bank.people(counts.engine_persons)
    times: dict[str, list[float]] = {"propensity": [], "thompson": [], _LOOP: []}
    policies = {"propensity": Policy(revision), "thompson": Policy(exploring)}
    loop = _Loop(revision, evidence)
    situations = [
        policies["propensity"].situation(person, bank.signal(number), bank.NOW) for number, person in enumerate(people)
    ]
    for number in range(counts.engine_rounds + 1):
        for name, policy in policies.items():
            for position, situation in enumerate(situations):
                started = time.perf_counter()
                policy.factors.propensities(evidence, situation, f"d-{position}", rows)
                taken = time.perf_counter() - started
                if number:
                    times[name].append(taken * _MICROSECONDS)
        for position in range(number % counts.engine_stride, len(situations), counts.engine_stride):
            started = time.perf_counter()
            looped = loop(situations[position])
            taken = time.perf_counter() - started
            if number:
                times[_LOOP].append(taken * _MICROSECONDS)
            ours = policies["propensity"].factors.propensities(evidence, situations[position], "d", rows)
            if not np.allclose(ours.p, [looped[row] for row in rows.tolist()], rtol=0, atol=1e-6):
                fail(f"the loop and Kairos differ about person {position}.", "one is wrong; nothing was measured")
    peers = {_LOOP: times[_LOOP]}
    return [
        result(f"propensity.{ROWS}", "µs", times["propensity"], bench="engine", peers=peers, limit=LIMIT),
        result(f"thompson.{ROWS}", "µs", times["thompson"], bench="engine", peers=peers),
    ]


class _Loop:
    """What one writes first: bin each value, then look each row's log odds up by predictor and bin."""

    def __init__(self, revision: Revision, learnt: Mapping[str, Counts]) -> None:
        models = [model_of(a, treatment) for a in revision.catalogue.actions for treatment in a.treatments]
        self._predictors = Predictors(revision.catalogue.predictors)
        classifier = Classifier(models, self._predictors, learnt)
        self._logs = [math.log(p / (1 - p)) for p in classifier.means.tolist()]
        self._tables: list[list[dict[int, float]]] = [
            [
                {
                    number: 0.0 if vector is None else math.log(vector[row])
                    for number, vector in enumerate(classifier.factors[index])
                }
                for index in range(PREDICTORS)
            ]
            for row in range(len(models))
        ]

    def __call__(self, situation: Mapping[str, Any]) -> Sequence[float]:
        bins = self._predictors(situation)
        found = []
        for tables, log_odds in zip(self._tables, self._logs, strict=True):
            moved = log_odds + sum(map(dict.get, tables, bins, repeat(0.0, PREDICTORS)))
            found.append(1 / (1 + math.exp(-moved)))
        return found
