"""What a simulation is asked, by the options of the command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cli.say import fail
from shared.domain.batch.responding import DRAWN, Behaviour
from shared.domain.catalogue import Revision
from shared.domain.engagement import Slots
from shared.domain.signal import DECISION_REQUESTED


class Options(NamedTuple):
    """The options, as they were given."""

    against: str | None
    persons: str | None
    history: str | None
    channel: str | None
    placements: tuple[str, ...]
    brand: str | None
    kind: str | None
    context: tuple[str, ...]
    at: datetime | None
    behind: str | None
    person: str | None
    html: Path | None
    gated: bool
    acknowledged: tuple[str, ...]
    snapshot: Path | None
    weeks: int
    seed: int
    shares: tuple[str, ...]
    raises: tuple[str, ...]
    processes: int
    runner: str
    beam: tuple[str, ...]


def occasion(options: Options, revisions: list[Revision], now: datetime) -> dict[str, Any]:
    """What persons are decided on by; nothing where the history says it of each decision."""
    if options.history is not None:
        named = {
            "--persons": options.persons,
            "--channel": options.channel,
            "--placement": options.placements,
            "--brand": options.brand,
            "--signal": options.kind,
            "--context": options.context,
            "--at": options.at,
            "--weeks": options.weeks,
        }
        beside = ", ".join(name for name, value in named.items() if value)
        if beside:
            fail(f"With --history there is no {beside}.", "Each record says who was asked, when and for what.")
        return {}
    brands = revisions[-1].brands
    if options.brand is not None and options.brand not in brands:
        fail(f"There is no brand {options.brand}.", f"There are {', '.join(brands)}.")
    return {
        "slots": _slots(revisions, options.channel, options.placements),
        "kind": options.kind or (DECISION_REQUESTED if options.channel else "schedule"),
        "context": _context(revisions[-1], options.channel, options.context),
        "brand": options.brand,
        "now": now,
    }


def behaviour(shares: Sequence[str], raises: Sequence[str]) -> Behaviour:
    """How persons respond over the weeks."""
    given: dict[str, Any] = {name: _value(value) for name, _, value in (each.partition("=") for each in shares)}
    given["raises"] = {outcome: flag for outcome, _, flag in (each.partition("=") for each in raises)}
    for outcome, flag in given["raises"].items():
        if outcome not in DRAWN or not flag:
            fail(f"--raises: {outcome}={flag} is no outcome with its flag.", f"There are {', '.join(DRAWN)}.")
    try:
        return msgspec.convert(given, Behaviour)
    except msgspec.ValidationError as error:
        names = ", ".join(name for name in Behaviour.__struct_fields__ if name != "raises")
        fail(f"--outcome: {error}", f"There are {names}, each with a share from 0 to 1.")


def _slots(revisions: list[Revision], channel: str | None, placements: tuple[str, ...]) -> Slots:
    """Where treatments may appear."""
    if channel is None:
        if placements:
            fail("A placement is on a channel.", "Name it with --channel.")
        return Slots(channels=revisions[-1].outbound)
    for revision in revisions:
        known = revision.channels.get(channel)
        if known is None or known.direction != "inbound":
            inbound = ", ".join(each.id for each in revision.catalogue.channels if each.direction == "inbound")
            fail(f"There is no inbound channel {channel}.", f"There are {inbound}.")
    wanted = [each.partition("=") for each in placements]
    for name, _, count in wanted:
        is_count = (count or "1").isdecimal() and int(count or 1) > 0
        if revisions[-1].placements.get(name) != channel or not is_count:
            there = ", ".join(p for p, of in revisions[-1].placements.items() if of == channel)
            fail(
                f"{channel} has no placement {name}{'=' + count if count else ''}.",
                f"It has {there}, each with =COUNT.",
            )
    if len({name for name, _, _ in wanted}) < len(wanted):
        fail("A placement is named twice.", "Ask for more with =COUNT.")
    return Slots(
        channels=(channel,),
        placements=tuple(name for name, _, _ in wanted),
        counts=tuple(int(count or 1) for _, _, count in wanted),
    )


def _context(revision: Revision, channel: str | None, given: tuple[str, ...]) -> dict[str, Any]:
    """The context of every signal: true, false and numbers are what they look like."""
    found: dict[str, Any] = {"channel": channel} if channel else {}
    for each in given:
        name, _, value = each.partition("=")
        if name not in (known := revision.catalogue.context_schema):
            fail(f"There is no context {name}.", f"Conditions can read {', '.join(sorted(known))}.")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
