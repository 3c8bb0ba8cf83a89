"""Estimators that are asked over HTTP, as Vertex AI's endpoints are: in time, or not at all.

Requests go the guarded way out that connectors take. After some failures in a row an endpoint is left alone for a time,
and then tried with one request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec

from shared.adapters.channels.egress import Egress
from shared.adapters.channels.exchange import Exchange
from shared.adapters.scoring.circuit import Circuit
from shared.domain.errors import NotTakenError, PermanentError, TransientError
from shared.domain.estimators import Endpoint, Instance, probability
from shared.domain.ready import ready

MOST_ANSWER_BYTES = 1024 * 1024

Token = Callable[[], str]
"""The platform's own token for Google's services. Raises NotTakenError where there is none to be had."""


class EndpointScorer:
    """The port `Scorer` of an endpoint."""

    def __init__(
        self, declared: Endpoint, egress: Egress, token: Token, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask over `egress`, with `token` where the endpoint is declared so."""
        self._declared = declared
        self._exchange = Exchange(egress)
        self._token = token
        self._circuit = Circuit(monotonic)

    def __call__(self, instances: Sequence[Instance]) -> Sequence[float | None]:
        """P of each instance."""
        found: list[float | None] = []
        for start in range(0, len(instances), self._declared.at_once):
            asked = instances[start : start + self._declared.at_once]
            found += self._scores(asked)
        return found

    def _scores(self, asked: Sequence[Instance]) -> Sequence[float | None]:
        """P of some; of none of them where the endpoint fails or is left alone."""
        nothing: list[float | None] = [None] * len(asked)
        if not self._circuit.lets():
            return nothing
        told = self._asked(asked)
        self._circuit.note(failed=told is None)
        return nothing if told is None else told

    def _asked(self, asked: Sequence[Instance]) -> list[float | None] | None:
        headers = {"content-type": "application/json", "accept": "application/json"}
        try:
            body = msgspec.json.encode({"instances": asked})
            if self._declared.token == "google":  # noqa: S105 - no secret
                headers["authorization"] = f"Bearer {self._token()}"
            answer = self._exchange(
                "POST", self._declared.url, headers, body, self._declared.timeout_seconds, MOST_ANSWER_BYTES
            )
            if answer.status != 200 or not answer.whole:
                return None
            predictions = msgspec.json.decode(answer.body, type=ready(_Answer)).predictions
        except (TransientError, PermanentError, msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        if len(predictions) != len(asked):
            return None
        return [self._probability(each) for each in predictions]

    def _probability(self, said: Any) -> float | None:
        """P of one prediction."""
        if isinstance(said, dict):
            by_class = dict(zip(map(str, _list(said.get("classes"))), _list(said.get("scores")), strict=False))
            return probability(by_class.get(self._declared.positive))
        if isinstance(said, list):  # of no and of yes, as predict_proba has it
            return probability(said[1]) if len(said) == 2 else None
        return probability(said)


class _Answer(msgspec.Struct):
    predictions: list[Any]


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def google_token() -> str:
    """The token of whom this runs as: on Google Cloud by the metadata server."""
    # only who asks Google's endpoints needs these libraries
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from google.auth.transport.requests import Request  # noqa: PLC0415

    try:
        credentials = _credentials()
        if not credentials.valid:
            credentials.refresh(Request())
    except GoogleAuthError as error:
        raise NotTakenError(f"no token: {error}") from error
    return str(credentials.token)


@cache
def _credentials() -> Any:
    import google.auth  # noqa: PLC0415

    return google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])[0]
