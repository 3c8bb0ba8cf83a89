"""The loop that runs an execution: one thread, in which branches take turns."""

from __future__ import annotations

import heapq
import itertools
import queue
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from emulators.workflows.running.clocks import Clock, Event
from emulators.workflows.running.effects import Arrival, Now, Perform, Sleep, Together
from emulators.workflows.running.failures import StoppedError, WorkflowError
from emulators.workflows.running.past import Keeper, Outcome, Past

THREADS = 20
"""Requests of one execution that are under way at once: as many as branches may run."""


class _Task:
    def __init__(
        self, number: int, coroutine: Coroutine[Any, Any, Any], done: Callable[[Any, BaseException | None], None]
    ) -> None:
        self.number = number
        self.coroutine = coroutine
        self.done = done


class Loop:
    """Runs one execution, in the thread that calls `run`; `arrive` and `cancel` may be called from any."""

    def __init__(self, clock: Clock, past: Past | None = None, keeper: Keeper | None = None) -> None:
        """Take the time from `clock`, go the way of a `past` first, and have a `keeper` keep what comes of effects."""
        self._clock = clock
        self._past = past or Past()
        self._keeper = keeper
        self._turns = 0
        self._begun = itertools.count()
        self._unanswered: dict[int, tuple[_Task, Any]] = {}
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ready: deque[tuple[_Task, Any, BaseException | None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._under_way = 0
        self._awaited: dict[str, Callable[[Any], None]] = {}
        self._arrived: dict[str, deque[Any]] = {}
        self._cancelled: StoppedError | None = None
        self._tasks: set[_Task] = set()
        self._pool: ThreadPoolExecutor | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end, and give what it gives.

        Raises:
            WorkflowError: nobody caught it.
            StoppedError: it was cancelled.
        """
        ended: list[tuple[Any, BaseException | None]] = []
        if not self._past:
            self._leave_the_past()
        self._start(coroutine, lambda value, error: ended.append((value, error)))
        try:
            while not ended:
                self._turn()
        finally:
            for task in list(self._tasks):
                task.coroutine.close()
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
        value, error = ended[0]
        if error is not None:
            raise error
        return value

    def arrive(self, key: str, value: Any) -> None:
        """Hand over what came from outside; it is kept until somebody waits for it."""

        def take() -> None:
            waiting = self._awaited.pop(key, None)
            if waiting is not None:
                waiting(value)
            else:
                self._arrived.setdefault(key, deque()).append(value)

        self._events.put(take)

    def cancel(self) -> None:
        """End whatever runs."""
        self._events.put(self._stop)

    def _stop(self) -> None:
        self._cancelled = StoppedError()

    def _turn(self) -> None:
        """Do what is ready, or wait for what comes next."""
        if self._cancelled is not None:
            raise self._cancelled
        if self._ready:
            self._resume(*self._ready.popleft())
            if self._past:
                self._go_the_same_way()
            else:
                self._drain()
            return
        while self._timers and self._timers[0][0] <= self._clock.now():
            heapq.heappop(self._timers)[2]()
            if self._ready:
                return
        until = self._timers[0][0] if self._timers else None
        event = self._clock.wait(self._events, until, busy=self._under_way > 0)
        if event is not None:
            event()

    @property
    def is_in_the_past(self) -> bool:
        """Whether what happens has happened before."""
        return bool(self._past)

    def _go_the_same_way(self) -> None:
        """Let come what came by this turn; once no more is known, let what nobody has answered be done."""
        while (outcome := self._past.of_turn(self._turns)) is not None:
            task, effect = self._unanswered.pop(outcome.task)
            if isinstance(effect, Arrival) and outcome.value is not None:
                self._past.taken(effect.key, outcome.value)
            error = None if outcome.error is None else WorkflowError(outcome.error)
            self._ready.append((task, outcome.value, error))
        if not self._past:
            self._leave_the_past()

    def _leave_the_past(self) -> None:
        for key, value in self._past.left():
            self.arrive(key, value)
        self._drain()
        unanswered, self._unanswered = self._unanswered, {}
        for task, effect in unanswered.values():
            self._do(task, effect)

    def _drain(self) -> None:
        while not self._events.empty():
            self._events.get()()

    def _start(self, coroutine: Coroutine[Any, Any, Any], done: Callable[[Any, BaseException | None], None]) -> None:
        task = _Task(next(self._begun), coroutine, done)
        self._tasks.add(task)
        self._ready.append((task, None, None))

    def _resume(self, task: _Task, value: Any, error: BaseException | None) -> None:
        self._turns += 1
        try:
            effect = task.coroutine.throw(error) if error is not None else task.coroutine.send(value)
        except StopIteration as stop:
            self._end(task, stop.value, None)
        except WorkflowError as raised:
            self._end(task, None, raised)
        else:
            self._do(task, effect)

    def _end(self, task: _Task, value: Any, error: BaseException | None) -> None:
        self._tasks.discard(task)
        task.done(value, error)

    def _go_on(self, task: _Task, value: Any = None, error: BaseException | None = None) -> None:
        self._ready.append((task, value, error))

    def _came(self, task: _Task, value: Any = None, error: WorkflowError | None = None) -> None:
        """Go on with what came of an effect, once it is kept."""
        if self._keeper is not None:
            self._keeper.came(Outcome(self._turns, task.number, value, None if error is None else error.value))
        self._go_on(task, value, error)

    def _do(self, task: _Task, effect: Any) -> None:
        if self._past and not isinstance(effect, Together):
            self._unanswered[task.number] = task, effect
        elif isinstance(effect, Now):
            self._came(task, self._clock.now())
        elif isinstance(effect, Sleep):
            self._at(effect.until, lambda: self._came(task))
        elif isinstance(effect, Perform):
            self._perform(task, effect.work)
        elif isinstance(effect, Arrival):
            self._await(task, effect)
        else:
            assert isinstance(effect, Together), "there is no other effect"
            self._together(task, effect)

    def _at(self, until: float, then: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (until, next(self._numbers), then))

    def _perform(self, task: _Task, work: Callable[[], Any]) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, "workflow-request")
        self._under_way += 1

        def finished(value: Any, error: WorkflowError | None) -> None:
            self._under_way -= 1
            self._came(task, value, error)

        def do() -> None:
            try:
                value = work()
            except WorkflowError as raised:
                error: WorkflowError = raised
                self._events.put(lambda: finished(None, error))
            except Exception as raised:  # noqa: BLE001 - whatever a request meets is the workflow's to see
                unknown = WorkflowError({"message": f"SystemError: {raised!r}", "tags": ["SystemError"]})
                self._events.put(lambda: finished(None, unknown))
            else:
                self._events.put(lambda: finished(value, None))

        self._pool.submit(do)

    def _await(self, task: _Task, effect: Arrival) -> None:
        kept = self._arrived.get(effect.key)
        if kept:
            self._came(task, kept.popleft())
            return

        def arrived(value: Any) -> None:
            self._came(task, value)

        def too_late() -> None:
            if self._awaited.get(effect.key) is arrived:
                del self._awaited[effect.key]
                self._came(task)

        self._awaited[effect.key] = arrived
        self._at(effect.until, too_late)

    def _together(self, task: _Task, effect: Together) -> None:
        results: list[Any] = [None] * len(effect.tasks)
        waiting = deque(enumerate(effect.tasks))
        left = len(waiting)
        if not left:
            self._go_on(task, results)
            return

        def begin() -> None:
            number, make = waiting.popleft()

            def done(value: Any, error: BaseException | None) -> None:
                nonlocal left
                results[number] = error if error is not None else value
                left -= 1
                if waiting:
                    begin()
                elif not left:
                    self._go_on(task, results)

            self._start(make(), done)

        for _ in range(min(effect.limit, left)):
            begin()
