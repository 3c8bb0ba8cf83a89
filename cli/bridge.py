"""`kairos bridge kafka`: records of Kafka topics into a running platform, and its history out to one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from cli.platform import Running, running
from cli.say import fail
from shared.domain.errors import NotFoundError
from shared.ports import Quarantine

if TYPE_CHECKING:
    from shared.adapters.pubsub import Rows

SUBSCRIPTION = "history-to-kafka"
_ON_KAFKA = "kairos up --bus kafka, or kairos up --on emulators"


@click.group()
def bridge() -> None:
    """Connect a platform that runs here with other systems."""


@bridge.command()
@click.option("--brokers", metavar="HOST:PORT,…", help="Kafka; the platform's own broker where it has one.")
@click.option("--topic", "topics", multiple=True, metavar="TOPIC=SOURCE", help="Send a topic's records as a source's.")
@click.option("--group", default="kairos-bridge", show_default=True, help="The consumer group.")
@click.option("--history", metavar="TOPIC", help="Write decisions and outcomes to a topic.")
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="A setting of librdkafka.")
@click.option(
    "--batch", type=click.IntRange(1, 500), default=500, show_default=True, help="The most records of one commit."
)
def kafka(
    brokers: str | None,
    topics: tuple[str, ...],
    group: str,
    history: str | None,
    options: tuple[str, ...],
    batch: int,
) -> None:
    """Take in what topics hold, and write the history to one, until Ctrl-C."""
    from shared.adapters.intake import HttpIntake
    from shared.adapters.kafka import Topics
    from shared.adapters.kafka.records import Outlet, Records
    from shared.runtime.world import utc_now
    from workers.bridge.handler import Bridge, take_in, tell_history, together

    sources, given = _pairs(topics, "--topic"), _pairs(options, "--set")
    if not sources and not history:
        raise click.UsageError("say --topic TOPIC=SOURCE, --history TOPIC, or both")
    platform = running()
    settings = {**_reached(platform, brokers), **given}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loops: list[Callable[[], None]] = []
    if sources:
        intake = HttpIntake(platform.endpoints["ingest"], platform.headers["ingest"], wait=stop.wait)
        for topic, source in sources.items():
            try:
                intake.check(source)
            except NotFoundError as error:
                fail(f"--topic {topic}={source}: {error}.", "A source is declared in sources.yaml of the catalogue.")
        taking = Bridge(
            intake,
            _quarantine(platform),
            sources,
            utc_now,
            brokers=str(settings["bootstrap.servers"]),
            revision="local",
        )
        records = Records(settings, group, list(sources), stop, most=batch)
        loops.append(lambda: records.until_closed(lambda: take_in(records, taking, stop, _say)))
    if history:
        rows, outlet = _rows(platform), Outlet(Topics(settings), history)
        loops.append(lambda: tell_history(rows, outlet, stop))
    for topic, source in sources.items():
        click.echo(f"· {topic} → {source}")
    if history:
        click.echo(f"· the history → {history}")
    together(loops, stop)
    click.echo("· stopped")


def _say(taken: int, parked: int) -> None:
    click.echo(f"✓ {taken} taken in" + (f", {parked} parked" if parked else ""))


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """`name=value` options as a mapping, or an end with what to do."""
    pairs = {}
    for text in given:
        name, _, value = text.partition("=")
        if not name or not value:
            fail(f"{option} {text} is not name=value.", f"For example: {option} bank.web=segment")
        pairs[name] = value
    return pairs


def _reached(platform: Running, brokers: str | None) -> dict[str, str | int | float | bool]:
    if brokers is not None:
        return {"bootstrap.servers": brokers}
    if "kafka" not in platform.emulators:
        fail("This platform has no Kafka broker.", "Name one: --brokers HOST:PORT; or kairos up --bus kafka")
    from emulators.kafka import settings

    return settings(platform.emulators["kafka"])


def _quarantine(platform: Running) -> Quarantine:
    from cli import stores

    if platform.on == "embedded" and "kafka" not in platform.emulators:
        fail("This platform keeps its quarantine in its own process, and the bridge could not park there.", _ON_KAFKA)
    return stores.quarantine(platform)


def _rows(platform: Running) -> Rows:
    from cli import stores

    if platform.on == "embedded":
        if "kafka" in platform.emulators:
            fail("The history of this platform is on Kafka already.", "Read the topic `history` of its broker.")
        fail("This platform keeps its history in its own process.", _ON_KAFKA)
    return stores.history_rows(platform, SUBSCRIPTION)
