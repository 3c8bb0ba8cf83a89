"""`batch.1000`: decisions a second over many persons, as a wave makes them, in one process and in two.

What is measured begins with persons and their contacts as objects in memory and ends with what was chosen for each: who
may have what, P of all that qualifies by 30 predictors, priorities, contact policy over twenty contacts, three slots. A
wave writes no record; that of anybody is made by itself when it is asked for, and for some of every run it is made and
compared. Times are those of the processor: all of it is reckoning, and what else the machine does is not part of it.

The peers are what the fastest of the others does for a person, rules alone, in a loop over persons; and our own loop,
which decides one after the other and writes each one's record.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import msgspec

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.engine.decider import histories
from cli.bench.engine.evidence import learnt
from cli.bench.engine.peers import zen_engine
from cli.bench.results import Result, result
from cli.say import fail
from shared.domain.batch.deciding import Batch, Decisions, Wave
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy

SIZE = 1000
PROCESSES = 2
AT_ONCE = 4096
"""Persons of a wave that are decided together."""

PEER = "zen-engine"
LEAST = 10.0
"""Times the peer's persons a second, at the least."""

_COMPARED = 25
_SLOTS = Slots(channels=("web",), placements=bank.PLACEMENTS, counts=(1,) * len(bank.PLACEMENTS))


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure one process, then two at once, then the peers."""
    tell(f"batch: {counts.engine_batch} persons, {SIZE} actions")
    alone: list[float] = []
    together: list[float] = []
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("fork")) as pool:
        for number in range(counts.engine_batches + 1):
            one = pool.submit(_decisions, 0, counts.engine_batch).result()
            half = counts.engine_batch // PROCESSES
            both = list(pool.map(_decisions, (0, half), (half,) * PROCESSES))
            if number:
                alone.append(counts.engine_batch / one)
                together.append(counts.engine_batch / max(both))
        loop = pool.submit(_one_by_one, max(1, counts.engine_batch // 50)).result()
    peer = _peer(max(1, counts.engine_batch // 100))
    return [
        result(f"batch.{SIZE}", "decisions/s", alone, bench="engine", peers={PEER: peer}, least=LEAST),
        result(
            f"batch.{SIZE}.two_processes",
            "decisions/s",
            together,
            bench="engine",
            peers={PEER: peer, "one process": alone},
        ),
        result(f"batch.{SIZE}.one_by_one", "decisions/s", [loop], bench="engine", peers={PEER: peer}),
    ]


class _World:
    """Everybody, and what decides."""

    def __init__(self, persons: int) -> None:
        policy = Policy(bank.revision(SIZE, bank.PREDICTORS))
        people = bank.people(persons)
        known = histories(policy, people)
        signals = [bank.signal(number) for number in range(persons)]
        self.wave = Wave(people, signals, [known[profile.person_id] for profile in people])
        self.batch = Batch(policy, _SLOTS, learnt(policy.revision), bank.NOW)


_world: _World | None = None


def _ready(persons: int) -> _World:
    global _world  # noqa: PLW0603 - what a process of the pool keeps between its tasks
    if _world is None or len(_world.wave.profiles) < persons:
        _world = _World(persons)
        gc.freeze()
    return _world


def _decisions(first: int, persons: int) -> float:
    """Seconds that decisions for so many persons take in this process, made ready before."""
    world = _ready(first + persons)
    taken = 0.0
    for start in range(first, first + persons, AT_ONCE):
        wave = world.wave.part(start, min(start + AT_ONCE, first + persons))
        began = time.process_time()
        decisions = world.batch(wave)
        taken += time.process_time() - began
        _check(world, wave, decisions, range(min(_COMPARED, len(wave.profiles))))
    return taken


def _check(world: _World, wave: Wave, decisions: Decisions, some: Sequence[int]) -> None:
    """What was measured is what everybody comes to alone."""
    for person in some:
        record = world.batch.record(wave, person)
        rows = decisions.chosen.rows[person]
        chosen = {world.batch.policy.rows[row][1].id for row in rows[rows >= 0].tolist()}
        if not chosen or chosen != {each.treatment for each in record.chosen}:
            fail(f"Person {person} of a batch was decided otherwise than alone.", "nothing was measured")


def _one_by_one(persons: int) -> float:
    """Decisions a second of a loop over persons, with the bytes of each one's record."""
    world = _ready(persons)
    began = time.process_time()
    for person in range(persons):
        msgspec.json.encode(world.batch.record(world.wave, person))
    return persons / (time.process_time() - began)


def _peer(persons: int) -> list[float]:
    """Persons a second, of the peer."""
    answer = zen_engine(bank.conditions(SIZE), (*bank.NUMBERS, *bank.TEXTS, *bank.YES_NO))
    people = bank.people(persons)
    began = time.process_time()
    for profile in people:
        answer(profile.attributes)
    return [persons / (time.process_time() - began)]
