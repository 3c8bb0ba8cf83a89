"""What ingest takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.ingest.formats.canonical import Canonical
from functions.ingest.handler import Accepted
from shared.runtime import openapi
from shared.runtime.openapi import ANY_JSON, Operation, Parameter

_TAKEN = (202, "Some or all were taken; what was refused says why, by its index.", (Accepted,))
_REFUSALS = (400, 401, 403, 404, 413, 415, 429, 503)

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/signals",
        summary="Send one canonical signal, or at most 500. A source may prove itself by a signature instead of a key.",
        body=(Canonical, list[Canonical]),
        media=("application/json", "text/plain"),
        answer=_TAKEN,
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/sources/<source>",
        summary="Send what a source of the catalogue sends, in its own shape: one payload, at most 500, or its batch.",
        body=ANY_JSON,
        media=("application/json", "text/plain", "application/cloudevents+json"),
        variables=(Parameter("source", "The source, as the catalogue calls it."),),
        query=(Parameter("key", "The public key of a source that pages send as; no other key may stand here."),),
        answer=_TAKEN,
        refusals=_REFUSALS,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of ingest."""
    return openapi.document("ingest", "Signals in, from any source.", OPERATIONS)
