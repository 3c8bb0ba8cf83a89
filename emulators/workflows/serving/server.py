"""What a server holds: workflows by name with their revisions, operations, and executions."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from emulators.workflows.language.problems import DefinitionError
from emulators.workflows.language.reading import read
from emulators.workflows.language.steps import Definition
from emulators.workflows.running.clocks import Clock, WallClock
from emulators.workflows.running.failures import failure
from emulators.workflows.serving.executions import Execution, new_id
from emulators.workflows.serving.journal import Begun, Journal
from emulators.workflows.serving.places import Places
from emulators.workflows.serving.remembering import remembered
from emulators.workflows.serving.world import World

MOST_ARGUMENT_BYTES = 32 * 1024
MOST_KEPT = 10_000
"""Executions; of older ones that ended nothing is known."""


_LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50)


class RefusedError(Exception):
    """A request that cannot be done, with the status of HTTP and Google's word for it."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


def invalid(message: str) -> RefusedError:
    """A request that is none."""
    return RefusedError(400, "INVALID_ARGUMENT", message)


def missing(name: str) -> RefusedError:
    """Something that is not there."""
    return RefusedError(404, "NOT_FOUND", f"{name} is not there")


@dataclass
class Deployed:
    """A workflow as it was deployed last."""

    name: str
    source: str
    definition: Definition
    created: datetime
    updated: datetime
    number: int = 1
    description: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """The id of the revision: its number, and something of its own."""
        return f"{self.number:06}-{hashlib.sha256(self.source.encode()).hexdigest()[:3]}"


class Server:
    """Workflows and executions on this machine."""

    def __init__(
        self,
        places: Places,
        address: str,
        new_clock: Callable[[], Clock] = WallClock,
        journal: Journal | None = None,
    ) -> None:
        """Serve at `address`; executions take their time from a `new_clock`, and are kept in a `journal`."""
        self.places = places
        self._address = address
        self._new_clock = new_clock
        self._client = httpx.Client(trust_env=False, follow_redirects=True, limits=_LIMITS)
        self._lock = threading.Lock()
        self._workflows: dict[str, Deployed] = {}
        self._executions: dict[str, Execution] = {}
        self._operations: dict[str, dict[str, Any]] = {}
        self._journal = journal

    def go_on(self) -> None:
        """Remember what the journal has of before, and go on with executions that had not ended."""
        if self._journal is None:
            return
        for name, kept in self._journal.workflows():
            self.deploy(name, kept["source"], kept, replace=name in self._workflows)
        under_way = []
        for records in self._journal.executions():
            execution, source = remembered(records, self._journal, self._new_clock())
            self._executions[execution.name] = execution
            if execution.ended is None:
                under_way.append((execution, read(source)))
        for execution, definition in under_way:
            deployed = self._workflows.get(execution.name.partition("/executions/")[0])
            self._run(execution, definition, deployed.environment if deployed else {})

    def deploy(self, name: str, source: str, settings: Mapping[str, Any], *, replace: bool) -> Deployed:
        """Deploy a workflow, new or in place of what there is of its name.

        Raises:
            RefusedError: there is one, or none; or the source is no definition.
        """
        now = datetime.now(UTC)
        with self._lock:
            before = self._workflows.get(name)
            if before is not None and not replace:
                raise RefusedError(409, "ALREADY_EXISTS", f"{name} is there already")
            if before is None and replace:
                raise missing(name)
            try:
                definition = before.definition if before is not None and source == before.source else read(source)
            except DefinitionError as error:
                raise invalid(f"main.workflows.yaml:{error}") from None
            same = before is not None and before.source == source
            deployed = Deployed(
                name=name,
                source=source,
                definition=definition,
                created=before.created if before else now,
                updated=now,
                number=1 if before is None else before.number + (not same),
                description=str(settings.get("description", before.description if before else "")),
                labels=dict(settings.get("labels", before.labels if before else {})),
                environment=dict(settings.get("userEnvVars", before.environment if before else {})),
            )
            self._workflows[name] = deployed
            if self._journal is not None:
                kept = {"labels": deployed.labels, "userEnvVars": deployed.environment, "source": source}
                self._journal.deployed(name, {**kept, "description": deployed.description})
        return deployed

    def workflow(self, name: str) -> Deployed:
        """A workflow by name.

        Raises:
            RefusedError: there is none.
        """
        with self._lock:
            found = self._workflows.get(name)
        if found is None:
            raise missing(name)
        return found

    def workflows(self, parent: str) -> list[Deployed]:
        """The workflows of a project and location."""
        with self._lock:
            return [each for name, each in sorted(self._workflows.items()) if name.startswith(f"{parent}/workflows/")]

    def delete(self, name: str) -> None:
        """Forget a workflow; executions under way go on."""
        self.workflow(name)
        with self._lock:
            self._workflows.pop(name, None)
            if self._journal is not None:
                self._journal.deleted(name)

    def start(self, name: str, argument: str, labels: Mapping[str, str] | None = None) -> Execution:
        """Begin an execution; its argument is JSON, or empty.

        Raises:
            RefusedError: there is no such workflow, or the argument is no JSON.
        """
        deployed = self.workflow(name)
        if len(argument.encode()) > MOST_ARGUMENT_BYTES:
            raise invalid(f"an argument has at most {MOST_ARGUMENT_BYTES // 1024} KB")
        try:
            json.loads(argument or "null")
        except ValueError:
            raise invalid("argument is no JSON") from None
        name, now = f"{name}/executions/{new_id()}", datetime.now(UTC)
        execution = Execution(
            name=name,
            argument=argument or "null",
            revision=deployed.revision,
            started=now,
            clock=self._new_clock(),
            labels=labels or {},
            kept=None if self._journal is None else self._journal.log(name.rpartition("/")[2]),
        )
        if execution.kept is not None:
            execution.kept.write(
                Begun(
                    name=name,
                    argument=execution.argument,
                    revision=execution.revision,
                    started=now.timestamp(),
                    labels=dict(execution.labels),
                    source=deployed.source,
                )
            )
        with self._lock:
            self._executions[execution.name] = execution
            self._forget()
        self._run(execution, deployed.definition, deployed.environment)
        return execution

    def _run(self, execution: Execution, definition: Definition, environment: Mapping[str, str]) -> None:
        """Run an execution in a thread of its own."""
        places = msgspec.structs.replace(self.places, environment={**self.places.environment, **environment})
        world = World(execution, places, self._address, self._client, self._start_another, self.execution)
        threading.Thread(target=execution.run, args=(definition, world), name=execution.id, daemon=True).start()

    def execution(self, name: str) -> Execution:
        """An execution by name.

        Raises:
            RefusedError: there is none.
        """
        with self._lock:
            found = self._executions.get(name)
        if found is None:
            raise missing(name)
        return found

    def executions(self, workflow: str) -> list[Execution]:
        """A workflow's executions, the latest first."""
        self.workflow(workflow)
        with self._lock:
            found = [each for name, each in self._executions.items() if name.startswith(f"{workflow}/executions/")]
        return found[::-1]

    def operation(self, target: str, verb: str, response: dict[str, Any]) -> dict[str, Any]:
        """An operation that is done, kept under a name."""
        parent = target.partition("/workflows/")[0]
        name = f"{parent}/operations/operation-{new_id()}"
        metadata = {
            "@type": "type.googleapis.com/google.cloud.workflows.v1.OperationMetadata",
            "target": target,
            "verb": verb,
            "apiVersion": "v1",
        }
        made = {"name": name, "metadata": metadata, "done": True, "response": response}
        with self._lock:
            self._operations[name] = made
        return made

    def operation_of(self, name: str) -> dict[str, Any]:
        """An operation by name.

        Raises:
            RefusedError: there is none.
        """
        with self._lock:
            found = self._operations.get(name)
        if found is None:
            raise missing(name)
        return found

    def _start_another(self, workflow: str, argument: Any) -> Execution:
        """Start a workflow for another, by its name or resource name."""
        if "/" not in workflow:
            workflow = f"projects/{self.places.project}/locations/{self.places.location}/workflows/{workflow}"
        try:
            return self.start(workflow, json.dumps(argument))
        except RefusedError as error:
            said = f"HTTP server responded with error code {error.code}"
            body = {"error": {"code": error.code, "message": error.message, "status": error.status}}
            raise failure("HttpError", said, code=error.code, headers={}, body=body) from None

    def _forget(self) -> None:
        """Let go of the oldest executions that ended, where there are too many."""
        if len(self._executions) > MOST_KEPT:
            ended = [name for name, each in self._executions.items() if each.state != "ACTIVE"]
            for name in ended[: len(self._executions) - MOST_KEPT]:
                del self._executions[name]
                if self._journal is not None:
                    self._journal.forget(name.rpartition("/")[2])
