"""The HTTP side of feedback: `POST /v1/outcomes`, and `POST /v1/sweep`, which the scheduler sends every minute."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.feedback.closing import CloseWindows
from functions.feedback.handler import RecordOutcomes
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.pushers import Check
from shared.runtime.service import Route, json_answer, read_body
from shared.runtime.telemetry import log


def sweep_route(close: CloseWindows, check: Check, meter: RequestMeter, clock: Clock) -> Route:
    """The route that the scheduler calls every minute."""

    def post_sweep(request: Request) -> Response:
        check(request)
        with meter.request():
            closed = close(clock())
        if closed.closed:
            log("DEBUG", f"feedback closed {closed.closed} windows", silent=closed.no_response, more=closed.more)
        return json_answer(closed)

    return ("POST", "/v1/sweep", post_sweep)


def routes(record: RecordOutcomes, keys: Keyring, meter: RequestMeter, clock: Clock) -> Sequence[Route]:
    """The routes of the use case for callers of a keyring."""

    def post_outcomes(request: Request) -> Response:
        keys.caller(request)
        with meter.request():
            recorded = record(read_body(request), clock())
        return json_answer(recorded, 202 if recorded.accepted else 400)

    return [("POST", "/v1/outcomes", post_outcomes)]
