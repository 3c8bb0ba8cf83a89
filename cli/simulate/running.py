"""Waves of a simulation, in this process or in several; what comes back of each is small, however many there are."""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cli.simulate.persons import SOURCE, Line, people
from shared.domain.batch.deciding import Batch, Wave
from shared.domain.batch.differing import Moved, moved
from shared.domain.batch.numbers import Behind, Numbers, Summary, summed, who
from shared.domain.batch.rates import Rates, Rating
from shared.domain.batch.weeks import Week, simulate_weeks
from shared.domain.catalogue import Revision
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts
from shared.domain.retrace import full
from shared.domain.signal import Signal

AT_ONCE = 4096
"""Persons of a wave."""


class Asked(NamedTuple):
    """What every wave is asked.

    Attributes:
        revisions: the canonical forms of one, or of the one before and the one after.
        slots: where treatments may appear.
        kind: the type of the signal that each person sends.
        context: of that signal.
        brand: whose it is, None for that of no brand in particular.
        now: when all are decided, UTC.
        behind: the number whose persons are wanted, None for none.
        person: whose record is wanted, None for nobody's.
        weeks: over how many contact pressure is simulated.
        seed: of what is accepted meanwhile.
        counts: the models' evidence by model id; a missing one has none.
    """

    revisions: tuple[bytes, ...]
    slots: Slots
    kind: str
    context: dict[str, Any]
    brand: str | None
    now: datetime
    behind: str | None = None
    person: str | None = None
    weeks: int = 0
    seed: int = 0
    counts: Mapping[str, Counts] = {}


class Came(msgspec.Struct, kw_only=True):
    """What a wave came to.

    Attributes:
        summaries: by revision, as they were asked.
        moved: between the two.
        rates: by revision, of the parts of protected attributes.
        weeks: by revision, contact pressure.
        behind: the persons behind the number that was asked for, by revision.
        record: of the person who was asked for, as JSON, by the last revision.
    """

    summaries: tuple[Summary, ...]
    moved: Moved
    rates: tuple[Rates, ...]
    weeks: tuple[list[Week], ...]
    behind: tuple[list[str], ...] = ()
    record: bytes = b""


def run(asked: Asked, lots: Iterable[tuple[int, list[bytes]]], processes: int) -> Iterator[Came]:
    """Decide lots of lines, in their order; where there are several processes, no more lots are held than keep them
    busy.
    """
    if processes == 1:
        simulation = Simulation(asked)
        for first, lines in lots:
            yield simulation(people(lines, first))
        return
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(asked,)) as pool:
        waiting: deque[Future[Came]] = deque()
        for first, lines in lots:
            waiting.append(pool.submit(_decided, first, lines))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class Simulation:
    """Decides waves by one revision, or by two."""

    def __init__(self, asked: Asked) -> None:
        """Make the revisions ready."""
        self._asked = asked
        policies = [Policy(Revision.decode(each)) for each in asked.revisions]
        self._batches = [Batch(policy, asked.slots, asked.counts, asked.now) for policy in policies]
        self._numbers = [Numbers(batch) for batch in self._batches]
        self._rating = [Rating(policy) for policy in policies]

    def __call__(self, lines: Sequence[Line]) -> Came:
        """Decide on some persons."""
        asked = self._asked
        profiles = [line.profile(asked.now) for line in lines]
        signals = [self._signal(line) for line in lines]
        found: list[Behind] = []
        rates: list[Rates] = []
        weeks: list[list[Week]] = []
        record = b""
        for batch, numbers, rating in zip(self._batches, self._numbers, self._rating, strict=True):
            revision = batch.policy.revision
            wave = Wave(profiles, signals, [line.history(revision) for line in lines])
            decisions = batch(wave)
            found.append(numbers(wave, decisions))
            rates.append(rating(wave, decisions, found[-1]))
            weeks.append(self._weeks(batch, wave, lines))
            for person, profile in enumerate(profiles):
                if profile.person_id == asked.person:
                    record = msgspec.json.encode(full(batch.policy, batch.record(wave, person)))
        ids = [profile.person_id for profile in profiles]
        return Came(
            summaries=tuple(summed(each, len(ids)) for each in found),
            moved=moved(found[0], found[-1], len(ids)),
            rates=tuple(rates),
            weeks=tuple(weeks),
            behind=tuple(who(each, asked.behind, ids) for each in found) if asked.behind else (),
            record=record,
        )

    def _weeks(self, batch: Batch, wave: Wave, lines: Sequence[Line]) -> list[Week]:
        """Contact pressure, a signal of each person a day."""
        asked = self._asked

        def signal_of(person: int, day: int) -> Signal:
            at = asked.now + timedelta(days=day)
            return msgspec.structs.replace(
                wave.signals[person], id=f"{lines[person].person_id}/{day}", at=at, received_at=at
            )

        return simulate_weeks(batch, wave.profiles, wave.histories, signal_of, asked.weeks, asked.seed)

    def _signal(self, line: Line) -> Signal:
        asked = self._asked
        return Signal(
            id=line.person_id,
            type=asked.kind,
            at=asked.now,
            received_at=asked.now,
            source=SOURCE,
            identifiers={},
            brand=asked.brand,
            context=asked.context,
        )


_simulation: Simulation | None = None


def _begin(asked: Asked) -> None:
    global _simulation  # noqa: PLW0603 - what a process of the pool keeps between its tasks
    _simulation = Simulation(asked)


def _decided(first: int, lines: list[bytes]) -> Came:
    assert _simulation is not None, "a process begins with it"
    return _simulation(people(lines, first))
