"""`slots.1000`: ten slots of three placements filled from a thousand ranked candidates, under limits and bundles."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.engine.exact import Model
from cli.bench.results import Result, result
from cli.say import fail
from shared.domain.slots import Filler, SlotLimits, SlotTreatment

CANDIDATES = 1000
WANTED = tuple(zip(bank.PLACEMENTS, (2, 3, 5), strict=True))
MOST = 200.0
"""Microseconds that the median may take."""

LIMITS = {"highspy": 1 / 20}
_MICROSECONDS = 1e6
_CLOSE = 1e-6


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Fill the slots of as many requests as there are persons, in each round another ranking."""
    rng = random.Random(bank.SEED + 3)  # noqa: S311 - data to measure with
    treatments = [_treatment(number, rng) for number in range(CANDIDATES)]
    actions = rng.sample([treatment.action for treatment in treatments], 6)
    limits = SlotLimits(
        per_group=1,
        per_issue=3,
        at_least_one_of=("issue_2",),
        bundles=(tuple(actions[:2]), tuple(actions[2:4]), tuple(actions[4:])),
    )
    filler = Filler(treatments, limits)
    tell(f"slots: {counts.engine_rounds} rounds of {counts.engine_persons} requests")
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(counts.engine_rounds + 1):
        for request in range(counts.engine_persons):
            worth = [rng.lognormvariate(0.0, 1.0) for _ in treatments]
            ranked = sorted(range(CANDIDATES), key=worth.__getitem__, reverse=True)
            priorities = [worth[treatment] for treatment in ranked]
            started = time.perf_counter()
            filled = filler.fill(ranked, priorities, WANTED)
            taken = (time.perf_counter() - started) * _MICROSECONDS
            if number:
                ours.append(taken)
            if request % counts.engine_stride == number % counts.engine_stride:
                started = time.perf_counter()
                exact = Model(treatments, limits, worth, WANTED).solve()
                if number:
                    theirs.append((time.perf_counter() - started) * _MICROSECONDS)
                mine = sum(priorities[position] for inside in filled.chosen for position in inside)
                met = len(limits.at_least_one_of) - len(filled.unmet)
                if met != exact.met or abs(mine - exact.priority) > _CLOSE * exact.priority:
                    fail(
                        f"highspy and Kairos differ about request {request}: {exact} against {met}, {mine:.9g}.",
                        "one of them is wrong; nothing was measured",
                    )
    name = f"slots.{CANDIDATES}"
    return [result(name, "µs", ours, bench="engine", peers={"highspy": theirs}, limits=LIMITS, most=MOST)]


def _treatment(number: int, rng: random.Random) -> SlotTreatment:
    group = rng.randrange(bank.GROUPS)
    return SlotTreatment(
        action=f"action_{number:04d}",
        group=f"group_{group}",
        issue=f"issue_{group % bank.ISSUES}",
        placements=(rng.choice(bank.PLACEMENTS),),
    )
