"""`policy.1000` and `policy.5000`: which actions a person may have, for all actions at once, against the peers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.engine.peers import PEERS
from cli.bench.results import Result, result
from cli.say import fail
from shared.domain.policy.policy import Policy

SMALL, LARGE = 1000, 5000
LIMITS = {"zen-engine": 1 / 20, "common-expression-language": 1 / 60, "cel-expr-python": 1 / 100}
"""What no ratio to a peer may exceed: so many times faster we are."""

GROWTH_LIMIT = 2.5
"""Times longer that five times the actions may take."""

_MICROSECONDS = 1e6


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure both sizes in one run."""
    people = bank.people(counts.engine_persons)
    ours = {size: _Ours(size, people, tell) for size in (SMALL, LARGE)}
    actions = bank.conditions(SMALL)
    peers = {name: make(actions, (*bank.NUMBERS, *bank.TEXTS, *bank.YES_NO)) for name, make in PEERS.items()}
    ids = [f"action_{number:04d}.web" for number in range(SMALL)]
    times: dict[str, list[float]] = {name: [] for name in peers}
    tell(f"policy: {counts.engine_rounds} rounds of {len(people)} persons")
    for number in range(counts.engine_rounds + 1):
        for each in ours.values():
            each.round(counted=number > 0)
        for name, answer in peers.items():
            # a peer takes a hundred times as long: a sample of the persons is enough of it
            for position in range(number % counts.engine_stride, len(people), counts.engine_stride):
                started = time.perf_counter()
                answered = answer(people[position].attributes)
                taken = (time.perf_counter() - started) * _MICROSECONDS
                if number:
                    times[name].append(taken)
                if list(compress(ids, answered)) != ours[SMALL].passing(position):
                    fail(
                        f"{name} and Kairos differ about person {position}.",
                        "one of them is wrong; nothing was measured",
                    )
    small, large = ours[SMALL].times, ours[LARGE].times
    return [
        result(f"policy.{SMALL}", "µs", small, bench="engine", peers=times, limits=LIMITS),
        result(f"policy.{LARGE}", "µs", large, bench="engine", peers={f"policy.{SMALL}": small}, limit=GROWTH_LIMIT),
    ]


class _Ours:
    """The index over a catalogue of one size."""

    def __init__(self, size: int, people: Sequence[Any], tell: Callable[[str], None]) -> None:
        tell(f"a catalogue of {size} actions")
        self._policy = Policy(bank.revision(size))
        self._situations = [
            self._policy.situation(person, bank.signal(number), bank.NOW) for number, person in enumerate(people)
        ]
        self.times: list[float] = []

    def round(self, *, counted: bool) -> None:
        """Answer for every person."""
        passing, clock = self._policy.passing, time.perf_counter
        for situation in self._situations:
            started = clock()
            passing(situation)
            taken = clock() - started
            if counted:
                self.times.append(taken * _MICROSECONDS)

    def passing(self, position: int) -> list[str]:
        """The treatments that pass for one person."""
        return list(self._policy.treatments(self._policy.passing(self._situations[position])))
