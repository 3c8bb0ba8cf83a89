"""`kairos quarantine`: what was parked, why, and again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

import click

from cli.platform import Running, running
from cli.say import fail, json_option, printable, say_json
from shared.domain.errors import KairosError
from shared.ports import DeadLetters, Parked, Quarantine, parked_in
from shared.runtime.world import utc_now
from workers.bridge.handler import FUNCTION as BRIDGE

PAGE = 200
"""Messages read at once: each may be as large as a document."""

TAKEN_IN = 1000
"""Dead letters taken in at once."""


@click.group()
def quarantine() -> None:
    """List, show and redrive what was parked. What lists or redrives everything takes in the dead letters first."""


@quarantine.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List what is parked, newest first."""
    from cli import stores

    platform = _reachable()
    store = stores.quarantine(platform)
    stores.dead_letters(platform).take_in(store, now=utc_now())
    found = store.list(limit + 1)
    parked = found[:limit]
    if len(found) > limit:
        click.echo(f"These are the newest {limit}; there are more: --limit", err=True)
    if as_json:
        say_json([_said(item) for item in parked])
        return
    if not parked:
        click.echo("Nothing is parked.")
    for item in parked:
        click.echo(
            f"{item.id}  {item.at:%Y-%m-%d %H:%M:%S}  {item.function}  {item.kind}  {len(item.data)} B  "
            + printable(item.reason)
        )


@quarantine.command()
@click.argument("parked_id")
@json_option
def show(parked_id: str, as_json: bool) -> None:
    """Show one of them, bytes included."""
    from cli import stores

    item = stores.quarantine(_reachable()).get(parked_id)
    if item is None:
        fail(f"Nothing is parked as {parked_id}.", "kairos quarantine list")
    if as_json:
        say_json({**_said(item), "data": item.data})
        return
    for name, value in _said(item).items():
        click.echo(f"{name:<11} {printable(str(value))}")
    click.echo(printable(item.data.decode(errors="backslashreplace")))


@quarantine.command()
@click.argument("parked_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that is parked.")
def redrive(parked_ids: tuple[str, ...], everything: bool) -> None:
    """Put parked messages back on their topic, and forget them here."""
    from cli import stores

    if bool(parked_ids) == everything:
        raise click.UsageError("name what to redrive, or say --all")
    platform = _reachable()
    store, letters = stores.quarantine(platform), stores.dead_letters(platform)
    if everything:
        while letters.take_in(store, now=utc_now(), limit=TAKEN_IN) >= TAKEN_IN:
            pass
    left = 0
    for item in _everything(store) if everything else (store.get(parked_id) or parked_id for parked_id in parked_ids):
        if isinstance(item, str):
            left += 1
            click.echo(f"✗ nothing is parked as {item}", err=True)
        elif item.truncated:
            left += 1
            click.echo(f"✗ {item.id} was too large to keep whole and cannot go back", err=True)
        elif not item.topic:
            left += 1
            click.echo(f"✗ {item.id}: no subscription {item.function} is declared, so its topic is unknown", err=True)
        else:
            try:
                reason = _again(platform, letters, item)
                if reason is None:
                    store.remove(item)
            except KairosError as error:
                fail(f"{item.id}: {error}", "nothing of it is lost; try again")
            left += reason is not None
            click.echo(f"✓ {item.id} is back on {item.topic}" if reason is None else f"✗ {item.id}: {reason}")
    raise SystemExit(1 if left else 0)


def _everything(store: Quarantine) -> Iterator[Parked]:
    """All that is parked by now, oldest first; what comes back meanwhile is not put back again."""
    began = utc_now()
    return takewhile(lambda item: item.at <= began, parked_in(store, PAGE))


def _again(platform: Running, letters: DeadLetters, item: Parked) -> str | None:
    """Put a message back on its topic, or give a record of the bridge to ingest again: why it was refused."""
    if item.function != BRIDGE:
        letters.republish(item.topic, item.data, item.attributes)
        return None
    from shared.adapters.intake import HttpIntake
    from shared.adapters.kafka.records import record_at

    place = item.attributes
    offset = int(place["kafka_offset"])
    brokers = {"bootstrap.servers": place["kafka_brokers"]}
    record = record_at(brokers, place["kafka_topic"], int(place["kafka_partition"]), offset)
    if record is None or record.value is None:
        return "the record stands no more where it stood"
    intake = HttpIntake(platform.endpoints["ingest"], platform.headers["ingest"])
    return intake.take(place["source"], [record.value], record.headers)[0]


def _reachable() -> Running:
    platform = running()
    if platform.on == "embedded" and "kafka" not in platform.emulators:
        fail(
            "The embedded platform keeps its quarantine in its own process.",
            "Use the emulators: kairos up; or Kafka: kairos up --bus kafka",
        )
    return platform


def _said(item: Parked) -> dict[str, object]:
    return {
        "id": item.id,
        "at": item.at,
        "function": item.function,
        "revision": item.revision,
        "topic": item.topic,
        "kind": item.kind,
        "reason": item.reason,
        "attributes": item.attributes,
        "bytes": len(item.data),
        "truncated": item.truncated,
    }
