"""What records takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.records.handler import DayCounted, DayReplayed, DaySealed
from shared.domain.seal import Verification
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_DAY = (Parameter("day", "Such as 2026-03-01, or `yesterday`, UTC."),)
_REFUSALS = (400, 401, 503)

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/days/<day>",
        summary="How many decisions a day has.",
        variables=_DAY,
        answer=(200, "Their number.", (DayCounted,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/seals",
        summary="Seal what no seal of the day has yet.",
        variables=_DAY,
        answer=(200, "The seal, none where nothing waited for one.", (DaySealed,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/verification",
        summary="Compare a day with its seals.",
        variables=_DAY,
        answer=(200, "What was found.", (Verification,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/replay",
        summary="Make the decisions of a day again, and compare.",
        variables=_DAY,
        query=(Parameter("prefix", "Only those whose ids begin so."),),
        answer=(200, "How many were made again, and those that differ.", (DayReplayed,)),
        refusals=_REFUSALS,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of records."""
    return openapi.document("records", "Days of the history: sealed, verified, replayed.", OPERATIONS)
