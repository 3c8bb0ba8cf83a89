"""Who pushes: Pub/Sub proves it by a token of the subscription's own service account, on a laptop by a secret.

On Google Cloud a push carries an OIDC token. Where Cloud Run lets in only whom IAM allows, it has checked the signature
and taken it away, and what is left to do is to compare the claims. A function that is open to anybody, because channels
call it too, gets the token whole and checks the signature itself.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import msgspec
from werkzeug.wrappers import Request

from shared.domain.errors import UnauthenticatedError
from shared.domain.ready import ready
from shared.ports import Clock
from shared.runtime.certificates import Certificates
from shared.runtime.keys import matches
from shared.runtime.settings import Pushed, SettingsError

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
SKEW = timedelta(seconds=30)
"""How far Google's clock and ours may be apart."""

MOST_CHARACTERS = 8192
"""Of a token; Google's have about a thousand."""

P = TypeVar("P", bound=msgspec.Struct)
Check = Callable[[Request], None]
"""Raises UnauthenticatedError for a request that does not come from the subscription."""


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str
    email: str
    email_verified: bool
    iat: float
    exp: float


def check_of(settings: Pushed, clock: Clock, certificates: Certificates | None = None) -> Check:
    """How this function knows its pusher.

    Raises:
        SettingsError: the environment names no pusher, or half of one.
    """
    if settings.push_account and settings.push_audience:
        whole = settings.push_signature == "checked"
        return _Account(settings, clock, (certificates or Certificates()) if whole else None)
    if settings.push_account or settings.push_audience or not settings.push_token:
        raise SettingsError("set PUSH_ACCOUNT and PUSH_AUDIENCE, or on a laptop PUSH_TOKEN, for this function")
    return _Token(settings.push_token)


class _Token:
    """A secret that the subscription's address carries as `?token=`."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Request) -> None:
        if not matches(request, self._token, "token"):
            raise UnauthenticatedError("this endpoint takes pushes of its own subscription only")


class _Account:
    """An OIDC token of the subscription's service account, for this function."""

    def __init__(self, settings: Pushed, clock: Clock, certificates: Certificates | None) -> None:
        self._accounts = [account.encode() for account in settings.push_account.split()]
        self._audience = settings.push_audience.encode()
        self._clock = clock
        self._certificates = certificates

    def __call__(self, request: Request) -> None:
        given = request.authorization
        if given is None or given.type != "bearer" or not given.token:
            raise UnauthenticatedError("send the OIDC token of the subscription's service account as a bearer token")
        if len(given.token) > MOST_CHARACTERS:
            raise UnauthenticatedError("this is no OIDC token")
        claims = _part(given.token, 1, _Claims)
        if self._certificates is not None:
            _check_signature(given.token, self._certificates)
        if claims.iss not in ISSUERS:
            raise UnauthenticatedError("the token is of another issuer than Google")
        if not hmac.compare_digest(claims.aud.encode(), self._audience):
            raise UnauthenticatedError("the token is for another audience than this function")
        email = claims.email.encode()
        if not claims.email_verified or not any(hmac.compare_digest(email, known) for known in self._accounts):
            raise UnauthenticatedError("the token is of another account than that of the subscription")
        if claims.exp < (self._clock() - SKEW).timestamp():
            raise UnauthenticatedError("the token has expired")


def _check_signature(token: str, certificates: Certificates) -> None:
    """Raise unless one of Google's keys has signed it."""
    header = _part(token, 0, _Header)
    if header.alg != "RS256":
        raise UnauthenticatedError("the token is signed in another way than Google signs")
    certificate = certificates.of(header.kid)
    from google.auth import jwt  # noqa: PLC0415 - only a function that is open to anybody checks signatures

    try:
        jwt.decode(token, certs=certificate, clock_skew_in_seconds=int(SKEW.total_seconds()))
    except ValueError as error:
        raise UnauthenticatedError("the token's signature or its times do not hold") from error


def _part(token: str, number: int, kind: type[P]) -> P:
    """One of the parts of a token, which are JSON in base64 without padding, joined by dots."""
    parts = token.split(".")
    try:
        if len(parts) != 3:
            raise UnauthenticatedError("this is no OIDC token")
        encoded = parts[number].encode("ascii")
        return msgspec.json.decode(base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)), type=ready(kind))
    except (binascii.Error, UnicodeError, msgspec.MsgspecError, RecursionError):
        raise UnauthenticatedError("this is no OIDC token with the claims of a service account") from None
