"""The HTTP side of deferral: `POST /`, which the scheduler sends every minute."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.deferral.deliveries import FireDeliveries
from functions.deferral.handler import Fired, FireDeferrals
from shared.ports import Clock
from shared.runtime import trace
from shared.runtime.metering import RequestMeter
from shared.runtime.pushers import Check
from shared.runtime.service import Route, json_answer
from shared.runtime.telemetry import log


def routes(
    fire: FireDeferrals, deliveries: FireDeliveries, check: Check, meter: RequestMeter, clock: Clock
) -> Sequence[Route]:
    """The route of both use cases, for whoever passes the check."""

    def post_sweep(request: Request) -> Response:
        check(request)
        with meter.request():
            began = clock()
            fired = fire(began, trace.current())
            if sent := deliveries(began, trace.current()):
                fired = Fired(fired=fired.fired, more=fired.more, deliveries=sent)
            if fired.fired or fired.deliveries:
                log(
                    "DEBUG",
                    f"deferral fired {fired.fired} decisions and {fired.deliveries} deliveries",
                    more=fired.more,
                    usage=meter.spent(),
                )
        return json_answer(fired)

    return [("POST", "/", post_sweep)]
