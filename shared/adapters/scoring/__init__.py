"""Estimators that may challenge the models, opened: each is the port `Scorer`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from shared.adapters.channels.egress import Egress
from shared.adapters.scoring.declared import DeclaredScorer
from shared.adapters.scoring.endpoint import EndpointScorer, Token, google_token
from shared.adapters.scoring.in_time import InTime
from shared.domain.errors import InvalidError
from shared.domain.estimators import Endpoint, FromOutside
from shared.ports import Scorer

_GOOGLE = ".googleapis.com"


class Scorers:
    """The port `ScorerOf`: opens what is declared, and leads to no host but those that the platform's environment
    names.
    """

    def __init__(self, egress: Egress, hosts: Collection[str], token: Token = google_token) -> None:
        """Ask `hosts` over `egress`, those of Google's with `token`."""
        self._egress = egress
        self._hosts = frozenset(hosts)
        self._token = token

    def __call__(self, declared: FromOutside) -> Scorer:
        """The estimator, ready to score."""
        return self._endpoint(declared) if isinstance(declared, Endpoint) else DeclaredScorer(declared)

    def within(self, declared: FromOutside, seconds: float) -> Scorer:
        """The estimator, ready to score while a decision waits, which it does for some seconds at the most."""
        if isinstance(declared, Endpoint):
            return InTime(self._endpoint(declared), seconds)
        return DeclaredScorer(declared, seconds)

    def _endpoint(self, declared: Endpoint) -> Scorer:
        host = urlsplit(declared.url).hostname or ""
        if host not in self._hosts:
            raise InvalidError(f"{host} is none of SCORING_HOSTS", field="url")
        if declared.token == "google" and not host.endswith(_GOOGLE):  # noqa: S105 - no secret
            raise InvalidError(f"{host} is no host of Google's, and gets no token of theirs", field="token")
        return EndpointScorer(declared, self._egress, self._token)
