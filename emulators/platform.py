"""The whole platform on this machine: emulators, sandbox, pump and every function, started and stopped together.

    with Platform(Options(root=Path.cwd(), secrets=make_secrets)) as platform:
        platform.endpoints["ingest"]

Everything starts at once where nothing has to wait for something else: while the emulators warm up, the functions
import their clients, and topics are created as soon as Pub/Sub answers.
"""

import threading
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, Self

import yaml

from emulators import access, bigquery, google
from emulators.children import Death, StartError
from emulators.endpoints import EndpointsFile
from emulators.errors import CannotStartError
from emulators.options import Local, Options
from emulators.ports import Ports
from emulators.processes import Supervisor
from emulators.programs import WORKFLOWS, Programs
from emulators.provisioning import bigquery_client, provision_bigquery, provision_pubsub, provision_secrets
from emulators.scheduler import Scheduler
from emulators.schedules import jobs

START_SECONDS = 60.0
"""How long everything together may take to become ready; on two cores it takes about ten."""

EMULATORS = ("pubsub", "firestore", "bigquery", "secretmanager")


class Platform:
    """The platform: from `start` to `stop` it serves at `local.endpoints`, to callers who send `headers`."""

    def __init__(self, options: Options) -> None:
        """Read the topology and reserve the ports; nothing starts yet.

        Raises:
            emulators.errors.CannotStartError: a wanted port cannot be had.
        """
        self._options = options
        root = options.root.resolve()
        self._state = (options.state or root / ".kairos").resolve()
        topology_file = (options.topology or root / "shared" / "topology.yaml").resolve()
        self.topology: dict[str, Any] = yaml.safe_load(topology_file.read_text(encoding="utf-8"))
        self.functions: tuple[str, ...] = tuple(self.topology["services"])
        self._file = EndpointsFile(self._state)
        self._reserved = Ports()
        names = [*EMULATORS, WORKFLOWS, "sandbox", "mail", *self.functions]
        self._ports = self._reserved.take_all(names, options.ports)
        self._stopping = threading.Lock()
        self.local = self._local()
        self._programs = Programs(options, root, self._state, topology_file, self.topology, self.local, self._ports)
        headers = access.tick_headers(self.local.credentials)
        self.scheduler = Scheduler(jobs(self.topology, self.local.endpoints, self.local.project, headers))
        self.supervisor = Supervisor(self._state / "logs", on_death=options.on_death, on_restarted=self._on_restarted)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The address of each service and of the sandbox."""
        return self.local.endpoints

    @property
    def headers(self) -> dict[str, dict[str, str]]:
        """The headers that let a caller in, by service: keys where it has keys, the push token where Pub/Sub calls."""
        return access.headers(self.functions, self.local.credentials)

    def pids(self) -> dict[str, int]:
        """The process of each function that runs; it leads the group of its workers."""
        return {name: pid for name, pid in self.supervisor.pids().items() if name in self.functions}

    def start(self) -> None:
        """Start everything and return when all is ready. If that fails, or is interrupted, everything is stopped again.

        Raises:
            CannotStartError: Java, an emulator or a package is missing, or a platform runs here already.
            emulators.children.StartError: something died or was not ready in time; with the last lines of its log.
        """
        installation = google.find()
        if isinstance(installation, google.Missing):
            raise CannotStartError(installation.what, installation.how)
        if absent := bigquery.missing():
            raise CannotStartError(f"BigQuery's emulator needs {', '.join(absent)}.", "Run: make setup")
        if not self._file.claim():
            raise CannotStartError(
                f"Another platform runs with its state in {self._state}.",
                "Stop it first (Ctrl-C where it was started).",
            )
        began = time.monotonic()
        try:
            self._start_children(installation)
            self._prepare()
            self.supervisor.wait_ready([*self.functions, "sandbox", "pump", WORKFLOWS], within_seconds=START_SECONDS)
            self._publish()
            self.scheduler.start()
        except BaseException:
            self.stop()
            raise
        self._options.on_progress(
            f"{len(self.functions)} functions ready, {time.monotonic() - began:.1f} s after the start"
        )

    def stop(self) -> None:
        """Stop every process that was started, and take the endpoints back. May be called again, and by several threads
        at once: each returns when all is stopped.
        """
        with self._stopping:
            self.scheduler.stop()
            self.supervisor.stop()
            self._file.remove()
            self._reserved.release()

    def wait(self) -> Death | None:
        """Wait until the platform stops; give the death that stopped it, or None when `stop` was called."""
        return self.supervisor.wait()

    def kill(self, name: str) -> None:
        """Kill a function or an emulator with SIGKILL, workers included, as a test does: nothing follows from it."""
        self.supervisor.kill(name)

    def restart(self, name: str) -> int:
        """Start a function again on its port, whether it runs or was killed; give its process id when it is ready.

        Raises:
            emulators.children.StartError: it did not become ready.
        """
        pid = self.supervisor.restart(name)
        self._publish()
        return pid

    def _on_restarted(self, name: str) -> None:
        self._publish()
        self._options.on_progress(f"{name} runs again")

    def _local(self) -> Local:
        endpoints = {name: f"http://127.0.0.1:{self._ports[name]}" for name in [*self.functions, "sandbox"]}
        endpoints[WORKFLOWS] = f"http://127.0.0.1:{self._ports[WORKFLOWS]}"
        endpoints["mail"] = f"smtp://127.0.0.1:{self._ports['mail']}"
        emulators = {name: f"127.0.0.1:{self._ports[name]}" for name in EMULATORS}
        emulators["bigquery"] = f"http://{emulators['bigquery']}"
        google_credentials = access.write_google_credentials(self._state / "google-credentials.json")
        return Local(self._options.project, endpoints, emulators, self._options.credentials, google_credentials)

    def _start_children(self, installation: google.Installation) -> None:
        for child in self._programs.emulators(installation):
            self.supervisor.start(child)
        self.supervisor.start(self._programs.workflows())
        for child in self._programs.functions():
            self.supervisor.start(child)

    def _prepare(self) -> None:
        """Create topics, tables and secrets and seed Firestore, each as soon as its emulator answers.

        A client of Google's that lost its emulator goes on trying for ten minutes. So nobody waits for such a work once
        everything is being stopped; it ends with this process.

        Raises:
            StartError: a child died, or `stop` was called meanwhile.
        """
        ends: SimpleQueue[BaseException | None] = SimpleQueue()

        def run(work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised again by who waits
                ends.put(error)
            else:
                ends.put(None)

        def watch() -> None:
            ends.put(StartError(str(self.supervisor.wait() or "It was stopped while it started.")))

        works = (self._prepare_pubsub, self._prepare_bigquery, self._prepare_firestore, self._prepare_secrets)
        threading.Thread(target=watch, name="prepare-watch", daemon=True).start()
        for work in works:
            threading.Thread(target=run, args=(work,), name="prepare", daemon=True).start()
        for _ in works:
            error = ends.get()
            if error is not None:
                raise error

    def _prepare_pubsub(self) -> None:
        self._ready("pubsub", "Pub/Sub")
        local = self.local
        provision_pubsub(
            self.topology, local.project, local.emulators["pubsub"], local.endpoints, local.credentials.push_token
        )
        self._options.on_progress(f"{len(self.topology['topics'])} topics and their subscriptions created")

    def _prepare_bigquery(self) -> None:
        self._ready("bigquery", "BigQuery")
        provision_bigquery(self.topology, bigquery_client(self.local.emulators["bigquery"], self.local.project))
        self.supervisor.start(self._programs.pump())

    def _prepare_firestore(self) -> None:
        self._ready("firestore", "Firestore")
        self._options.seed(self.local)

    def _prepare_secrets(self) -> None:
        self._ready("secretmanager", "Secret Manager")
        local = self.local
        provision_secrets(self._options.kept_secrets(local), local.project, local.emulators["secretmanager"])

    def _ready(self, name: str, title: str) -> None:
        self.supervisor.wait_ready([name], within_seconds=START_SECONDS)
        self._options.on_progress(f"{title} emulator ready")

    def _publish(self) -> None:
        """Write what others need to talk to this platform."""
        self._file.write(
            {
                "endpoints": dict(self.endpoints),
                "headers": self.headers,
                "people": access.people(self.local.credentials),
                "pids": self.pids(),
                "processes": self.supervisor.pids(),
                "secrets": dict(self._options.kept_secrets(self.local)),
                "emulators": dict(self.local.emulators),
                "project": self.local.project,
                "on": "emulators",
            }
        )
