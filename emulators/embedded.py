"""The same handlers on the memory adapters, in one process: what runs where there is no Java.

Everything that is ours is the same as with the emulators: HTTP at the door, the boundary, the messages, the handlers,
the signed call to the provider. Only Pub/Sub, Firestore and BigQuery are replaced, by adapters that pass the same
contract suite. For Pub/Sub stands a bus in memory, or Kafka, whose broker is then a process beside this one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import yaml
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server
from werkzeug.wrappers import Request

from emulators.access import Credentials, headers, people, tick_headers, workflow_secrets
from emulators.children import Death
from emulators.endpoints import EndpointsFile
from emulators.errors import CannotStartError
from emulators.local import Bank
from emulators.mail import Mail
from emulators.ports import Ports
from emulators.sandbox import Server as Sandbox
from emulators.scheduler import Scheduler
from emulators.schedules import jobs
from emulators.wiring import Memory, Outside, services
from shared.adapters.memory.bus import Bus, DeadLetters, Publisher
from shared.adapters.memory.history import DecisionHistory
from shared.adapters.memory.person_keys import new_sealer
from shared.adapters.memory.quarantine import Quarantine
from shared.adapters.memory.secrets import Secrets
from shared.adapters.memory.store import Store
from shared.adapters.sealed_history import SealingPublisher, opened
from shared.domain.ready import ready
from shared.messages import (
    HistoryRow,
)
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service

if TYPE_CHECKING:
    from emulators.kafka import Broker

FUNCTIONS = (
    "ingest",
    "identity",
    "eligibility",
    "arbitration",
    "suppression",
    "deferral",
    "delivery",
    "feedback",
    "decide",
    "persons",
    "records",
    "privacy",
    "waves",
    "releases",
    "operations",
    "simulation",
)
THREADS = 16
TOPOLOGY = Path(__file__).resolve().parents[1] / "shared" / "topology.yaml"


class Embedded:
    """The platform in this process: from `start` to `stop` it serves at `endpoints`, to callers who send `headers`."""

    def __init__(
        self,
        bank: Bank,
        *,
        state: Path,
        credentials: Credentials | None = None,
        ports: Mapping[str, int] | None = None,
        on_progress: Callable[[str], None] = lambda _line: None,
        extra: Mapping[str, Service] | None = None,
        on_kafka: bool = False,
    ) -> None:
        """Reserve the ports; nothing starts yet. `extra` services are served beside the functions, by name; `on_kafka`
        has messages travel over Kafka instead of memory.

        Raises:
            emulators.errors.CannotStartError: a wanted port cannot be had, or Kafka's broker is not on this machine.
        """
        self.bank = bank
        self.credentials = credentials or Credentials()
        self._on_progress = on_progress
        self._file = EndpointsFile(state)
        self._reserved = Ports()
        self._extra = dict(extra or {})
        names = (*FUNCTIONS, "sandbox", "mail", *self._extra, *(("kafka",) if on_kafka else ()))
        self._ports = self._reserved.take_all(names, ports or {})
        self.endpoints = {name: f"http://127.0.0.1:{port}" for name, port in self._ports.items()}
        self.endpoints["mail"] = f"smtp://127.0.0.1:{self._ports['mail']}"
        topology = yaml.safe_load(TOPOLOGY.read_text(encoding="utf-8"))
        self.scheduler = Scheduler(jobs(topology, self.endpoints, "embedded", tick_headers(self.credentials)))
        self.store = Store()
        self.meter = RequestMeter()
        self.sealer = new_sealer(self.store)
        self.history = DecisionHistory(self.sealer)
        self.secrets = Secrets()
        self._broker = self._new_broker(state) if on_kafka else None
        memory_bus = Bus(workers=4)
        self.bus = self._broker.bus if self._broker else memory_bus
        if self._broker is not None:
            self.endpoints["kafka"] = self._broker.address
        self._letters = self._broker.letters if self._broker else DeadLetters(memory_bus, {})
        self._publisher = self._broker.publisher(self.meter) if self._broker else Publisher(memory_bus, self.meter)
        self.quarantine = self._broker.quarantine if self._broker else Quarantine(self.store)
        self._server: MultiSocketServer | BaseWSGIServer | None = None
        self._sandbox: Sandbox | None = None
        self._mail: Mail | None = None
        self._death: Death | None = None
        self._stopping = threading.Lock()
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def headers(self) -> dict[str, dict[str, str]]:
        """The headers that let a caller in, by function."""
        return headers(FUNCTIONS, self.credentials)

    def start(self) -> None:
        """Start everything and return when all is ready."""
        if not self._file.claim():
            raise CannotStartError(
                f"Another platform runs with its state in {self._file.path.parent}.", "Stop it first."
            )
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _new_broker(self, state: Path) -> Broker:
        from emulators.kafka import Broker  # noqa: PLC0415 - its client is not light, and most do without

        return Broker(self._ports["kafka"], state / "logs", self._broker_died)

    def _broker_died(self, death: Death) -> None:
        self._death = death
        threading.Thread(target=self.stop, name="stop").start()

    def _start(self) -> None:
        if self._broker is not None:
            self._broker.start()
        reporter = self.bank.reporter(self.endpoints["feedback"], self.credentials)
        self._sandbox = Sandbox(self._ports["sandbox"], self.bank.plays(), logs=False, reporter=reporter)
        if self._sandbox.plays_mail is not None:
            self._mail = Mail(self._ports["mail"], self._sandbox.plays_mail, self._sandbox.provider)
            self._mail.start()
        threading.Thread(target=self._sandbox.serve_forever, name="sandbox", daemon=True).start()
        memory = Memory(
            self.store,
            self.bus,
            SealingPublisher(self._publisher, self.sealer),
            self.history,
            self.quarantine,
            self._letters,
            self.secrets,
            self.meter,
            self.sealer,
        )
        stand_ins = self.bank.stand_ins(self.endpoints["sandbox"], self.endpoints["mail"])
        outside = Outside(stand_ins, self.endpoints["feedback"])
        wired = services(memory, self.bank, self.credentials, outside, self._on_progress)
        if self._broker is not None:
            self._broker.wait_joined()
        served = {**wired, **self._extra}
        by_port = {str(self._ports[name]): service for name, service in served.items()}

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            return by_port[environ["SERVER_PORT"]](Request(environ))(environ, start_response)

        listen = " ".join(f"127.0.0.1:{self._ports[name]}" for name in served)
        self._server = create_server(application, listen=listen, threads=THREADS, clear_untrusted_proxy_headers=True)
        threading.Thread(target=self._serve, args=(self._server,), name="http", daemon=True).start()
        self.scheduler.start()
        pid = os.getpid()
        self._file.write(
            {
                "endpoints": self.endpoints,
                "headers": self.headers,
                "people": people(self.credentials),
                "pids": dict.fromkeys(FUNCTIONS, pid),
                "secrets": dict(self.bank.source_secrets(self.credentials)),
                "workflow_secrets": workflow_secrets(self.credentials),
                "emulators": {"kafka": self._broker.address} if self._broker else {},
                "project": "embedded",
                "on": "embedded",
            }
        )

    def _serve(self, server: MultiSocketServer | BaseWSGIServer) -> None:
        """Serve until stopped. The loop may be looking at a socket just when that is closed."""
        try:
            server.run()
        except OSError:
            if not (self._stopping.locked() or self._stopped.is_set()):
                raise

    def stop(self) -> None:
        """Stop serving. May be called again, and by several threads at once: each returns when all is stopped."""
        with self._stopping:
            if self._stopped.is_set():
                return
            self.scheduler.stop()
            if self._server is not None:
                self._server.close()
            self.bus.close()
            if self._broker is not None:
                self._broker.stop()
            if self._mail is not None:
                self._mail.stop()
            if self._sandbox is not None:
                self._sandbox.shutdown()
                self._sandbox.server_close()
            self._file.remove()
            self._reserved.release()
            self._stopped.set()

    def wait(self) -> Death | None:
        """Wait until all is stopped; the death of the broker that led to it, None when `stop` was called."""
        self._stopped.wait()
        return self._death

    def parked(self) -> int:
        """How many messages are in quarantine."""
        return len(self.quarantine.list(10_000))

    def on_row(self, listener: Callable[[HistoryRow], None]) -> None:
        """Tell a listener of every row of the interaction history from now on, its record opened."""
        tell = opened(self.sealer, listener)

        def hear(_topic: str, data: bytes, _attributes: Mapping[str, str]) -> bool:
            tell(msgspec.json.decode(data, type=ready(HistoryRow)))
            return True

        self.bus.subscribe("history", hear, name="listener")
