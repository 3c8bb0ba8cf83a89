"""The programs that the platform is made of: the command and environment of each, and how it says that it is ready."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from emulators import access, bigquery, google
from emulators.children import Child
from emulators.options import Local, Options
from emulators.playing import written
from emulators.probes import Probe, always, http_ok, tcp
from emulators.workflows.serving.places import beside

MOST_THREADS = 16
"""Threads of one function here; on Cloud Run it has as many as its concurrency."""

GOING_OUT = ("arbitration", "delivery", "decide", "records")
"""The functions that connect to hosts that the catalogue names."""

SCORING = ("arbitration", "decide", "records")
"""Those that ask estimators for scores."""

WORKFLOWS = "workflows"
"""What runs workflows."""


@dataclass(frozen=True)
class Programs:
    """The programs of one platform.

    Args:
        options: what it is started with.
        root: the repository, in which every program runs.
        state: folder of BigQuery's files and of what workflows are told.
        topology_file: the topology's file, and `topology` what it says.
        local: what is known before anything starts.
        ports: the ports that are taken, by name.
    """

    options: Options
    root: Path
    state: Path
    topology_file: Path
    topology: Mapping[str, Any]
    local: Local
    ports: Mapping[str, int]

    def emulators(self, installation: google.Installation) -> Iterator[Child]:
        """The emulators, and the sandbox."""
        ports = self.ports
        yield self._child("pubsub", installation.pubsub(ports["pubsub"]), http_ok(ports["pubsub"], "/"))
        yield self._child("firestore", installation.firestore(ports["firestore"]), http_ok(ports["firestore"], "/"))
        command = bigquery.command(ports["bigquery"], self.state / "bigquery")
        yield self._child("bigquery", command, http_ok(ports["bigquery"], "/readyz"))
        command = [sys.executable, "-m", "emulators.secret_manager", "--port", str(ports["secretmanager"])]
        yield self._child("secretmanager", command, tcp(ports["secretmanager"]))
        listening = ["--port", str(ports["sandbox"]), "--mail-port", str(ports["mail"])]
        command = [sys.executable, "-m", "emulators.sandbox", *listening]
        environment = {"SANDBOX_PLAYS": written(self.options.plays()), "PYTHONUNBUFFERED": "1"}
        if (reporter := self.options.reporter(self.local)) is not None:
            environment |= reporter.written()
        yield self._child("sandbox", command, http_ok(ports["sandbox"], "/ready"), environment)

    def workflows(self) -> Child:
        """What runs workflows, with all that there are."""
        local, port = self.local, self.ports[WORKFLOWS]
        functions = {name: local.endpoints[name] for name in self.topology["services"]}
        where = self.state / "places.json"
        where.touch(mode=0o600)
        where.write_bytes(
            msgspec.json.encode(beside(local.project, functions, local.emulators, local.credentials.push_token, {}))
        )
        declared = self.topology.get("workflows", {}).values()
        files = [str(self.root / each["source"]) for each in declared]
        journal = self.state / "workflows"
        shutil.rmtree(journal, ignore_errors=True)  # executions outlive their server, and not the stores
        kept = ["--journal", str(journal)]
        options = ["--port", str(port), "--places", str(where), *kept, "--deploy", *files]
        command = [sys.executable, "-m", "emulators.workflows", *options]
        return self._child(WORKFLOWS, command, http_ok(port, "/ready"), {"PYTHONUNBUFFERED": "1"})

    def functions(self) -> Iterator[Child]:
        """Every function, as Cloud Run starts it."""
        values = self.options.secrets(self.local)
        command = [sys.executable, "-m", "functions_framework", "--host", "127.0.0.1"]
        for name, service in self.topology["services"].items():
            environment = self._function_environment(name, service, values)
            child = self._child(name, command, http_ok(self.ports[name], "/ready"), environment)
            yield replace(child, on_death=self.options.on_function_death)

    def pump(self) -> Child:
        """What takes messages from Pub/Sub into BigQuery."""
        command = [sys.executable, "-m", "emulators.pump", "--topology", str(self.topology_file)]
        return self._child("pump", command, always, self.local.environment())

    def _child(
        self, name: str, command: Sequence[str], ready: Probe, environment: Mapping[str, str] | None = None
    ) -> Child:
        return Child(name, command, self.root, ready, environment or {})

    def _function_environment(self, name: str, service: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
        """Give the environment that Cloud Run gives a function, pointed at the emulators."""
        extra = self.options.environment
        return {
            **self.local.environment(),
            "PORT": str(self.ports[name]),
            "K_SERVICE": name,
            "K_REVISION": f"{name}-00001-loc",
            "K_CONFIGURATION": name,
            "FUNCTION_SOURCE": service["source"],
            "FUNCTION_TARGET": service["target"],
            "FUNCTION_SIGNATURE_TYPE": "http",
            "WORKERS": "1",
            "THREADS": str(min(service.get("concurrency", MOST_THREADS), MOST_THREADS)),
            "PYTHONPATH": str(self.root),
            "PYTHONUNBUFFERED": "1",
            **{key: str(value) for key, value in service.get("environment", {}).items()},
            **access.push_environment(name, self.topology, self.local.credentials),
            **{secret: values[secret] for secret in service.get("secrets", []) if secret in values},
            **self._outside(name),
            **extra.get("*", {}),
            **extra.get(name, {}),
        }

    def _outside(self, name: str) -> dict[str, str]:
        """What is known only once ports are taken: who plays the providers, and where links lead."""
        if name not in GOING_OUT:
            return {}
        stand_ins = self.options.stand_ins(self.local)
        own = {
            "delivery": {"LINK_BASE": self.local.endpoints["feedback"]},
            **{each: {"SCORING_HOSTS": json.dumps(list(stand_ins))} for each in SCORING},
        }
        return {"STAND_INS": json.dumps(stand_ins), **own.get(name, {})}
