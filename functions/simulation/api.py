"""The HTTP side of simulation: `/v1/checks` and `/v1/simulations`."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.simulation.handler import MOST_PERSONS, Asking, Simulate
from shared.domain.errors import InvalidError
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer, read_as


def routes(simulate: Simulate, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases, for callers of a keyring."""

    def post_check(request: Request) -> Response:
        keys.caller(request)
        return json_answer(simulate.check(_asking(request)))

    def post_simulation(request: Request) -> Response:
        keys.caller(request)
        return json_answer(simulate(_asking(request), clock()))

    return [("POST", "/v1/checks", post_check), ("POST", "/v1/simulations", post_simulation)]


def _asking(request: Request) -> Asking:
    asking = read_as(request, Asking)
    if not 1 <= asking.persons <= MOST_PERSONS:
        raise InvalidError(f"between 1 and {MOST_PERSONS:,}", field="persons")
    return asking
