"""`kairos demo`: the sample bank, real signals, and each decision as it is made."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click
import httpx
from rich.console import Console

from cli.explaining import say_explanation, wide_console
from cli.platform import ROOT, BusKind, On, bus_option, choose, ports_of, start
from cli.up import begin, stop_on_signals
from cli.watching import Watch
from shared.domain.policy.policy import Policy

if TYPE_CHECKING:
    from emulators.bank_on_emulators import BankOnEmulators
    from emulators.embedded import Embedded
    from emulators.samples import Sample

SIGNALS_PER_SECOND = 10.0
SETTLE_SECONDS = 60.0
"""How long the last signal may take to its end before the demo says that something is stuck."""


@click.command()
@click.option("--once", is_flag=True, help="End with a summary and an exit code, for scripts.")
@click.option("--on", type=click.Choice(["auto", "emulators", "embedded"]), default="auto", show_default=True)
@bus_option
@click.option("--port", "ports", multiple=True, metavar="NAME=NUMBER", help="A wanted port, such as decide=8080.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=SIGNALS_PER_SECOND,
    show_default=True,
    help="Signals a second.",
)
def demo(once: bool, on: On, bus: BusKind, ports: tuple[str, ...], rate: float) -> None:
    """Start the platform with the sample bank, send it real Segment and Adobe payloads, and show what it decides and
    why.
    """
    from emulators.samples import load

    console = wide_console()
    where, why = choose(on, bus)
    console.print(f"[bold]Kairos[/bold] · running {'on ' if where == 'emulators' else ''}{where}: {why}")
    platform = start(where, ports_of(ports), lambda line: console.print(f"[dim]· {line}[/dim]"), bus=bus)
    told = stop_on_signals(platform)
    try:
        begin(platform, told)
        samples = load(ROOT / "catalogue" / "samples")
        watch = Watch(Policy(platform.bank.revision), console)
        with _listening(platform, watch):
            console.print(f"\n[bold]{len(samples)} real signals[/bold] of Segment and Adobe, {rate:g} a second:\n")
            _send(platform, samples, watch, rate, told)
            settled = watch.wait(SETTLE_SECONDS, told)
            _close(platform, watch, console)
            if not once and not told.is_set():
                _stay(platform, watch, console)
    finally:
        platform.stop()
    if not settled and not told.is_set():
        console.print(f"[red]✗ {watch.unsettled()} signals did not come to an end within {SETTLE_SECONDS:g} s[/red]")
        raise SystemExit(1)


def _listening(platform: BankOnEmulators | Embedded, watch: Watch) -> AbstractContextManager[object]:
    """Let the watch hear every row of the history."""
    from emulators.embedded import Embedded

    if isinstance(platform, Embedded):
        platform.on_row(watch.hear)
        return nullcontext()
    from emulators.tail import Tail
    from shared.adapters.sealed_history import opened

    listener = opened(platform.sealer(), watch.hear)
    return Tail(platform.local.project, platform.local.emulators["pubsub"], listener)


def _send(
    platform: BankOnEmulators | Embedded, samples: list[Sample], watch: Watch, rate: float, told: threading.Event
) -> None:
    began = time.monotonic()
    with httpx.Client(base_url=platform.endpoints["ingest"], headers=platform.headers["ingest"], timeout=30) as client:
        for position, sample in enumerate(samples):
            if told.wait(max(0.0, began + position / rate - time.monotonic())):
                return
            answer = client.post(
                f"/v1/sources/{sample.source}", content=sample.body, headers={"content-type": "application/json"}
            )
            watch.sent(sample.customer_no or "a visitor", sample.source, answer.json(), time.time())


def _close(platform: BankOnEmulators | Embedded, watch: Watch, console: Console) -> None:
    """The closing table, and one decision explained in full."""
    received = httpx.get(platform.endpoints["sandbox"] + "/received", timeout=30).json()["received"]
    watch.say_summary(received, platform.parked())
    decision_id = watch.worth_explaining()
    if decision_id is None:
        return
    console.print("\n[bold]One decision in full[/bold]\n")
    url = f"{platform.endpoints['decide']}/v1/decisions/{decision_id}/explanation"
    deadline = time.monotonic() + SETTLE_SECONDS
    answer = httpx.get(url, headers=platform.headers["decide"], timeout=30)
    while answer.status_code == 404 and time.monotonic() < deadline:  # the row is on its way to the warehouse
        time.sleep(0.1)  # the warehouse says nothing when a row arrives
        answer = httpx.get(url, headers=platform.headers["decide"], timeout=30)
    if answer.status_code != 200:
        console.print(f"[red]✗ the history has no decision {decision_id}: {answer.text}[/red]")
        raise SystemExit(1)
    say_explanation(answer.json(), console)


def _stay(platform: BankOnEmulators | Embedded, watch: Watch, console: Console) -> None:
    console.print("\n[bold]It stays up.[/bold] In another terminal, with the environment's `.venv/bin` on the PATH:")
    console.print("  kairos decide --identifier customer_no=C000001 --channel web --placement web.home.hero --explain")
    console.print("  kairos send signals catalogue/samples/signals/application_abandoned.json")
    console.print(f"  kairos explain {watch.worth_explaining()}   # or whichever these two name")
    console.print("Ctrl-C stops everything.")
    death = platform.wait()
    if death is not None:
        console.print(f"[red]✗ {death}[/red]")
        raise SystemExit(1)
