"""The HTTP side of ingest: `POST /v1/signals` and `POST /v1/sources/{source}`."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Request, Response

from functions.ingest.handler import Ingest
from shared.ports import Catalogues, Clock
from shared.runtime import trace
from shared.runtime.door import CANONICAL, Door
from shared.runtime.door.pace import Pace
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, check_type, json_answer, read_raw, unpacked


def routes(
    ingest: Ingest, catalogues: Catalogues, door: Door, pace: Pace, meter: RequestMeter, clock: Clock
) -> Sequence[Route]:
    """The routes of the use case, for whom the door lets in and no faster than their pace."""

    def take(request: Request, source: str) -> Response:
        declared = catalogues.current().revision.sources.get(source)
        body: list[bytes] = []

        def raw() -> bytes:
            if not body:
                body.append(read_raw(request))
            return body[0]

        allowed_sources = door.let_in(request, source, declared, raw)
        if declared is not None:
            pace.admit(declared)
        check_type(request)
        with meter.request():
            accepted = ingest(
                source,
                unpacked(request, raw()),
                allowed_sources=allowed_sources,
                trace=trace.current(),
                now=clock(),
                headers=dict(request.headers),
            )
        if declared is not None:
            pace.took(declared, len(accepted.accepted) + len(accepted.rejected))
        return json_answer(accepted, 202 if accepted.accepted else 400)

    def post_signals(request: Request) -> Response:
        return take(request, CANONICAL)

    return [("POST", "/v1/signals", post_signals), ("POST", "/v1/sources/<source>", take)]


def ready(catalogues: Catalogues, door: Door) -> None:
    """Raise TransientError unless a revision is live and what its sources are known by can be read."""
    door.check(catalogues.current().revision.catalogue.sources)


def origins(catalogues: Catalogues) -> frozenset[str]:
    """The browser origins that any source declares."""
    return frozenset(origin for s in catalogues.current().revision.catalogue.sources for origin in s.origins)
