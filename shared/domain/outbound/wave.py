"""An outbound wave as it stands: whom it goes to, how far it is, and what came of it.

A wave is found, planned, sent and reconciled, in this order and one after the other. Each step goes on from what the
document says, so whoever takes over after a death does over again no more than one page, whose signals have the same
ids and are taken once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from shared.domain.errors import InvalidError
from shared.domain.instant import Instant
from shared.domain.ready import ready
from shared.domain.signal import decision_id

SOURCE = "scheduler"

LAPSES_AFTER = timedelta(minutes=30)
"""How long a wave belongs to an execution that is not heard of: longer than any request and wait between two."""

PAGE = 200
"""Persons of a page: what their signals say fits several times into what a workflow may hold."""

LONGEST_WAIT_SECONDS = 300.0
"""Of an execution between two questions, however long there is to wait."""

WaveState = Literal["running", "paused", "cancelled", "done"]
Steering = Literal["paused", "resumed", "cancelled"]

STEERED = 100
"""Steps of operators that a wave remembers, the last ones."""

Phase = Literal["finding", "planning", "sending", "reconciling"]


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who gets scarce volume, in numbers.

    Attributes:
        revision: the one that was live when it was begun, whose volumes it is for.
        channels: the outbound channels, in the order of the numbers that pages have.
        limited: those with a volume, each with the most and the least places that there were when it was made.
        planned: persons on each limited channel, those included whose own decision takes it in any case.
        decided: persons whom the plan leaves to their own decision: a notice must go out, or an experiment chooses.
        prices: what one place more would be worth; less than nothing where a least volume costs, and not known where
            nobody could fill one.
        worth: the sum of priorities of the plan.
        bound: what no plan is worth more than.
        missing: places of least volumes that nobody could fill.
    """

    revision: str
    channels: tuple[str, ...]
    limited: dict[str, tuple[int | None, int]]
    planned: dict[str, int] = {}
    decided: int = 0
    prices: dict[str, float] = {}
    worth: float = 0.0
    bound: float = 0.0
    missing: dict[str, int] = {}


class Steered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operator did to a wave, and when; with the pace that a wave was resumed at, where one was given."""

    what: Steering
    by: str
    at: Instant
    per_minute: int | None = None


class Reconciled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the signals that were accepted: `accepted` is the sum of the four after it.

    Attributes:
        accepted: signals that ingest took.
        decided: those whose decision is told.
        ended: those that started none, by reason: `late_signal`, `no_trigger`, `erased`.
        quarantined: those that are parked.
        in_flight: the others: under way, or lost.
        outcomes: of those that were decided, by how the decision ended.
        channels: of those that reserved a contact, by channel.
        actions: likewise by action, the most first.
    """

    accepted: int = 0
    decided: int = 0
    ended: dict[str, int] = {}
    quarantined: int = 0
    in_flight: int = 0
    outcomes: dict[str, int] = {}
    channels: dict[str, int] = {}
    actions: dict[str, int] = {}


class OutboundWave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wave.

    Attributes:
        id: it names every signal of the wave, with the person.
        audience: whom it goes to, of the catalogue, or a name that profiles carry.
        by: who started it.
        begun_at: when, UTC.
        since, until: the time that is looked at; of an audience that profiles carry, nothing.
        parameters: what the SQL of the audience is given.
        per_minute: persons decided a minute, at the most; as many as the channels send where it is not given.
        page_persons: persons of a page.
        state: `running`, or why it does not.
        phase: what is done next.
        execution: the execution of the workflow that it belongs to, empty where none may go on with it.
        seen_at: when that was heard of last.
        estimated_bytes: what finding the persons reads, as BigQuery said before; None where it did not say.
        job: of BigQuery, which has found the persons; empty where none has yet.
        persons, pages: found so far.
        last: the last person found.
        valued: pages of which it is known what each channel is worth.
        plan: who gets scarce volume; None of a wave without.
        sent: pages that ingest has taken.
        next_at: when the next page may go, at the wave's pace; at once where it is not given.
        accepted, rejected: signals of these.
        left_out: persons of these without a signal: the plan had no place left for them, and no other channel.
        reconciled: what became of the signals, as it was found last.
        ended_at: when it was done or cancelled.
        steered: what operators did to it since it was begun, in order.
    """

    id: str
    audience: str
    by: str
    begun_at: Instant
    since: Instant | None = None
    until: Instant | None = None
    parameters: dict[str, Any] = {}
    per_minute: int | None = None
    page_persons: int = PAGE
    state: WaveState = "running"
    phase: Phase = "finding"
    execution: str = ""
    seen_at: Instant
    estimated_bytes: int | None = None
    job: str = ""
    persons: int = 0
    pages: int = 0
    last: str = ""
    valued: int = 0
    plan: Plan | None = None
    sent: int = 0
    next_at: Instant | None = None
    accepted: int = 0
    rejected: int = 0
    left_out: int = 0
    reconciled: Reconciled | None = None
    ended_at: Instant | None = None
    steered: tuple[Steered, ...] = ()

    def may_be_taken(self, execution: str, now: datetime) -> bool:
        """Whether an execution may go on with it: it runs, and belongs to nobody who is still heard of."""
        if self.state != "running":
            return False
        return self.execution in ("", execution) or now - self.seen_at >= LAPSES_AFTER

    def of(self, execution: str, now: datetime) -> OutboundWave:
        """The same as it belongs to an execution."""
        return msgspec.structs.replace(self, execution=execution, seen_at=now)

    def goes_on(self, execution: str) -> bool:
        """Whether it runs, and this execution has it still."""
        return self.state == "running" and self.execution == execution

    def paused(self, by: str, now: datetime) -> OutboundWave:
        """The same, waiting for somebody to resume it.

        Raises:
            InvalidError: it has ended.
        """
        self._check("paused")
        if self.state == "paused":
            return self
        steered = self._steered(Steered(what="paused", by=by, at=now))
        return msgspec.structs.replace(self, state="paused", execution="", steered=steered)

    def resumed(self, per_minute: int | None, by: str, now: datetime) -> OutboundWave:
        """The same, for whichever execution comes first; one that still had it has it no more.

        Raises:
            InvalidError: it has ended.
        """
        self._check("resumed")
        rate = self.per_minute if per_minute is None else per_minute
        steered = self._steered(Steered(what="resumed", by=by, at=now, per_minute=per_minute))
        return msgspec.structs.replace(
            self, state="running", execution="", per_minute=rate, next_at=None, steered=steered
        )

    def cancelled(self, by: str, now: datetime) -> OutboundWave:
        """The same, for good. What was sent goes its way.

        Raises:
            InvalidError: it is done.
        """
        if self.state == "cancelled":
            return self
        self._check("cancelled")
        steered = self._steered(Steered(what="cancelled", by=by, at=now))
        return msgspec.structs.replace(self, state="cancelled", execution="", ended_at=now, steered=steered)

    def _steered(self, step: Steered) -> tuple[Steered, ...]:
        return (*self.steered[1 - STEERED :], step)

    def _check(self, wanted: str) -> None:
        if self.state in ("done", "cancelled"):
            raise InvalidError(f"is {self.state}, and cannot be {wanted}", field="wave")


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Some persons of a wave.

    Attributes:
        person_ids: in order.
        worth: by person and outbound channel, the priority of what a decision with that channel alone would choose, as
            doubles; less than nothing where there is nothing.
        decided: of each person, a byte: the number of the channel that their own decision takes in any case; 254 where
            it takes none, 255 where the plan is theirs.
        channels: of each person, a byte: the number of the channel that the plan gives, 255 where it gives none.
    """

    person_ids: tuple[str, ...]
    worth: bytes = b""
    decided: bytes = b""
    channels: bytes = b""


OPEN = 255
NOTHING = 254


def signal_id(wave: str, person_id: str) -> str:
    """The id of a person's signal in a wave."""
    return f"{wave}-{person_id}"


def decision_of(wave: str, person_id: str) -> str:
    """The id of a person's decision in a wave."""
    return decision_id(SOURCE, signal_id(wave, person_id))


def properties(wave: OutboundWave, channels: Sequence[str] | None) -> dict[str, Any]:
    """What a signal of a wave says of it."""
    said: dict[str, Any] = {"audience": wave.audience, "wave": wave.id}
    return said if channels is None else {**said, "channels": list(channels)}


def left_open(plan: Plan, page: Page, person: int) -> list[str] | None:
    """The channels that a plan leaves open to a person of a page; None where it leaves them to their own decision.

    They are the channel that it gives, and those without a volume that are worth less for the person, so that the
    decision chooses what was planned, and has something else where that has become impossible. Without a channel given,
    they are those without a volume.
    """
    if page.decided[person] != OPEN:
        return None
    free = [n for n, channel in enumerate(plan.channels) if channel not in plan.limited]
    given = page.channels[person]
    if given == OPEN:
        return [plan.channels[n] for n in free]
    size = len(plan.channels)
    worth = memoryview(page.worth).cast("d")[person * size : (person + 1) * size]
    return [channel for n, channel in enumerate(plan.channels) if n == given or (n in free and worth[n] < worth[given])]


def decoded_parameters(declared: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for an audience's parameters, in their types.

    Raises:
        InvalidError: one is missing, is of another type, or is none.
    """
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "it has none"
            raise InvalidError(f"is no parameter of this audience: {known}", field=f"parameters.{name}")
    made: dict[str, Any] = {}
    for name, kind in declared.items():
        if name not in given:
            raise InvalidError("is missing", field=f"parameters.{name}")
        try:
            made[name] = msgspec.convert(given[name], ready(_TYPES[kind]))
        except msgspec.ValidationError:
            raise InvalidError(f"is no {kind}", field=f"parameters.{name}") from None
    return made


_TYPES: dict[str, Any] = {"string": str, "int": int, "double": float, "bool": bool}
