"""The HTTP side of feedback: `POST /v1/outcomes`."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.feedback.handler import RecordOutcomes
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, json_answer, read_body


def routes(record: RecordOutcomes, keys: Keyring, meter: RequestMeter, clock: Clock) -> Sequence[Route]:
    """The routes of the use case for callers of a keyring."""

    def post_outcomes(request: Request) -> Response:
        keys.caller(request)
        with meter.request():
            recorded = record(read_body(request), clock())
        return json_answer(recorded, 202 if recorded.accepted else 400)

    return [("POST", "/v1/outcomes", post_outcomes)]
