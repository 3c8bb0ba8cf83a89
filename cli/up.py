"""`kairos up`: the platform on this machine, until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import click

from cli.platform import STATE, BusKind, On, bus_option, choose, ports_of, start
from cli.say import fail, say_failure

if TYPE_CHECKING:
    from emulators.bank_on_emulators import BankOnEmulators
    from emulators.embedded import Embedded


@click.command()
@click.option("--on", type=click.Choice(["auto", "emulators", "embedded"]), default="auto", show_default=True)
@bus_option
@click.option("--port", "ports", multiple=True, metavar="NAME=NUMBER", help="A wanted port, such as ingest=8081.")
@click.option("--restart", is_flag=True, help="Start a function again when it dies, as Cloud Run does.")
def up(on: On, bus: BusKind, ports: tuple[str, ...], restart: bool) -> None:
    """Start every emulator and function, wait until all are ready, and stay until Ctrl-C."""
    where, why = choose(on, bus)
    click.echo(f"· running {'on ' if where == 'emulators' else ''}{where}: {why}")
    began = time.monotonic()
    platform = start(where, ports_of(ports), lambda line: click.echo(f"· {line}"), restart_functions=restart, bus=bus)
    told = stop_on_signals(platform)
    begin(platform, told)
    click.secho(f"✓ ready in {time.monotonic() - began:.1f} s", fg="green")
    for name, address in platform.endpoints.items():
        click.echo(f"  {name:<12} {address}")
    click.echo(f"  addresses, keys and processes: {STATE / 'endpoints.json'}\n  Ctrl-C stops everything")
    death = platform.wait()
    platform.stop()
    if death is not None and not told.is_set():
        fail(str(death), f"its log: {STATE / 'logs' / (death.name + '.log')}")
    click.echo("· stopped")


def begin(platform: BankOnEmulators | Embedded, told: threading.Event) -> None:
    """Start a platform, or end with what kept it from starting and what to do; `told` says that it was told to stop."""
    from emulators.children import StartError
    from emulators.errors import CannotStartError
    from shared.authoring import CatalogueError

    try:
        platform.start()
    except (CannotStartError, StartError, CatalogueError) as error:
        platform.stop()
        if told.is_set():
            click.echo("· stopped")
        else:
            say_failure(str(error), f"logs are in {STATE / 'logs'}")
        sys.stdout.flush()
        if isinstance(error, StartError):
            os._exit(0 if told.is_set() else 1)  # threads of Google's clients may look for ten minutes for what is gone
        raise SystemExit(0 if told.is_set() else 1) from error


def stop_on_signals(platform: BankOnEmulators | Embedded) -> threading.Event:
    """Stop the platform on SIGINT and SIGTERM; the event says that this happened."""
    told = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        told.set()
        threading.Thread(target=platform.stop, name="stop").start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return told
