"""Threads that no process waits for.

The interpreter ends no sooner than the threads of its own pools do, which is as late as the last request that is late.
A thread a request would take longer to begin than many requests take.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
_Task = Callable[[], None]
_Tasks = SimpleQueue[_Task | None]


class Daemons:
    """Threads that begin when none is free, and end with whoever has these."""

    def __init__(self, name: str) -> None:
        """Begin with none; `name` is what they are called."""
        self._name = name
        self._tasks: _Tasks = SimpleQueue()
        self._free = threading.Semaphore(0)
        weakref.finalize(self, self._tasks.put, None)

    def submit(self, work: Callable[[], T], room: threading.Semaphore) -> Future[T]:
        """Have a thread do something, for which there was room: it gives that back before it says what came of it."""
        done: Future[T] = Future()
        self._tasks.put(partial(_done, work, room, done))
        if not self._free.acquire(blocking=False):
            threading.Thread(target=_work, args=(self._tasks, self._free), name=self._name, daemon=True).start()
        return done


def _done(work: Callable[[], T], room: threading.Semaphore, done: Future[T]) -> None:
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - told to who waits
        room.release()
        done.set_exception(error)
    else:
        room.release()
        done.set_result(found)


def _work(tasks: _Tasks, free: threading.Semaphore) -> None:
    while (task := tasks.get()) is not None:
        task()
        del task  # and what it holds on to
        free.release()
    tasks.put(None)  # for the next
