"""What simulation takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.simulation.handler import Asking, Checked, Simulation
from shared.runtime import openapi
from shared.runtime.openapi import Operation

OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/checks",
        summary="Say what a change means, and which limits it loosens.",
        body=(Asking,),
        answer=(200, "Its differences, and whether it passes.", (Checked,)),
        refusals=(400, 401, 404, 413, 415, 503),
    ),
    Operation(
        method="POST",
        path="/v1/simulations",
        summary="Decide for a sample of persons by what is live and by what is to come, and hold it against the gates.",
        body=(Asking,),
        answer=(200, "Every gate, and figures wherever it decides.", (Simulation,)),
        refusals=(400, 401, 404, 413, 415, 503),
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of simulation."""
    return openapi.document(
        "simulation", "What a change of the catalogue means and does, before it is live.", OPERATIONS
    )
