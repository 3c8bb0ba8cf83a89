"""The HTTP side of records: `/v1/days/{day}`, its seals, its verification, its replay and its weighing;
`/v1/measures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, get_args

from werkzeug.wrappers import Request, Response

from functions.records.evaluating import Evaluate
from functions.records.handler import DayCounted, Records
from functions.records.measuring import Measure
from functions.records.weighing import Weigh
from shared.domain.catalogue import RanksBy
from shared.domain.errors import InvalidError
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer

MOST_DAYS = timedelta(days=366)
"""Longer periods are not added up at once: each day is read and paid for."""


class Measuring(NamedTuple):
    """The use cases that measure."""

    measure: Measure
    weigh: Weigh
    evaluate: Evaluate


def routes(records: Records, measuring: Measuring, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases for callers of a keyring."""

    def get_day(request: Request, day: str) -> Response:
        keys.caller(request)
        asked = _day(day, clock)
        return json_answer(DayCounted(day=asked, decisions=records.count(asked)))

    def post_seals(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(records.seal(_day(day, clock), clock()))

    def post_verification(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(records.verification(_day(day, clock)))

    def post_replay(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(records.replay(_day(day, clock), request.args.get("prefix", "")))

    def get_measures(request: Request) -> Response:
        keys.caller(request)
        experiment = request.args.get("experiment", "standing")
        return json_answer(measuring.measure.report(experiment, *_period(request, clock)))

    def get_uplift(request: Request) -> Response:
        keys.caller(request)
        return json_answer(measuring.measure.uplifts(*_period(request, clock)))

    def get_off_policy(request: Request) -> Response:
        keys.caller(request)
        ranks_by = request.args.get("ranks_by", "priority")
        known = [way for way in get_args(RanksBy) if way != "chance"]
        if ranks_by not in known:
            raise InvalidError(f"is none of {', '.join(known)}", field="ranks_by")
        return json_answer(measuring.evaluate(ranks_by, *_period(request, clock)))  # type: ignore[arg-type]

    def post_weighing(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(measuring.weigh(_day(day, clock), request.args.get("prefix", "")))

    return [
        ("GET", "/v1/measures/off-policy", get_off_policy),
        ("POST", "/v1/days/<day>/weighing", post_weighing),
        ("GET", "/v1/measures", get_measures),
        ("GET", "/v1/measures/uplift", get_uplift),
        ("GET", "/v1/days/<day>", get_day),
        ("POST", "/v1/days/<day>/seals", post_seals),
        ("POST", "/v1/days/<day>/verification", post_verification),
        ("POST", "/v1/days/<day>/replay", post_replay),
    ]


def _period(request: Request, clock: Clock) -> tuple[datetime, datetime]:
    """From the midnight that begins `from` to that which ends `to`, UTC; by default the 28 days that end today."""
    until = _named_day(request, "to", clock().date())
    since = _named_day(request, "from", until - timedelta(days=27))
    if until < since:
        raise InvalidError("ends before it begins", field="to")
    if until - since > MOST_DAYS:
        raise InvalidError(f"is more than {MOST_DAYS.days} days after from", field="to")
    return datetime.combine(since, time(), UTC), datetime.combine(until, time(), UTC) + timedelta(days=1)


def _named_day(request: Request, name: str, otherwise: date) -> date:
    text = request.args.get(name)
    if text is None:
        return otherwise
    try:
        return _day(text, lambda: datetime.combine(otherwise, time(), UTC))
    except InvalidError as error:
        raise InvalidError(error.detail, field=name) from None


def _day(text: str, clock: Clock) -> date:
    """A day as a path names it: `2026-03-01`, or for schedules `yesterday`, UTC."""
    if text == "yesterday":
        return (clock() - timedelta(days=1)).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidError("is no day such as 2026-03-01, nor yesterday", field="day") from None
    if not 1970 <= day.year <= 9000:
        raise InvalidError("is in no year of which there is a history", field="day")
    return day
