"""A change simulated on persons wherever it decides: for what is sent, and for each channel that asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.domain.batch.numbers import REACHED, VALUE
from shared.domain.batch.simulating import AT_ONCE, Asked, Came, Simulation, Subject, added
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts
from shared.domain.releasing.gates import Gate, Simulated, gates
from shared.domain.signal import DECISION_REQUESTED

SENT = "outbound"
"""Where nothing asks and something is sent."""

_OF_SENT = frozenset({"persons", "loosened", "cost", "volume"})
"""Kinds of gates that say the same wherever it is decided, or are about what we start ourselves: an inbound channel
answers whoever comes.
"""

MOST_NAMED = 20
"""Persons named behind a gate."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change as it is simulated.

    Attributes:
        before, after: what is live, and what is to come, compiled.
        counts: what models know, by id.
        acknowledged: limits that the proposal says are meant to be looser.
        now: when all are decided, UTC.
    """

    before: Policy
    after: Policy
    counts: Mapping[str, Counts]
    acknowledged: Collection[str]
    now: datetime


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a change comes to where it decides.

    Attributes:
        where: `outbound`, or the channel that asks.
        persons: how many were simulated.
        before, after: how many are given something.
        value_before, value: pounds that are expected of it.
    """

    where: str
    persons: int
    before: int
    after: int
    value_before: float
    value: float


def simulate_change(change: Change, persons: Sequence[Subject]) -> tuple[tuple[Gate, ...], tuple[Place, ...]]:
    """Every gate of a change, those that are not passed first, and what it comes to wherever it decides."""
    found: list[Gate] = []
    places = []
    named: set[str] = set()
    for where, asked in _asked(change):
        came = _came(change, asked, persons)
        places.append(_place(where, came))
        was, is_now = came.summaries
        before, after = came.rates
        revisions = change.before.revision, change.after.revision
        simulated = Simulated(*revisions, was, is_now, after, None if where == SENT else before)
        for gate in gates(simulated, change.acknowledged):
            if where != SENT and gate.kind in _OF_SENT:
                continue
            told = gate if where == SENT else _there(gate, where)
            if not gate.passed and gate.number and gate.number not in named:
                named.add(gate.number)
                told = _named(change, asked, persons, told)
            found.append(told)
    return tuple(sorted(found, key=lambda gate: gate.passed)), tuple(places)


def _asked(change: Change) -> Iterator[tuple[str, Asked]]:
    """What is asked everywhere: of inbound channels those that both revisions have."""
    before, after = change.before.revision, change.after.revision
    revisions = tuple(each.catalogue.canonical() for each in (before, after))

    def asked(channels: tuple[str, ...], kind: str, context: dict[str, str]) -> Asked:
        return Asked(
            revisions=revisions,
            slots=Slots(channels=channels),
            kind=kind,
            context=context,
            brand=None,
            now=change.now,
            counts=change.counts,
        )

    yield SENT, asked(after.outbound, "schedule", {})
    for channel in after.catalogue.channels:
        known = before.channels.get(channel.id)
        if channel.direction == "inbound" and known is not None and known.direction == "inbound":
            yield channel.id, asked((channel.id,), DECISION_REQUESTED, {"channel": channel.id})


def _came(change: Change, asked: Asked, persons: Sequence[Subject]) -> Came:
    simulation = Simulation(asked, (change.before, change.after))
    lots = (persons[first : first + AT_ONCE] for first in range(0, len(persons), AT_ONCE))
    return added(asked, map(simulation, lots))


def _place(where: str, came: Came) -> Place:
    was, is_now = came.summaries
    return Place(
        where=where,
        persons=is_now.persons,
        before=was.counts.get(REACHED, 0),
        after=is_now.counts.get(REACHED, 0),
        value_before=was.amount(VALUE),
        value=is_now.amount(VALUE),
    )


def _there(gate: Gate, where: str) -> Gate:
    """A gate as it is called on a channel that asks."""
    return msgspec.structs.replace(gate, id=f"{gate.id} on {where}".strip(), said=f"{where}: {gate.said}")


def _named(change: Change, asked: Asked, persons: Sequence[Subject], gate: Gate) -> Gate:
    """A gate that is not passed with some of the persons behind it."""
    behind = _came(change, asked._replace(behind=gate.number), persons).behind[-1]
    return msgspec.structs.replace(gate, who=tuple(behind[:MOST_NAMED]))
