"""The HTTP side of operations: its sweeps, what is parked, and whether a day adds up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from werkzeug.wrappers import Request, Response

from functions.operations.leases import SweepLeases
from functions.operations.reconciling import Reconcile
from functions.operations.redriving import Redrive, Wanted
from functions.operations.sweeping import SeeOverdue, SweepDeliveries, SweepOutbox, Swept
from shared.domain.errors import InvalidError
from shared.ports import Clock
from shared.runtime import trace
from shared.runtime.days import day_of
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, json_answer, read_as
from shared.runtime.telemetry import log

Sweep = Callable[[datetime, str, datetime | None], Swept]


class Sweeps(NamedTuple):
    """The use cases that sweep."""

    deliveries: SweepDeliveries
    outbox: SweepOutbox
    leases: SweepLeases
    overdue: SeeOverdue


def sweeping_routes(sweeps: Sweeps, keys: Keyring, meter: RequestMeter, clock: Clock) -> Sequence[Route]:
    """The routes of the sweeps, for callers of a keyring."""

    def swept(request: Request, what: str, sweep: Sweep) -> Response:
        keys.caller(request)
        with meter.request():
            found = sweep(clock(), trace.current(), _after(request))
            if found.found:
                log("WARNING", f"operations found {what}", **msgspec.to_builtins(found), usage=meter.spent())
        return json_answer(found)

    def post_deliveries(request: Request) -> Response:
        return swept(request, "deliveries that nobody ended", sweeps.deliveries)

    def post_outbox(request: Request) -> Response:
        return swept(request, "reservations of which no end is told", sweeps.outbox)

    def post_leases(request: Request) -> Response:
        keys.caller(request)
        with meter.request():
            found = sweeps.leases(clock())
        if found.taken_back:
            log("WARNING", "operations took back blocks of processes that died", **msgspec.to_builtins(found))
        return json_answer(found)

    def get_overdue(request: Request) -> Response:
        keys.caller(request)
        return json_answer(sweeps.overdue(clock()))

    return [
        ("GET", "/v1/overdue", get_overdue),
        ("POST", "/v1/sweeps/deliveries", post_deliveries),
        ("POST", "/v1/sweeps/outbox", post_outbox),
        ("POST", "/v1/sweeps/leases", post_leases),
    ]


def redriving_routes(redrive: Redrive, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of what is parked, for callers of a keyring."""

    def post_dead_letters(request: Request) -> Response:
        keys.caller(request)
        return json_answer(redrive.take_in(clock()))

    def post_redrives(request: Request) -> Response:
        caller = keys.caller(request)
        wanted = read_as(request, Wanted)
        done = redrive(wanted, clock())
        if done.redriven:
            log("INFO", f"operations put {done.redriven} parked messages back", by=caller.name, reason=wanted.reason)
        return json_answer(done)

    return [("POST", "/v1/dead-letters", post_dead_letters), ("POST", "/v1/redrives", post_redrives)]


def reconciling_routes(reconcile: Reconcile, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The route that says whether a day adds up, for callers of a keyring."""

    def post_reconciliation(request: Request, day: str) -> Response:
        keys.caller(request)
        found = reconcile(day_of(day, clock), clock())
        if not found.agrees:
            log("CRITICAL", "a day does not add up", **msgspec.to_builtins(found))
        return json_answer(found)

    return [("POST", "/v1/days/<day>/reconciliation", post_reconciliation)]


def _after(request: Request) -> datetime | None:
    """From where a sweep goes on."""
    given = request.args.get("after")
    if not given:
        return None
    try:
        after = msgspec.convert(given, datetime)
    except msgspec.ValidationError:
        after = None
    if after is None or after.tzinfo is None:
        raise InvalidError("is not what an answer said", field="after")
    return after
