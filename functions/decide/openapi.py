"""What decide takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.decide.answer import DecisionAnswer
from functions.decide.handler import DecisionRequest
from shared.domain.audiences import AUDIENCES, ForCustomer, ForRegulator
from shared.domain.explanation import Explanation
from shared.domain.replay import Replay
from shared.domain.retrace import FullRecord
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_DECISION = (Parameter("decision", "The decision's id."),)
_DAY = Parameter(
    "day", "The day around which it was made, UTC; without it, the last 31 days.", {"type": "string", "format": "date"}
)
_REFUSALS = (400, 401, 404, 503)

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/decisions",
        summary="Ask what to show to somebody, here and now.",
        body=(DecisionRequest,),
        media=("application/json", "text/plain"),
        query=(Parameter("explain", "`true` adds the explanation.", {"type": "string", "enum": ["true", "false"]}),),
        answer=(200, "What to show; or that nothing could be decided now, as `fallback`.", (DecisionAnswer,)),
        refusals=(400, 401, 413, 415, 503),
    ),
    Operation(
        method="GET",
        path="/v1/decisions/<decision>",
        summary="The record of a decision.",
        variables=_DECISION,
        query=(_DAY,),
        answer=(200, "The record, with its ranking and its drops.", (FullRecord,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/decisions/<decision>/explanation",
        summary="Why this was decided, why other things were not, and what would have changed it.",
        variables=_DECISION,
        query=(
            _DAY,
            Parameter("for", "Whom it is told to.", {"type": "string", "enum": list(AUDIENCES)}),
            Parameter("why_not", "An action: why it was not chosen."),
        ),
        answer=(200, "The explanation, in the words of who asks.", (Explanation, ForCustomer, ForRegulator)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/decisions/<decision>/replay",
        summary="Make a decision again from its record, and compare.",
        variables=_DECISION,
        query=(_DAY,),
        answer=(200, "Whether both agree, and where they do not.", (Replay,)),
        refusals=_REFUSALS,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of decide."""
    return openapi.document("decide", "Decisions for channels that wait for an answer.", OPERATIONS)
