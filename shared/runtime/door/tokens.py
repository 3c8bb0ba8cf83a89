"""OIDC tokens: whose signature holds, for whom they are, and of which account."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import msgspec

from shared.domain.catalogue import OidcToken
from shared.domain.errors import ForbiddenError, UnauthenticatedError
from shared.domain.ready import ready
from shared.runtime.certificates import KEPT_SECONDS, TIMEOUT_SECONDS, Certificates, Fetched

ALGORITHMS = ("RS256", "ES256")
SKEW = timedelta(seconds=30)
"""How far the issuer's clock and ours may be apart."""

MOST_CHARACTERS = 8192
MOST_BYTES = 1024 * 1024
"""Of a set of keys."""

CertificatesOf = Callable[[OidcToken], Certificates]


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | list[str]
    exp: float
    sub: str = ""
    email: str = ""
    email_verified: bool = False
    nbf: float | None = None


class _Key(msgspec.Struct, frozen=True):
    """A public key as RFC 7517 has it: of RSA by `n` and `e`, of the curve P-256 by `x` and `y`."""

    kty: str
    kid: str = ""
    crv: str = ""
    n: str = ""
    e: str = ""
    x: str = ""
    y: str = ""


class _KeySet(msgspec.Struct, frozen=True):
    keys: list[_Key]


class Issuers:
    """The public keys of each issuer, fetched seldom and kept."""

    def __init__(self) -> None:
        """Fetch nothing yet."""
        self._lock = threading.Lock()
        self._kept: dict[str, Certificates] = {}

    def __call__(self, way: OidcToken) -> Certificates:
        """Those of a source's issuer."""
        with self._lock:
            kept = self._kept.get(way.keys)
            if kept is None:
                kept = self._kept[way.keys] = Certificates(partial(fetch_keys, way.keys), issuer=way.issuer)
            return kept


def check_token(way: OidcToken, token: str, certificates: CertificatesOf, now: datetime) -> None:
    """Raise unless the issuer signed a token for us and for one of the accounts that may send.

    Raises:
        UnauthenticatedError: it is no token, of somebody else or for somebody else, or too old.
        ForbiddenError: it is good, and of an account that may not send as this source.
        TransientError: the issuer's keys could not be fetched.
    """
    parts = token.split(".")
    if len(token) > MOST_CHARACTERS or len(parts) != 3:
        raise UnauthenticatedError("this is no OIDC token")
    try:
        header = msgspec.json.decode(_bytes(parts[0]), type=ready(_Header))
        claims = msgspec.json.decode(_bytes(parts[1]), type=ready(_Claims))
    except (binascii.Error, UnicodeError, msgspec.MsgspecError, RecursionError):
        raise UnauthenticatedError("this is no OIDC token with the claims of an account") from None
    if header.alg not in ALGORITHMS:
        raise UnauthenticatedError(f"the token is signed in another way than {' or '.join(ALGORITHMS)}")
    if claims.iss != way.issuer:
        raise UnauthenticatedError("the token is of another issuer than this source's")
    if way.audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
        raise UnauthenticatedError("the token is for another audience than this source's")
    _check_signature(token, certificates(way).of(header.kid))
    if claims.exp < (now - SKEW).timestamp():
        raise UnauthenticatedError("the token has expired")
    if claims.nbf is not None and claims.nbf > (now + SKEW).timestamp():
        raise UnauthenticatedError("the token is not valid yet")
    if claims.sub not in way.subjects and not (claims.email_verified and claims.email in way.subjects):
        raise ForbiddenError("the token's account may not send as this source")


def fetch_keys(address: str) -> Fetched:
    """The keys of a JSON Web Key Set that we can check signatures by, in PEM by their ids.

    Raises:
        OSError, msgspec.MsgspecError: they could not be had.
    """
    import urllib.request  # noqa: PLC0415 - only where a source has tokens

    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https, by the catalogue
        keys = msgspec.json.decode(answer.read(MOST_BYTES), type=ready(_KeySet)).keys
    return Fetched({key.kid: pem for key in keys if (pem := _pem(key))}, KEPT_SECONDS)


def _pem(key: _Key) -> str:
    """A key in PEM, empty for one of a kind that we do not use, or that is none."""
    from cryptography.hazmat.primitives.asymmetric.ec import (  # noqa: PLC0415 - only where a source has tokens
        SECP256R1,
        EllipticCurvePublicNumbers,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    try:
        if key.kty == "RSA":
            numbers = RSAPublicNumbers(_number(key.e), _number(key.n)).public_key()
            return numbers.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        if key.kty == "EC" and key.crv == "P-256":
            point = EllipticCurvePublicNumbers(_number(key.x), _number(key.y), SECP256R1()).public_key()
            return point.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    except ValueError:
        return ""
    return ""


def _check_signature(token: str, certificate: Mapping[str, str]) -> None:
    from google.auth import jwt  # noqa: PLC0415 - only where a source has tokens

    try:
        jwt.decode(token, certs=certificate, clock_skew_in_seconds=int(SKEW.total_seconds()))
    except (ValueError, TypeError) as error:  # a key of another kind than the algorithm is a TypeError there
        raise UnauthenticatedError("the token's signature or its times do not hold") from error


def _bytes(text: str) -> bytes:
    """The bytes of base64 as tokens have it, without padding."""
    encoded = text.encode("ascii")
    return base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
