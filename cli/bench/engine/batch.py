"""`batch.1000`: decisions a second over many persons, as a wave makes them: who may have what, ranked, contact policy
and slots, and the bytes of the record; in one process, and in two.

The peer is what the fastest of the others does for a person: rules alone, in a loop over persons. Columns of bits over
persons and rows were tried instead of the loop and did not pay: a person's set of rows is one integer already, and 120
look-ups for each person take less than 120 gathers of sets for all of them.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import msgspec

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.engine.decider import Decider
from cli.bench.engine.peers import zen_engine
from cli.bench.results import Result, result
from shared.domain.arbitration import rank
from shared.domain.contact_read import read_of
from shared.domain.decision import Chosen, DecisionRecord, delivery_id, kept
from shared.domain.engagement import Slots, qualify
from shared.domain.offered import BestFirst
from shared.domain.offering import offer
from shared.domain.signal import decision_id

SIZE = 1000
PROCESSES = 2
PEER = "zen-engine"
LEAST = 10.0
"""Times the peer's persons a second, at the least."""

_SLOTS = Slots(channels=("web",), placements=bank.PLACEMENTS, counts=(1,) * len(bank.PLACEMENTS))


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure one process, then two at once, then the peer."""
    tell(f"batch: {counts.engine_batch} persons, {SIZE} actions")
    alone: list[float] = []
    together: list[float] = []
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("fork")) as pool:
        for number in range(counts.engine_batches + 1):
            one = pool.submit(_decisions, 0, counts.engine_batch).result()
            both = list(pool.map(_decisions, (0, 1), (counts.engine_batch // PROCESSES,) * PROCESSES))
            if number:
                alone.append(counts.engine_batch / one)
                together.append(counts.engine_batch / max(both))
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
    ]


_world: Decider | None = None


def _decisions(part: int, persons: int) -> float:
    """Seconds that decisions for so many persons take in this process, made ready before."""
    global _world  # noqa: PLW0603 - what a process of the pool keeps between its tasks
    if _world is None:
        _world = Decider(bank.revision(SIZE, bank.PREDICTORS), bank.people(min(persons, 1000)))
        gc.freeze()
    made = 0
    began = time.perf_counter()
    while made < persons:
        made += len(_decide(_world, part * persons + made, min(persons - made, len(_world.people))))
    return time.perf_counter() - began


def _decide(world: Decider, start: int, persons: int) -> list[bytes]:
    """The records of decisions for persons."""
    policy, records = world.policy, []
    counts = world.counts()
    for number, profile in enumerate(world.people[:persons], start):
        signal = bank.signal(number)
        qualified = qualify(policy, profile, signal, _SLOTS, bank.NOW)
        ranking = rank(policy, qualified.rows, profile, signal, counts, bank.NOW)
        history = world.histories[profile.person_id]
        best = BestFirst(ranking.rows(), ranking.weights())
        made = offer(policy, best, _SLOTS, profile, history, bank.NOW)
        decision = decision_id(signal.source, signal.id)
        record = DecisionRecord(
            decision_id=decision,
            person_id=profile.person_id,
            revision=policy.revision.id,
            signal=signal,
            profile=profile,
            decided_at=bank.NOW,
            reserved_at=bank.NOW,
            result="offered" if made.offered else "all_withheld",
            slots=_SLOTS,
            chosen=tuple(
                Chosen(treatment=o.treatment, delivery_id=delivery_id(decision, o.treatment), rank=o.rank)
                for o in made.offered
            ),
            **kept(ranking),
            read=read_of(policy, history, bank.NOW),
            withheld=made.withheld,
        )
        records.append(msgspec.json.encode(record))
    return records


def _peer(persons: int) -> list[float]:
    """Persons a second, of the peer."""
    answer = zen_engine(bank.conditions(SIZE), (*bank.NUMBERS, *bank.TEXTS, *bank.YES_NO))
    people = bank.people(persons)
    began = time.perf_counter()
    for profile in people:
        answer(profile.attributes)
    return [persons / (time.perf_counter() - began)]
