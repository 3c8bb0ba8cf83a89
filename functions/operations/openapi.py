"""What operations takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.operations.leases import Released
from functions.operations.reconciling import Reconciled
from functions.operations.redriving import Redriven, TakenIn, Wanted
from functions.operations.sweeping import Overdue, Swept
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_SWEPT = (200, "What was found, and what became of it.", (Swept,))
_AFTER = (Parameter("after", "Goes on where an answer said."),)

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/sweeps/deliveries",
        summary="Let deliveries try again that somebody began to send and nobody ended.",
        query=_AFTER,
        answer=_SWEPT,
        refusals=(400, 401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/sweeps/outbox",
        summary="Let reservations be sent, or tell how they ended, of which no end is told.",
        query=_AFTER,
        answer=_SWEPT,
        refusals=(400, 401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/sweeps/leases",
        summary="Take back what dead processes hold of volumes and budgets.",
        answer=(200, "How many blocks.", (Released,)),
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/overdue",
        summary="What the clock should have done more than an hour ago.",
        answer=(200, "How much of each kind.", (Overdue,)),
        refusals=(401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/dead-letters",
        summary="Park the dead letters that wait.",
        answer=(200, "How many.", (TakenIn,)),
        refusals=(401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/redrives",
        summary="Put some parked messages back on their topics.",
        body=(Wanted,),
        answer=(200, "How many, and from where to go on.", (Redriven,)),
        refusals=(400, 401, 413, 415, 503),
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/reconciliation",
        summary="Say what became of every signal that was accepted on a day.",
        variables=(Parameter("day", "Such as 2026-03-01, or `yesterday`, UTC."),),
        answer=(200, "How it adds up.", (Reconciled,)),
        refusals=(400, 401, 503),
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of operations."""
    return openapi.document("operations", "What was left lying, found and sent on or put back.", OPERATIONS)
