"""What waves takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.waves.api import Going, Known, Resumed
from functions.waves.holding import Step
from functions.waves.starting import Asked, Begun
from shared.domain.outbound.wave import OutboundWave
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_WAVE = (Parameter("wave", "Its id."),)
_REFUSALS = (400, 401, 404, 413, 415, 503)


def _step(path: str, summary: str) -> Operation:
    return Operation(
        method="POST",
        path=f"/v1/waves/<wave>/{path}",
        summary=summary,
        variables=_WAVE,
        body=(Going,),
        answer=(200, "What came of it, and what the execution does now.", (Step,)),
        refusals=_REFUSALS,
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/waves",
        summary="Start a wave, or go on with one that nobody has; of any other, nothing.",
        body=(Asked,),
        answer=(200, "The wave, and whether there is something to do.", (Begun,)),
        refusals=(400, 401, 413, 415, 503),
    ),
    Operation(
        method="GET",
        path="/v1/waves",
        summary="The waves begun last.",
        answer=(200, "They.", (Known,)),
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/waves/<wave>",
        summary="A wave as it stands.",
        variables=_WAVE,
        answer=(200, "It.", (OutboundWave,)),
        refusals=(401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/waves/<wave>/report",
        summary="A wave with what became of its signals by now.",
        variables=_WAVE,
        answer=(200, "It.", (OutboundWave,)),
        refusals=(401, 404, 503),
    ),
    _step("audience", "Find some of its persons."),
    _step("plan", "Value some of its pages, and make the plan with the last."),
    _step("pages", "Note the page that was sent, and give the next one."),
    _step("reconciliation", "Ask what became of its signals."),
    _step("report", "End it with what was found last."),
    Operation(
        method="POST",
        path="/v1/waves/<wave>/pause",
        summary="Let its execution end before the next page.",
        variables=_WAVE,
        answer=(200, "The wave.", (OutboundWave,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="POST",
        path="/v1/waves/<wave>/resume",
        summary="Let the next execution go on with it, from its last page.",
        variables=_WAVE,
        body=(Resumed,),
        answer=(200, "The wave.", (OutboundWave,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/waves/<wave>/cancel",
        summary="End it for good.",
        variables=_WAVE,
        answer=(200, "The wave.", (OutboundWave,)),
        refusals=(400, 401, 404, 503),
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of waves."""
    return openapi.document("waves", "Outbound waves: started, paused, resumed, cancelled and reconciled.", OPERATIONS)
