"""Runs a simulation in this process or in several."""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from shared.domain.batch.simulating import Asked, Came, Simulation, added


def run(asked: Asked, lots: Iterable[tuple[int, list[bytes]]], processes: int) -> Came:
    """What all lots come to together.

    Raises:
        InvalidError: a line is not what it should be.
    """
    return added(asked, _each(asked, lots, processes))


def _each(asked: Asked, lots: Iterable[tuple[int, list[bytes]]], processes: int) -> Iterator[Came]:
    """Decide lots in their order; where there are several processes, no more lots are held than keep them busy."""
    if processes == 1:
        simulation = Simulation(asked)
        for first, lines in lots:
            yield simulation.of_lines(lines, first)
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


_simulation: Simulation | None = None


def _begin(asked: Asked) -> None:
    global _simulation  # noqa: PLW0603 - what a process of the pool keeps between its tasks
    _simulation = Simulation(asked)


def _decided(first: int, lines: list[bytes]) -> Came:
    assert _simulation is not None, "a process begins with it"
    return _simulation.of_lines(lines, first)
