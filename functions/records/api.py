"""The HTTP side of records: `/v1/days/{day}`, its seals, its verification and its replay."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.records.handler import DayCounted, Records
from shared.ports import Clock
from shared.runtime.days import day_of
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer


def routes(records: Records, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases for callers of a keyring."""

    def get_day(request: Request, day: str) -> Response:
        keys.caller(request)
        asked = day_of(day, clock)
        return json_answer(DayCounted(day=asked, decisions=records.count(asked)))

    def post_seals(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(records.seal(day_of(day, clock), clock()))

    def post_verification(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(records.verification(day_of(day, clock)))

    def post_replay(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(records.replay(day_of(day, clock), request.args.get("prefix", "")))

    return [
        ("GET", "/v1/days/<day>", get_day),
        ("POST", "/v1/days/<day>/seals", post_seals),
        ("POST", "/v1/days/<day>/verification", post_verification),
        ("POST", "/v1/days/<day>/replay", post_replay),
    ]
