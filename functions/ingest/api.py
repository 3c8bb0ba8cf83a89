"""The HTTP side of ingest: `POST /v1/signals` and `POST /v1/sources/{source}`."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.ingest.handler import Ingest
from shared.domain.errors import ForbiddenError
from shared.ports import Catalogues, Clock
from shared.runtime import trace
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, json_answer, read_body

CANONICAL = "signals"
"""The source of canonical signals, whose items name the system they come from themselves."""


def routes(ingest: Ingest, keys: Keyring, meter: RequestMeter, clock: Clock) -> Sequence[Route]:
    """The routes of the use case for callers of a keyring."""

    def take(request: Request, source: str) -> Response:
        caller = keys.caller(request)
        if source != CANONICAL and not caller.may_send_as(source):
            raise ForbiddenError(f"this key may not send as {source}")
        with meter.request():
            accepted = ingest(
                source,
                read_body(request),
                allowed_sources=caller.allowed_sources,
                trace=trace.current(),
                now=clock(),
                headers=dict(request.headers),
            )
        return json_answer(accepted, 202 if accepted.accepted else 400)

    def post_signals(request: Request) -> Response:
        return take(request, CANONICAL)

    return [("POST", "/v1/signals", post_signals), ("POST", "/v1/sources/<source>", take)]


def origins(catalogues: Catalogues) -> frozenset[str]:
    """The browser origins that any source declares."""
    return frozenset(origin for s in catalogues.current().revision.catalogue.sources for origin in s.origins)
