"""Starts programs, waits until they are ready, watches them, and leaves none behind.

Each child leads a process group of its own, because several of them (gunicorn, JVM launchers) start children in turn:
what is stopped is the group. The supervisor waits on each child in a thread, so a death is seen when it happens. If
the supervisor itself is killed, `emulators.watchdog` stops the groups.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from emulators.children import Child, Death, Running, StartError, last_lines

GRACE_SECONDS = 5.0
"""How long a child may take to end by itself after SIGTERM."""

POLL_SECONDS = 0.02
"""Pause between two looks at whether a child is ready."""

RESTART_SECONDS = 30.0
"""How long a child that is started again may take to become ready."""

MOST_RESTARTS = 10
"""Deaths within a minute after which a child that is started again each time is given up."""


class Supervisor:
    """The children of one platform.

    Use as a context manager, or call `stop` in a `finally`. All methods may be called from any thread.
    """

    def __init__(
        self,
        logs: Path,
        *,
        on_death: Callable[[Death], None] = lambda _death: None,
        on_restarted: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Keep logs in the folder `logs`.

        `on_death` hears of each death that nobody asked for, `on_restarted` the name of each child that was started
        again because of it and is ready; both in a thread of the supervisor.
        """
        self._logs = logs
        self._on_death = on_death
        self._on_restarted = on_restarted
        self._running: dict[str, Running] = {}
        self._deaths: dict[str, list[float]] = {}
        self._lock = threading.RLock()
        self._finished = threading.Event()
        self._stopping = False
        self._reason: Death | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, child: Child) -> int:
        """Start a child without waiting for it, and give its process id, which is also its group's.

        Raises:
            StartError: the program cannot be run, a child of that name runs already, or the supervisor has stopped.
        """
        with self._lock:
            if self._stopping:
                raise StartError(f"{child.name} was not started: {self._reason or 'everything is being stopped'}")
            earlier = self._running.get(child.name)
            if earlier is not None and not earlier.ended.is_set():
                raise StartError(f"{child.name} runs already, as process {earlier.process.pid}.")
            self._logs.mkdir(parents=True, exist_ok=True)
            with self.log(child.name).open("wb" if earlier is None else "ab") as log:
                running = self._running[child.name] = Running.begin(child, log)
            self._tell_watchdog(f"+{running.process.pid}")
        threading.Thread(target=self._watch, args=(running,), name=f"watch-{child.name}", daemon=True).start()
        return running.process.pid

    def wait_ready(self, names: Iterable[str], *, within_seconds: float) -> None:
        """Wait until all named children are ready.

        Raises:
            StartError: one died, or was not ready in time; with the last lines of its log.
        """
        names = list(names)
        if not names:
            return
        deadline = time.monotonic() + within_seconds
        with ThreadPoolExecutor(max_workers=len(names), thread_name_prefix="ready") as pool:
            waits = [pool.submit(self._wait_one, name, deadline) for name in names]
            try:
                for waiting in waits:
                    waiting.result()
            except StartError as error:
                # when everything is being stopped each child looks dead: name what began it
                began = self._reason or ("Stopped before all was ready." if self._stopping else error)
                raise StartError(str(began)) from error

    def restart(self, name: str, *, within_seconds: float = RESTART_SECONDS) -> int:
        """Start a child again, stopping it first if it runs; give its new process id when it is ready.

        Raises:
            StartError: it did not become ready.
        """
        child = self._get(name).child
        self.kill(name, signal.SIGTERM)
        pid = self.start(child)
        self.wait_ready([name], within_seconds=within_seconds)
        return pid

    def kill(self, name: str, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """End one child's whole group and wait until it is gone; nothing follows from a death that was asked for.

        A gentler signal than SIGKILL is followed by SIGKILL after the grace. A child that has ended already is left
        alone.
        """
        running = self._get(name)
        running.expected_to_end = True
        running.signal(with_signal)
        if not running.ended.wait(GRACE_SECONDS):
            running.signal(signal.SIGKILL)
            running.ended.wait()

    def stop(self) -> None:
        """Stop every child: SIGTERM to all groups, SIGKILL to what remains after the grace. May be called again."""
        with self._lock:
            self._stopping = True
            everyone = list(self._running.values())
        for running in everyone:
            running.expected_to_end = True
            running.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for running in everyone:
            if not running.ended.wait(max(0.0, deadline - time.monotonic())):
                running.signal(signal.SIGKILL)
        for running in everyone:
            running.ended.wait()
        with self._lock:
            if self._watchdog is not None and self._watchdog.stdin is not None:
                self._watchdog.stdin.close()
                self._watchdog.wait()
                self._watchdog = None
        self._finished.set()

    def wait(self) -> Death | None:
        """Wait until everything has been stopped; give the death that led to it, or None when `stop` was called."""
        self._finished.wait()
        return self._reason

    def pids(self) -> dict[str, int]:
        """Give the process id of each child that runs."""
        with self._lock:
            return {name: running.process.pid for name, running in self._running.items() if not running.ended.is_set()}

    def log(self, name: str) -> Path:
        """Give the file that a child's output goes to."""
        return self._logs / f"{name}.log"

    def _get(self, name: str) -> Running:
        with self._lock:
            return self._running[name]

    def _tell_watchdog(self, line: str) -> None:
        """Name a group to the watchdog, starting it when it is first needed."""
        if self._watchdog is None:
            self._watchdog = subprocess.Popen(
                [sys.executable, "-S", "-E", str(Path(__file__).with_name("watchdog.py"))],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(f"{line}\n".encode())
        self._watchdog.stdin.flush()

    def _wait_one(self, name: str, deadline: float) -> None:
        running = self._get(name)
        while (unready := running.child.ready()) is not None:
            if running.ended.wait(POLL_SECONDS):
                raise StartError(str(self._death(running)))
            if time.monotonic() > deadline:
                raise StartError(f"{name} was not ready in time: {unready}\n{last_lines(self.log(name))}")
        running.was_ready = True

    def _watch(self, running: Running) -> None:
        """Wait for one child's end, then do what its policy says."""
        process = running.process
        process.wait()
        running.signal(signal.SIGKILL)  # workers and launchers' children that outlived their leader
        with self._lock:
            if self._watchdog is not None:
                self._tell_watchdog(f"-{process.pid}")
            asked_for = running.expected_to_end or self._stopping
            policy = running.child.on_death if running.was_ready else "stop"
            if policy == "restart" and self._dies_too_often(running.child.name):
                policy = "stop"
            death = self._death(running)
            if not asked_for and policy == "stop":
                self._stopping = True
                self._reason = death
        running.ended.set()
        if asked_for:
            return
        self._on_death(death)
        if policy == "stop":
            self.stop()
        elif policy == "restart":
            self._start_again(running.child, death)

    def _dies_too_often(self, name: str) -> bool:
        """Note one more death of a child, and say whether it is one too many."""
        now = time.monotonic()
        recent = [at for at in self._deaths.get(name, []) if now - at < 60]
        self._deaths[name] = [*recent, now]
        return len(recent) >= MOST_RESTARTS

    def _start_again(self, child: Child, death: Death) -> None:
        """Start a crashed child again; if that fails, stop everything because of its death."""
        try:
            self.start(child)
            self.wait_ready([child.name], within_seconds=RESTART_SECONDS)
        except StartError:
            with self._lock:
                self._reason = self._reason or death
            self.stop()
        else:
            self._on_restarted(child.name)

    def _death(self, running: Running) -> Death:
        name = running.child.name
        return Death(name, running.process.wait(), self.log(name), last_lines(self.log(name)))
