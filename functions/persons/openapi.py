"""What persons takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.persons.api import Asked, AskedApart, AskedBoth
from functions.persons.explaining import Why
from functions.persons.showing import Shown
from functions.persons.unmerging import Unmerged
from shared.runtime import openapi
from shared.runtime.openapi import Operation

_REFUSALS = (400, 401, 404, 410, 413, 415, 503)

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/persons/show",
        summary="Show what is held about a person.",
        body=(Asked,),
        answer=(200, "The person, whatever it was merged into.", (Shown,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/persons/why",
        summary="Say why two are one person.",
        body=(AskedBoth,),
        answer=(200, "The shortest chain of evidence, or what stands against it.", (Why,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/persons/unmerge",
        summary="Take two apart that were taken for one person, or say what that would do.",
        body=(AskedApart,),
        answer=(200, "The links that are refused, and the persons that there are then.", (Unmerged,)),
        refusals=_REFUSALS,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of persons."""
    return openapi.document("persons", "One customer, with reasons: shown, explained, taken apart.", OPERATIONS)
