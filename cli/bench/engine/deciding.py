"""`decision.1000` and `decision.5000`: a whole decision, from the bytes of a request to those of the answer and of the
record, against engagement policy alone, and against what one would write first.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.engine.decider import Decider
from cli.bench.engine.straightforward import Straightforward
from cli.bench.results import Result, percentile, result
from cli.say import fail
from shared.domain.engagement import Slots, qualify
from shared.domain.replay import replay

SMALL, LARGE = 1000, 5000
POLICY = f"policy.{SMALL}"
STRAIGHTFORWARD = "common-expression-language"
MOST_STAGES = 5.0
"""Times of the policy step alone that a whole decision may take."""

MOST_STRAIGHTFORWARD = 1 / 25
MOST_GROWTH = 2.5
MOST_TAIL = 2.0

_MICROSECONDS = 1e6
_SLOTS = Slots(channels=("web",), placements=bank.PLACEMENTS, counts=(1,) * len(bank.PLACEMENTS))


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure both sizes, and everything that they are held against, in one run."""
    people = bank.people(counts.engine_persons)
    deciders: dict[int, Decider] = {}
    for size in (SMALL, LARGE):
        tell(f"decision: a catalogue of {size} actions")
        deciders[size] = Decider(bank.revision(size, bank.PREDICTORS), people)
    small = deciders[SMALL]
    naive = Straightforward(small)
    signals = [bank.signal(number) for number in range(len(people))]
    times: dict[str, list[float]] = {name: [] for name in (str(SMALL), str(LARGE), POLICY, STRAIGHTFORWARD)}
    tell(f"decision: {counts.engine_rounds} rounds of {len(people)} persons")
    gc.collect()
    gc.freeze()  # as a server does once it is ready: what was loaded is no garbage
    for number in range(counts.engine_rounds + 1):
        # one catalogue after the other, as a server has one: whoever came after another would start from cold caches
        for position in range(len(people)):
            _timed(times[str(SMALL)], partial(small, position), counted=number > 0)
            asked = partial(qualify, small.policy, people[position], signals[position], _SLOTS, bank.NOW)
            _timed(times[POLICY], asked, counted=number > 0)
        for position in range(len(people)):
            _timed(times[str(LARGE)], partial(deciders[LARGE], position), counted=number > 0)
        for position in range(number % counts.engine_stride, len(people), counts.engine_stride):
            _timed(times[STRAIGHTFORWARD], partial(naive, position), counted=number > 0)
        _check(small)
        for decider in deciders.values():
            decider.rows.clear()
    gc.unfreeze()
    median, tail = (percentile(times[str(SMALL)], share) for share in (50, 99))
    return [
        result(
            f"decision.{SMALL}",
            "µs",
            times[str(SMALL)],
            bench="engine",
            peers={POLICY: times[POLICY], STRAIGHTFORWARD: times[STRAIGHTFORWARD]},
            limits={POLICY: MOST_STAGES, STRAIGHTFORWARD: MOST_STRAIGHTFORWARD},
        ),
        result(f"decision.{SMALL}.p99", "µs", [tail], bench="engine", peers={"its median": [median]}, limit=MOST_TAIL),
        result(
            f"decision.{LARGE}",
            "µs",
            times[str(LARGE)],
            bench="engine",
            peers={f"decision.{SMALL}": times[str(SMALL)]},
            limit=MOST_GROWTH,
        ),
    ]


def _timed(times: list[float], what: Callable[[], object], *, counted: bool) -> None:
    started = time.perf_counter()
    what()
    taken = time.perf_counter() - started
    if counted:
        times.append(taken * _MICROSECONDS)


def _check(decider: Decider) -> None:
    """What was measured is a decision: its record replays, and something was chosen."""
    record = decider.record()
    if not record.chosen or not replay(decider.policy, record).agrees:
        fail("A decision of the bench does not replay, or chose nothing.", "nothing was measured")
