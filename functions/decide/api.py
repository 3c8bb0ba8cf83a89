"""The HTTP side of decide: `POST /v1/decisions`, `GET /v1/decisions/{id}`, its explanation and its replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from werkzeug.wrappers import Request, Response

from functions.decide.handler import Decide, read_request
from shared.domain.audiences import AUDIENCES, Audience
from shared.domain.errors import InvalidError
from shared.ports import Clock
from shared.runtime import trace
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, json_answer, read_body


def routes(decide: Decide, keys: Keyring, meter: RequestMeter, clock: Clock) -> Sequence[Route]:
    """The routes of the use case for callers of a keyring."""

    def post_decisions(request: Request) -> Response:
        keys.caller(request)
        wanted = read_request(read_body(request))
        explained = bool(request.query_string) and request.args.get("explain", "") == "true"
        with meter.request():
            return json_answer(decide(wanted, clock(), explained=explained, trace=trace.current()))

    def get_decision(request: Request, decision: str) -> Response:
        keys.caller(request)
        return json_answer(decide.record(decision, _day(request)))

    def get_explanation(request: Request, decision: str) -> Response:
        keys.caller(request)
        audience, action = _audience(request), request.args.get("why_not")
        return json_answer(decide.explanation(decision, _day(request), audience=audience, action=action))

    def post_replay(request: Request, decision: str) -> Response:
        keys.caller(request)
        return json_answer(decide.replay(decision, _day(request)))

    return [
        ("POST", "/v1/decisions", post_decisions),
        ("GET", "/v1/decisions/<decision>", get_decision),
        ("GET", "/v1/decisions/<decision>/explanation", get_explanation),
        ("POST", "/v1/decisions/<decision>/replay", post_replay),
    ]


def _audience(request: Request) -> Audience:
    """For whom a decision is to be explained."""
    asked = request.args.get("for", "colleague")
    for audience in AUDIENCES:
        if asked == audience:
            return audience
    raise InvalidError(f"is none of {', '.join(AUDIENCES)}", field="for")


def _day(request: Request) -> date | None:
    """The day, UTC, on which a decision is said to have been made."""
    text = request.args.get("day")
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidError("is no day such as 2026-03-01", field="day") from None
    if not 1970 <= day.year <= 9000:
        raise InvalidError("is in no year of which there is a history", field="day")
    return day
