"""`kairos channels`: at what pace each channel is sent to, whether it holds off, and how much waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click
import msgspec

from cli.platform import Running, running
from cli.say import fail, json_option, say_json
from shared.domain.catalogue import Channel
from shared.domain.pace import Pace
from shared.runtime.world import utc_now


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How what channels are sent through stands.

    Attributes:
        sent_through: its connector, or the channel itself where that has none.
        channels: those that are sent through it.
        rate: how fast it may be sent to.
        state: whether it is sent to, and if not why and until when.
        queued_until: when the last place in its queue comes, None where nothing waits for a slot.
    """

    sent_through: str
    channels: tuple[str, ...]
    rate: str
    state: str
    queued_until: datetime | None = None


@click.command()
@click.option("--project", help="A project of Google Cloud, instead of the platform that runs here.")
@json_option
def channels(project: str | None, as_json: bool) -> None:
    """Show at what pace each channel is sent to, whether it holds off, and how much waits."""
    where = project or _reachable()
    from cli import stores

    now, lanes = utc_now(), stores.lanes(where)
    found = [state_of(lane, lanes.channels[lane.id], lanes.paces[lane.id], now) for lane in lanes.lanes]
    if as_json:
        say_json({"channels": found, "waiting": lanes.waiting})
        return
    for each in found:
        queue = f"; the queue ends at {each.queued_until:%H:%M:%S} UTC" if each.queued_until else ""
        on = ", ".join(each.channels)
        click.echo(f"{each.sent_through:<16} {on:<12} {each.rate:<28} {each.state}{queue}")
    click.echo(f"{lanes.waiting or 'No'} deliver{'y waits' if lanes.waiting == 1 else 'ies wait'}.")


def _reachable() -> Running:
    platform = running()
    if platform.on == "embedded":
        fail("The embedded platform keeps the pace of its channels in its own process.", "Use the emulators: kairos up")
    return platform


def state_of(lane: Channel, channels: Sequence[str], pace: Pace, now: datetime) -> State:
    """How what channels are sent through stands now."""
    queue = max(pace.queued_until.values(), default=now)
    return State(
        sent_through=lane.id,
        channels=tuple(channels),
        rate=str(lane.rate_limit or "no limit"),
        state=_state(pace, now),
        queued_until=queue if queue > now else None,
    )


def _state(pace: Pace, now: datetime) -> str:
    if pace.failed and pace.probe:
        return f"half open: {pace.probe} tries whether the provider is back"
    if pace.failed and pace.probe_at is not None:
        times = "once" if pace.failed == 1 else f"{pace.failed} times"
        return f"open: the provider was found to fail {times}, the next message tries at {pace.probe_at:%H:%M:%S} UTC"
    if pace.held_until is not None and pace.held_until > now:
        return f"held by {pace.held_by} until {pace.held_until:%H:%M:%S} UTC"
    return "closed: it is sent to"
