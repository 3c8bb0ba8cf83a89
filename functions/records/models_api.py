"""The HTTP side of the adaptive models: what they know, by which revision, and a challenger held against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from functions.records.measuring_api import period_of
from shared.domain.estimators import MOST_BYTES, read
from shared.ports import Catalogues, Clock, Models
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer, read_body

if TYPE_CHECKING:  # made when it is asked for, by `challenge` below
    from functions.records.challenging import Challenge


def models_routes(
    models: Models, catalogues: Catalogues, challenge: Callable[[], Challenge], keys: Keyring, clock: Clock
) -> Sequence[Route]:
    """The routes for callers of a keyring; `challenge` makes the use case when it is asked for."""

    def get_models(request: Request) -> Response:
        keys.caller(request)
        from shared.domain.monitoring import Snapshot  # noqa: PLC0415 - numpy, which days and seals do without

        return json_answer(Snapshot(taken_at=clock().timestamp(), counts=dict(models.counts())))

    def get_revision(request: Request, name: str) -> Response:
        keys.caller(request)
        policy = catalogues.current() if name == "live" else catalogues.get(name)
        return Response(policy.revision.catalogue.canonical(), content_type="application/json")

    def post_challenges(request: Request) -> Response:
        keys.caller(request)
        challenger = read(read_body(request, MOST_BYTES))
        since, until = period_of(request, clock)
        return json_answer(challenge()(challenger, since, until, clock(), request.args.get("prefix", "")))

    return [
        ("GET", "/v1/models", get_models),
        ("GET", "/v1/revisions/<name>", get_revision),
        ("POST", "/v1/challenges", post_challenges),
    ]
