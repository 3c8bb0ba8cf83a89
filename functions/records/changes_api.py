"""The HTTP side of what is said of changes: `/v1/measures/change`, `/v1/gates/value` and `/v1/guards`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from werkzeug.wrappers import Request, Response

from functions.records.measuring_api import Measuring, period_of
from shared.domain.errors import InvalidError
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer


class Guarded(NamedTuple):
    """A canary as a request names it."""

    revision: str
    live: str
    share: int
    since: datetime
    now: datetime

    @classmethod
    def of(cls, request: Request, clock: Clock) -> Guarded:
        """What a request asks; `now` is that of whoever waits, by default this instant.

        Raises:
            InvalidError: a field is missing or not what it should be, and it says which.
        """
        given = {name: request.args.get(name, "") for name in ("revision", "live", "share", "since")}
        for name, text in given.items():
            if not text:
                raise InvalidError("is missing", field=name)
        if not given["share"].isdecimal():
            raise InvalidError("is no number of per cent", field="share")
        now = _instant(request.args["now"], "now") if "now" in request.args else clock()
        since = _instant(given["since"], "since")
        return cls(given["revision"], given["live"], int(given["share"]), since, now)


def changes_routes(measuring: Callable[[], Measuring], keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases, which `measuring` makes when one is asked for, for callers of a keyring."""

    def get_change(request: Request) -> Response:
        keys.caller(request)
        revision = request.args.get("revision")
        if not revision:
            raise InvalidError("is missing", field="revision")
        return json_answer(measuring().change(revision, *period_of(request, clock)))

    def get_guards(request: Request) -> Response:
        keys.caller(request)
        return json_answer(measuring().watch(*Guarded.of(request, clock)))

    def get_value(request: Request) -> Response:
        keys.caller(request)
        revision, live = (request.args.get(name, "") for name in ("revision", "live"))
        return json_answer(measuring().watch.value(revision, live, clock()))

    return [
        ("GET", "/v1/measures/change", get_change),
        ("GET", "/v1/gates/value", get_value),
        ("GET", "/v1/guards", get_guards),
    ]


def _instant(text: str, field: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError("is no instant such as 2026-03-01T09:00:00Z", field=field) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
