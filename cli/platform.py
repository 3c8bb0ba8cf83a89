"""Where the platform runs: chosen, started and stopped; or found running."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import httpx
import msgspec

from cli.say import fail
from emulators import endpoints, google

if TYPE_CHECKING:
    from emulators.bank_on_emulators import BankOnEmulators
    from emulators.embedded import Embedded
    from emulators.workflows.serving.places import Places

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("KAIROS_STATE") or ROOT / ".kairos").resolve()
"""Where a platform keeps its endpoints and logs; `KAIROS_STATE` names another folder, so that two may run."""

On = Literal["auto", "emulators", "embedded"]
BusKind = Literal["pubsub", "kafka"]

bus_option = click.option(
    "--bus",
    type=click.Choice(["pubsub", "kafka"]),
    default="pubsub",
    show_default=True,
    help="What messages travel over; embedded, Pub/Sub is stood for in memory.",
)

_START = "Start one in another terminal: kairos up"


class Running(msgspec.Struct, frozen=True):
    """A platform that runs on this machine, as its endpoints file describes it."""

    endpoints: dict[str, str]
    headers: dict[str, dict[str, str]]
    emulators: dict[str, str]
    project: str
    on: Literal["emulators", "embedded"]
    people: dict[str, str] = {}
    workflow_secrets: dict[str, str] = {}

    @contextmanager
    def client(self, function: str) -> Iterator[httpx.Client]:
        """A client of one function, with the headers that let it in; where it does not answer, an end with what to
        do.
        """
        address = self.endpoints[function]
        try:
            with httpx.Client(base_url=address, headers=self.headers.get(function, {}), timeout=30) as client:
                yield client
        except httpx.TransportError as error:
            log = (
                STATE / "logs" / f"{function}.log" if self.on == "emulators" else "what kairos up says in its terminal"
            )
            fail(f"{function} at {address} does not answer: {error}", f"its log: {log}")


def running() -> Running:
    """The platform that runs here, or an end with what to do."""
    file = STATE / "endpoints.json"
    try:
        platform = msgspec.json.decode(file.read_bytes(), type=Running)
    except FileNotFoundError:
        fail("No platform runs here.", _START)
    except msgspec.MsgspecError as error:
        fail(f"{file} is not what a platform of this version writes: {error}", f"Stop that one. {_START}")
    if not endpoints.runs(STATE):
        fail(f"The platform that {file} tells of runs no more.", _START)
    return platform


def places(environment: Mapping[str, str]) -> Places:
    """Where workflows that run now find what they call: the platform that runs here, where one does."""
    from emulators.workflows.serving.places import Places, beside

    if not endpoints.runs(STATE):
        return Places(environment=environment)
    platform = running()
    token = platform.headers["deferral"]["authorization"].removeprefix("Bearer ")
    known = platform.endpoints, platform.emulators
    return beside(platform.project, *known, token, environment, platform.workflow_secrets)


def choose(on: On, bus: BusKind = "pubsub") -> tuple[Literal["emulators", "embedded"], str]:
    """Where to run, and why, for people."""
    if bus == "kafka":
        if on == "emulators":
            fail("On the emulators messages travel over Pub/Sub.", "kairos up --on embedded --bus kafka")
        return "embedded", "messages over Kafka, everything else in this process"
    if on != "auto":
        return on, "as asked"
    found = google.find()
    if isinstance(found, google.Missing):
        return "embedded", f"{found.what} {found.how}"
    return "emulators", "Google's emulators and Java are on this machine"


def start(
    on: Literal["emulators", "embedded"],
    ports: dict[str, int],
    on_progress: Callable[[str], None],
    *,
    restart_functions: bool = False,
    bus: BusKind = "pubsub",
) -> BankOnEmulators | Embedded:
    """A platform with the sample bank, not yet started, or an end with what to do; imports only what it needs."""
    from emulators.errors import CannotStartError
    from emulators.local import Bank

    bank = Bank(ROOT)
    try:
        if on == "embedded":
            from emulators.embedded import Embedded

            return Embedded(bank, state=STATE, ports=ports, on_progress=on_progress, on_kafka=bus == "kafka")
        from emulators.bank_on_emulators import BankOnEmulators

        return BankOnEmulators(
            bank,
            state=STATE,
            ports=ports,
            on_progress=on_progress,
            on_death=lambda death: on_progress(str(death)) if restart_functions else None,
            on_function_death="restart" if restart_functions else "stop",
        )
    except CannotStartError as error:
        fail(error.what, error.how)


def ports_of(given: tuple[str, ...]) -> dict[str, int]:
    """`name=port` options as a mapping, or an end with what to do."""
    ports = {}
    for text in given:
        name, _, number = text.partition("=")
        if not number.isdecimal():
            fail(f"--port {text} is not name=number.", "For example: --port ingest=8081")
        ports[name] = int(number)
    return ports
