"""What privacy takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.privacy.api import Asked, Known, Readmitted
from functions.privacy.erasing import Report
from shared.domain.handover import Handover
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_REFUSALS = (400, 401, 404, 413, 415, 503)

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/persons/export",
        summary="Hand over everything that is held about a person.",
        body=(Asked,),
        answer=(200, "All of it, by where it is held.", (dict[str, Any],)),
        refusals=(*_REFUSALS, 410),
    ),
    Operation(
        method="POST",
        path="/v1/exports",
        summary="Put everything that is held about a person aside, sealed, to be fetched for thirty days.",
        body=(Asked,),
        answer=(200, "Where it lies, and until when.", (Handover,)),
        refusals=(*_REFUSALS, 410),
    ),
    Operation(
        method="GET",
        path="/v1/exports/<name>",
        summary="What was put aside.",
        variables=(Parameter("name", "Its id."),),
        answer=(200, "All of it, by where it is held.", (dict[str, Any],)),
        refusals=(401, 404, 410, 503),
    ),
    Operation(
        method="POST",
        path="/v1/erasures",
        summary="Erase a person, or go on where that was begun before.",
        body=(Asked,),
        answer=(200, "What was erased where, and what remains until when.", (Report,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/erasures",
        summary="Every erasure, the latest first, without a word about whom.",
        answer=(200, "They.", (Known,)),
        refusals=(401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/erasures/<erasure>",
        summary="Go on with an erasure; of one that is finished, its report.",
        variables=(Parameter("erasure", "Its id."),),
        answer=(200, "What was erased where, and what remains until when.", (Report,)),
        refusals=(401, 404, 503),
    ),
    Operation(
        method="POST",
        path="/v1/readmissions",
        summary="Let an identifier of somebody who was erased stand for a new person.",
        body=(Asked,),
        answer=(200, "It does from the next signal on.", (Readmitted,)),
        refusals=_REFUSALS,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of privacy."""
    return openapi.document("privacy", "What is held about a person, handed over or erased.", OPERATIONS)
