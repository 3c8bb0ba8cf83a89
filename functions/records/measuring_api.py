"""The HTTP side of what is measured: `/v1/measures`, `/v1/exports`, and the weighing of a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec
from werkzeug.wrappers import Request, Response

from shared.domain.catalogue import RanksBy
from shared.domain.errors import InvalidError
from shared.ports import Clock
from shared.runtime.days import day_of
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer

if TYPE_CHECKING:  # made when one is asked for, by `measuring` below
    from functions.records.changing import EvaluateChange
    from functions.records.evaluating import Evaluate
    from functions.records.exporting import ExportShapes
    from functions.records.measuring import Measure
    from functions.records.watching import Watch
    from functions.records.weighing import Weigh

MOST_DAYS = timedelta(days=366)
"""Longer periods are not added up at once: each day is read and paid for."""


class Measuring(NamedTuple):
    """The use cases that measure."""

    measure: Measure
    weigh: Weigh
    evaluate: Evaluate
    export: ExportShapes
    change: EvaluateChange
    watch: Watch


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, each with the fields that its shape has."""

    rows: tuple[dict[str, Any], ...]


def measuring_routes(measuring: Callable[[], Measuring], keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases, which `measuring` makes when one is asked for, for callers of a keyring."""

    def get_measures(request: Request) -> Response:
        keys.caller(request)
        experiment = request.args.get("experiment", "standing")
        return json_answer(measuring().measure.report(experiment, *period_of(request, clock)))

    def get_uplift(request: Request) -> Response:
        keys.caller(request)
        return json_answer(measuring().measure.uplifts(*period_of(request, clock)))

    def get_off_policy(request: Request) -> Response:
        keys.caller(request)
        ranks_by = request.args.get("ranks_by", "priority")
        known = [way for way in get_args(RanksBy) if way != "chance"]
        if ranks_by not in known:
            raise InvalidError(f"is none of {', '.join(known)}", field="ranks_by")
        return json_answer(measuring().evaluate(ranks_by, *period_of(request, clock)))  # type: ignore[arg-type]

    def post_weighing(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(measuring().weigh(day_of(day, clock), request.args.get("prefix", "")))

    return [
        *_exporting(measuring, keys, clock),
        ("GET", "/v1/measures/off-policy", get_off_policy),
        ("POST", "/v1/days/<day>/weighing", post_weighing),
        ("GET", "/v1/measures", get_measures),
        ("GET", "/v1/measures/uplift", get_uplift),
    ]


def _exporting(measuring: Callable[[], Measuring], keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of what is exported."""

    def get_models(request: Request) -> Response:
        keys.caller(request)
        return json_answer(Exported(rows=tuple(measuring().export.models(clock()))))

    def get_predictors(request: Request) -> Response:
        keys.caller(request)
        return json_answer(Exported(rows=tuple(measuring().export.predictors(clock()))))

    def get_interactions(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(Exported(rows=tuple(measuring().export.interactions(day_of(day, clock)))))

    def get_decisions(request: Request, day: str) -> Response:
        keys.caller(request)
        prefix = request.args.get("prefix", "")
        return json_answer(Exported(rows=tuple(measuring().export.decisions(day_of(day, clock), prefix))))

    def get_records(request: Request, day: str) -> Response:
        keys.caller(request)
        prefix = request.args.get("prefix", "")
        return json_answer(Exported(rows=tuple(measuring().export.records(day_of(day, clock), prefix))))

    return [
        ("GET", "/v1/exports/models", get_models),
        ("GET", "/v1/exports/predictors", get_predictors),
        ("GET", "/v1/exports/interactions/<day>", get_interactions),
        ("GET", "/v1/exports/decisions/<day>", get_decisions),
        ("GET", "/v1/exports/records/<day>", get_records),
    ]


def period_of(request: Request, clock: Clock) -> tuple[datetime, datetime]:
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
        return day_of(text, lambda: datetime.combine(otherwise, time(), UTC))
    except InvalidError as error:
        raise InvalidError(error.detail, field=name) from None
