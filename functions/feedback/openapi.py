"""What feedback takes and gives, as OpenAPI has it. The pages that people see, under `/c/`, `/o/` and `/u/`, are not in
it: only links that we made lead there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.feedback.calling_back import CalledBack
from functions.feedback.handler import Recorded, ReportedOutcome
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/outcomes",
        summary="Say what became of a treatment: one outcome, or at most 500.",
        body=(ReportedOutcome, list[ReportedOutcome]),
        media=("application/json", "text/plain"),
        answer=(202, "Some or all were taken; what was refused says why, by its index.", (Recorded,)),
        refusals=(400, 401, 413, 415, 503),
    ),
    Operation(
        method="POST",
        path="/v1/callbacks/<provider>",
        summary="What a provider reports by itself, in its own shape: one event, or at most 500.",
        variables=(Parameter("provider", "Who reports, as callbacks.yaml calls it."),),
        body=openapi.ANY_JSON,
        media=("application/json", "application/x-www-form-urlencoded"),
        answer=(
            202,
            "The body was read; each event was taken, is no outcome here, or was refused.",
            (CalledBack,),
        ),
        refusals=(400, 401, 403, 413, 415, 503),
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of feedback."""
    return openapi.document("feedback", "Outcomes in.", OPERATIONS)
