"""Executions: each runs in a thread of its own, and is known by its name for as long as the server remembers it."""

from __future__ import annotations

import json
import threading
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from emulators.workflows.language.steps import Definition
from emulators.workflows.running.clocks import Clock
from emulators.workflows.running.failures import StoppedError, WorkflowError
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Outside
from emulators.workflows.running.past import Past
from emulators.workflows.running.reporting import context, payload, stack_trace
from emulators.workflows.running.values import to_json
from emulators.workflows.serving.journal import Arrived, Ended, Listens, Log, moment

MOST_KEPT_STEPS = 5000


class Entry(NamedTuple):
    """A step that was begun."""

    at: float
    routine: str
    step: str
    line: int


@dataclass
class Callback:
    """An address at which an execution may be called."""

    url: str
    method: str


@dataclass
class Execution:
    """One run of a workflow."""

    name: str
    argument: str
    revision: str
    started: datetime
    clock: Clock
    state: str = "ACTIVE"
    ended: datetime | None = None
    result: str | None = None
    error: dict[str, Any] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    steps: deque[Entry] = field(default_factory=lambda: deque(maxlen=MOST_KEPT_STEPS))
    counted: int = 0
    log: list[tuple[str, Any]] = field(default_factory=list)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    kept: Log | None = None

    def __post_init__(self) -> None:
        self._loop = Loop(self.clock, self.past, self.kept)
        self._over = threading.Event()

    @property
    def id(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]

    def run(self, definition: Definition, outside: Outside) -> None:
        """Run to its end."""
        try:
            value = self._loop.run(Machine(definition, outside).run(json.loads(self.argument)))
            self.result = to_json(value)
            self.state = "SUCCEEDED"
        except WorkflowError as error:
            self.state = "FAILED"
            self.error = {"payload": payload(error.value), "context": context(error), "stackTrace": stack_trace(error)}
        except StoppedError:
            self.state = "CANCELLED"
        finally:
            if self.state == "ACTIVE":  # a fault of the emulator's own, which is no workflow's
                self.state, self.error = "FAILED", {"payload": '"the emulator failed"', "context": "see its log"}
            self.ended = datetime.now(UTC)
            if self.kept is not None:
                at = self.ended.timestamp()
                self.kept.ended(Ended(state=self.state, at=at, result=self.result, error=self.error))
            self._over.set()

    def end(self, ended: Ended) -> None:
        """Have ended so, before now."""
        self.state, self.ended, self.result, self.error = ended.state, moment(ended.at), ended.result, ended.error
        self._over.set()

    def cancel(self) -> None:
        """End it where it stands."""
        self._loop.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; whether it came."""
        return self._over.wait(seconds)

    def called(self, callback: Callback, request: Mapping[str, Any]) -> None:
        """Hand over what came to a callback's address."""
        if self.kept is not None:
            self.kept.write(Arrived(callback.url, dict(request)))
        self._loop.arrive(callback.url, dict(request))

    def listens(self, name: str, callback: Callback) -> None:
        """Be reached at a callback's address from now on."""
        if self.kept is not None:
            self.kept.write(Listens(name, callback.url, callback.method))
        self.callbacks[name] = callback

    @property
    def is_in_the_past(self) -> bool:
        """Whether it goes the way that it went before the server was killed."""
        return self._loop.is_in_the_past

    def begun(self, routine: str, step: str, line: int) -> None:
        """Note that a step begins."""
        self.counted += 1
        self.steps.append(Entry(self.clock.now(), routine, step, line))

    def shown(self) -> dict[str, Any]:
        """It as the API has it."""
        shown: dict[str, Any] = {
            "name": self.name,
            "createTime": time_text(self.started),
            "startTime": time_text(self.started),
            "state": self.state,
            "argument": self.argument,
            "workflowRevisionId": self.revision,
            "callLogLevel": "LOG_NONE",
            "labels": dict(self.labels),
        }
        last = self.steps[-1] if self.steps else None
        if last is not None:
            shown["status"] = {"currentSteps": [{"routine": last.routine, "step": last.step}]}
        if self.ended is not None:
            shown["endTime"] = time_text(self.ended)
            shown["duration"] = f"{(self.ended - self.started).total_seconds():.6f}s"
        if self.result is not None:
            shown["result"] = self.result
        if self.error is not None:
            shown["error"] = self.error
        if self.state == "CANCELLED":
            shown["error"] = {"payload": '"execution cancelled"', "context": "execution cancelled"}
        return shown


def time_text(at: datetime) -> str:
    """A time as the APIs have it, UTC."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id() -> str:
    """An id of an execution or a callback."""
    return str(uuid.uuid4())
