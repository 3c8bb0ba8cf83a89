"""The HTTP side of what is worked out every night: what models know and who challenges them, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from shared.domain.estimators import MOST_BYTES
from shared.ports import Clock
from shared.runtime.days import day_of
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer, read_body

if TYPE_CHECKING:  # made when one is asked for, by `learn`, `associate` and `measures` below
    from functions.records.associating import Associate
    from functions.records.kept import KeepMeasures
    from functions.records.learning import Learn


def learning_routes(
    learn: Callable[[], Learn], associate: Callable[[], Associate], keys: Keyring, clock: Clock
) -> Sequence[Route]:
    """The routes of learning, which `learn` and `associate` make when it is asked for, for callers of a keyring."""

    def post_challengers(request: Request) -> Response:
        keys.caller(request)
        return json_answer(learn().declare(read_body(request, MOST_BYTES)))

    def get_challengers(request: Request) -> Response:
        keys.caller(request)
        return json_answer(learn().challengers())

    def delete_challenger(request: Request, name: str) -> Response:
        keys.caller(request)
        return json_answer(learn().withdraw(name))

    def post_snapshot(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(learn().snapshot(day_of(day, clock), clock()))

    def post_pairs(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(associate()(day_of(day, clock), clock()))

    def post_challenge(request: Request, day: str, name: str) -> Response:
        keys.caller(request)
        return json_answer(learn().challenge(name, day_of(day, clock), clock()))

    def post_learning(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(learn().learn(day_of(day, clock), clock()))

    def get_learning(request: Request) -> Response:
        keys.caller(request)
        return json_answer(learn().days())

    def get_learnt(request: Request, day: str) -> Response:
        keys.caller(request)
        return json_answer(learn().learnt(day_of(day, clock)))

    return [
        ("POST", "/v1/challengers", post_challengers),
        ("GET", "/v1/challengers", get_challengers),
        ("DELETE", "/v1/challengers/<name>", delete_challenger),
        ("POST", "/v1/days/<day>/snapshot", post_snapshot),
        ("POST", "/v1/days/<day>/pairs", post_pairs),
        ("POST", "/v1/days/<day>/challenges/<name>", post_challenge),
        ("POST", "/v1/days/<day>/learning", post_learning),
        ("GET", "/v1/learning", get_learning),
        ("GET", "/v1/learning/<day>", get_learnt),
    ]


def kept_routes(measures: Callable[[], KeepMeasures], keys: Keyring) -> Sequence[Route]:
    """The routes of what is measured and kept, which `measures` makes when it is asked for."""

    def post_kept(request: Request, name: str) -> Response:
        keys.caller(request)
        return json_answer(measures().keep(name, request.args.get("experiment", "standing")))

    def get_names(request: Request) -> Response:
        keys.caller(request)
        return json_answer(measures().names())

    def get_kept(request: Request, name: str) -> Response:
        keys.caller(request)
        return json_answer(measures().kept(name))

    return [
        ("POST", "/v1/measures/kept/<name>", post_kept),
        ("GET", "/v1/measures/kept", get_names),
        ("GET", "/v1/measures/kept/<name>", get_kept),
    ]
