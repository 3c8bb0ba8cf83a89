"""The door: who sends, proved in one of the ways that the source declares."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from werkzeug.wrappers import Request

from shared.domain.catalogue import (
    Authentication,
    KeyPairSignature,
    KeyringKey,
    OidcToken,
    PublicKey,
    Signed,
    Source,
    SourceKey,
    StandardWebhooks,
)
from shared.domain.errors import ForbiddenError, KairosError, NotFoundError, TransientError, UnauthenticatedError
from shared.ports import Clock, Secrets
from shared.runtime.door import signatures
from shared.runtime.door.tokens import CertificatesOf, check_token
from shared.runtime.keys import Caller, Keyring, presented
from shared.runtime.telemetry import log

T = TypeVar("T")
ByKey = KeyringKey | SourceKey | PublicKey
Raw = Callable[[], bytes]
"""Reads the body of a request as it was sent."""

CANONICAL = "signals"
"""The source of canonical signals, whose items name the system they come from themselves."""

_PARAMETER = "key"
_UNKNOWN = "this key is not known here"
_UNDECLARED = (KeyringKey(),)
"""How a caller proves itself before it hears that there is no such source."""


class Door:
    """Lets in who proves to be a source. Secrets are compared in constant time and never repeated."""

    def __init__(self, secrets: Secrets, clock: Clock, certificates: CertificatesOf) -> None:
        """Know sources by `secrets`, or by tokens of issuers, whose keys `certificates` gives."""
        self._secrets = secrets
        self._clock = clock
        self._certificates = certificates

    def check(self, sources: Iterable[Source]) -> None:
        """Raise TransientError unless every secret of these sources can be read and is one of its kind."""
        for source in sources:
            for way in source.ways:
                if not isinstance(way, OidcToken):
                    self._ask(way, lambda _secret: True)

    def let_in(self, request: Request, source_id: str, source: Source | None, raw: Raw) -> frozenset[str] | None:
        """The sources that a request may name in its signals, None for any.

        Args:
            request: as it came.
            source_id: as which source it sends.
            source: what the catalogue says of it; None where it says nothing.
            raw: reads the body as it was sent.

        Raises:
            UnauthenticatedError: it proves nothing, or something wrong.
            ForbiddenError: who sends is known, and may not send as this source, or not from there.
            TransientError: what it would have to be compared with cannot be read.
            TooLargeError: its body is larger than any that is taken.
        """
        ways = source.ways if source else _UNDECLARED
        keys = presented(request)
        refused: list[KairosError] = []
        for way in ways:
            if not (keys if isinstance(way, KeyringKey) else _is_presented(way, request)):
                continue
            try:
                if isinstance(way, KeyringKey):
                    return self._caller(way, keys, source_id).allowed_sources
                assert source is not None, "only what is declared says how it proves itself"
                self._prove(way, request, source, raw)
            except (UnauthenticatedError, ForbiddenError, TransientError) as error:
                refused.append(error)
            else:
                return frozenset({source_id})
        if not refused:
            raise UnauthenticatedError(f"send {', or '.join(dict.fromkeys(map(_advice, ways)))}")
        if source is None and not isinstance(refused[-1], ForbiddenError):
            raise UnauthenticatedError(
                _UNKNOWN
            )  # also where there is no keyring: it tells nobody which sources there are
        raise max(refused, key=_tells)

    def _caller(self, way: KeyringKey, keys: Sequence[str], source_id: str) -> Caller:
        caller: Caller | None = self._ask(way, lambda ring: ring.known(keys))
        if caller is None:
            raise UnauthenticatedError(_UNKNOWN)
        if source_id != CANONICAL and not caller.may_send_as(source_id):
            raise ForbiddenError(f"this key may not send as {source_id}")
        return caller

    def _prove(
        self, way: SourceKey | PublicKey | Signed | OidcToken, request: Request, source: Source, raw: Raw
    ) -> None:
        """Raise unless a request proves in this way to be of this source."""
        if isinstance(way, OidcToken):
            check_token(way, _bearer(request), self._certificates, self._clock())
        elif isinstance(way, SourceKey | PublicKey):
            given = [hashlib.sha256(key.encode()).digest() for key in _keys(way, request)]
            if not self._ask(way, lambda known: any(hmac.compare_digest(known, each) for each in given)):
                raise UnauthenticatedError(_UNKNOWN)
            if isinstance(way, PublicKey) and request.headers.get("origin", "") not in source.origins:
                raise ForbiddenError("a public key is taken from pages of this source's origins only")
        elif not self._ask(way, signatures.carried(way, request, raw(), self._clock())):
            raise UnauthenticatedError(signatures.WRONG)

    def _ask(self, way: ByKey | Signed, fits: Callable[[Any], T | None]) -> T | None:
        """The first true answer about a secret that is valid now; where there is none, they are looked up again first.

        Raises:
            TransientError: none can be read.
        """
        kind, readable = type(way), False
        known: tuple[bytes, ...] = ()
        for look in (self._secrets.values, self._secrets.renewed):
            try:
                values = look(way.secret)
            except NotFoundError as error:
                log("ERROR", f"door: {error}")
                continue
            if values == known:
                continue
            known = values
            for value in values:
                try:
                    secret = _read(kind, value)
                except ValueError as error:
                    log("ERROR", f"door: the secret {way.secret}: {error}")
                    continue
                readable = True
                if answer := fits(secret):
                    return answer
        if not readable:
            raise TransientError("what this source is known by cannot be read now; it is in the logs")
        return None


@lru_cache(maxsize=256)
def _read(kind: type[ByKey | Signed], value: bytes) -> Any:
    """What is in a secret: a keyring, the digest of a key, or what signatures are made with.

    Raises:
        ValueError: it is not what it should be; nothing of it is repeated.
    """
    if kind is KeyringKey:
        return Keyring(value)
    if kind in (SourceKey, PublicKey):
        return hashlib.sha256(_line(value)).digest()
    if kind is KeyPairSignature:
        return signatures.public_key(value)
    return signatures.webhook_secret(value) if kind is StandardWebhooks else _line(value)


def _line(value: bytes) -> bytes:
    """A value without the end of line that `echo` put there."""
    line = value.rstrip(b"\r\n")
    if not line:
        raise ValueError("it is empty")
    return line


def _tells(error: KairosError) -> int:
    """How much a refusal tells: who sends is known; nobody knows yet; it is not known."""
    return 2 if isinstance(error, ForbiddenError) else 1 if isinstance(error, TransientError) else 0


def _is_presented(way: SourceKey | PublicKey | Signed | OidcToken, request: Request) -> bool:
    """Whether a request tries to prove itself in this way."""
    if isinstance(way, SourceKey | PublicKey):
        return bool(_keys(way, request))
    if isinstance(way, OidcToken):
        return _bearer(request).count(".") == 2
    return signatures.is_carried(way, request)


def _keys(way: SourceKey | PublicKey, request: Request) -> list[str]:
    """Every key that a request presents; only a public one may stand in an address, which ends up in logs."""
    keys = presented(request, _PARAMETER if isinstance(way, PublicKey) else "")
    own = request.headers.get(way.header, "") if isinstance(way, SourceKey) else ""
    return [own, *keys] if own else keys


def _bearer(request: Request) -> str:
    given = request.authorization
    return given.token or "" if given is not None and given.type == "bearer" else ""


def _advice(way: Authentication) -> str:
    """How to prove oneself in a way, for who did not."""
    if isinstance(way, KeyringKey):
        return "your key as x-api-key, as a bearer token or as the user of basic authentication"
    if isinstance(way, SourceKey):
        return f"the source's key as {way.header}"
    if isinstance(way, PublicKey):
        return "the source's public key as x-api-key or as ?key="
    if isinstance(way, OidcToken):
        return f"a token of {way.issuer} as a bearer token"
    return signatures.advice(way)
