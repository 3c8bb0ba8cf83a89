"""Signatures that requests carry, as webhooks and providers have them. Several secrets may be valid, and of most ways
several signatures may be sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec
from werkzeug.wrappers import Request

from shared.domain.catalogue import (
    AddressSignature,
    BodySignature,
    KeyPairSignature,
    Signed,
    StandardWebhooks,
    TimedSignature,
    TokenSignature,
)
from shared.domain.errors import UnauthenticatedError
from shared.domain.ready import ready

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

Fits = Callable[[Any], bool]
"""Whether what a secret holds fits the signature of the request at hand."""

MOST_SIGNATURES = 8
"""Of one request that are looked at."""

_SECONDS = re.compile(r"[0-9]{1,12}")
_WHSEC = "whsec_"
_NO_PUBLIC_KEY = "expected the public key of an elliptic curve, as base64 of its DER"
WRONG = "the signature does not fit the body and the secret; sign the bytes of the body just as they are sent"


def webhook_secret(value: bytes) -> bytes:
    """The key in a secret of Standard Webhooks.

    Raises:
        ValueError: it is not `whsec_` and base64; nothing of it is repeated.
    """
    try:
        return base64.b64decode(value.decode("ascii").strip().removeprefix(_WHSEC), validate=True)
    except (UnicodeDecodeError, binascii.Error):
        raise ValueError("expected whsec_ and base64") from None


def public_key(value: bytes) -> EllipticCurvePublicKey:
    """The key in a secret by which signatures of a key pair are checked.

    Raises:
        ValueError: it is none; nothing of it is repeated.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only where a source has a key pair
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    text = b"".join(line for line in value.split(b"\n") if not line.startswith(b"-----"))
    try:
        key = load_der_public_key(base64.b64decode(text.replace(b"\r", b"").strip(), validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(_NO_PUBLIC_KEY) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError(_NO_PUBLIC_KEY)  # noqa: TRY004 - what a secret holds is a value, of whatever type
    return key


def is_carried(way: Signed, request: Request) -> bool:
    """Whether a request tries to prove itself in this way; a signature within a body is seen when that is read."""
    if isinstance(way, TokenSignature):
        return request.mimetype == "application/json"
    return (f"{way.prefix}-signature" if isinstance(way, StandardWebhooks) else way.header) in request.headers


def advice(way: Signed) -> str:
    """What to send, for who did not."""
    if isinstance(way, StandardWebhooks):
        return f"{way.prefix}-id, {way.prefix}-timestamp and {way.prefix}-signature"
    if isinstance(way, TimedSignature):
        return f"{way.header} as t=SECONDS,{way.scheme}=HEXADECIMAL"
    if isinstance(way, BodySignature):
        return f"{way.header} as {way.digest}=HEXADECIMAL"
    if isinstance(way, KeyPairSignature):
        return f"{way.timestamp_header} and {way.header}, as SendGrid signs"
    if isinstance(way, AddressSignature):
        return f"{way.header}, as Twilio signs"
    return "JSON with a signature of timestamp, token and signature, as Mailgun signs"


def carried(way: Signed, request: Request, body: bytes, now: datetime) -> Fits:
    """Whether a secret made the signature that a request carries.

    Raises:
        UnauthenticatedError: its headers are not what they should be, or the time signed is too far from now.
    """
    if isinstance(way, TokenSignature):
        return _of_token(way, body, now)
    if isinstance(way, StandardWebhooks):
        header = request.headers.get(f"{way.prefix}-signature", "")
    else:
        header = request.headers.get(way.header, "")
    if isinstance(way, KeyPairSignature):
        return _of_key_pair(way, request, header, body, now)
    if isinstance(way, AddressSignature):
        return _of_address(request, header, body)
    if isinstance(way, BodySignature):
        return _fits(body, way.digest, _decoded([header.strip().removeprefix(f"{way.digest}=")], bytes.fromhex))
    if isinstance(way, StandardWebhooks):
        message_id, seconds = (request.headers.get(f"{way.prefix}-{part}", "") for part in ("id", "timestamp"))
        signed = [value for version, _, value in (each.partition(",") for each in header.split()) if version == "v1"]
        content = f"{message_id}.{seconds}.".encode("latin-1") + body  # as WSGI decoded them
        found = _decoded(signed, _base64)
    else:
        parts = [tuple(part.strip().split("=", 1)) for part in header.split(",") if "=" in part]
        message_id, seconds = "-", next((value for name, value in parts if name == "t"), "")
        content = f"{seconds}.".encode("latin-1") + body
        found = _decoded([value for name, value in parts if name == way.scheme], bytes.fromhex)
    if not message_id or not seconds or not found:
        raise UnauthenticatedError(f"send {advice(way)}")
    _check_time(seconds, now, way.tolerance_seconds)
    return _fits(content, "sha256", found)


def _of_key_pair(way: KeyPairSignature, request: Request, header: str, body: bytes, now: datetime) -> Fits:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only where a source has a key pair
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    seconds, found = request.headers.get(way.timestamp_header, ""), _decoded([header.strip()], _base64)
    if not seconds or not found:
        raise UnauthenticatedError(f"send {advice(way)}")
    _check_time(seconds, now, way.tolerance_seconds)
    content = seconds.encode("latin-1") + body

    def fits(key: EllipticCurvePublicKey) -> bool:
        try:
            key.verify(found[0], content, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    return fits


def _of_address(request: Request, header: str, body: bytes) -> Fits:
    """The fields of a form are signed by name, each with its value right behind it; another body by its digest, which
    the address names. What stands before the server may have changed the scheme and the port of the address.
    """
    fields = ""
    if request.mimetype == "application/x-www-form-urlencoded":
        form = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
        fields = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    elif request.args.get("bodySHA256", "") != hashlib.sha256(body).hexdigest():
        raise UnauthenticatedError("the address signed is to have the SHA-256 of the body as its bodySHA256")
    found = _decoded([header.strip()], _base64)
    made = [_fits((address + fields).encode(), "sha1", found) for address in _addresses(request)]
    return lambda secret: any(fits(secret) for fits in made)


def _addresses(request: Request) -> list[str]:
    """What the address of a request may have been where it was sent.

    Raises:
        UnauthenticatedError: the host it names cannot be one.
    """
    try:
        parts = urlsplit(request.url)
    except ValueError:
        raise UnauthenticatedError("the host of the address cannot be read") from None
    name = parts.hostname or ""
    return [request.url, *(urlunsplit(parts._replace(scheme="https", netloc=each)) for each in (name, f"{name}:443"))]


class _Token(msgspec.Struct, frozen=True):
    """What Mailgun signs, and its signature."""

    timestamp: str | int
    token: str
    signature: str


class _Signed(msgspec.Struct, frozen=True):
    """A body with a signature in it."""

    signature: _Token


def _of_token(way: TokenSignature, body: bytes, now: datetime) -> Fits:
    try:
        signed = msgspec.json.decode(body, type=ready(_Signed)).signature
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnauthenticatedError(f"send {advice(way)}") from None
    seconds, found = str(signed.timestamp), _decoded([signed.signature], bytes.fromhex)
    if not signed.token or not found:
        raise UnauthenticatedError(f"send {advice(way)}")
    _check_time(seconds, now, way.tolerance_seconds)
    return _fits(f"{seconds}{signed.token}".encode(), "sha256", found)


def _base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _check_time(text: str, now: datetime, tolerance_seconds: int) -> None:
    if not _SECONDS.fullmatch(text):
        raise UnauthenticatedError("the time signed is to be whole seconds since 1970")
    age = now.timestamp() - int(text)
    if abs(age) > tolerance_seconds:
        when = f"{age:.0f} s ago" if age > 0 else f"{-age:.0f} s ahead"
        raise UnauthenticatedError(f"signed {when}, which may be {tolerance_seconds} s at the most")


def _decoded(signatures: Sequence[str], decode: Callable[[str], bytes]) -> list[bytes]:
    decoded = []
    for text in signatures[:MOST_SIGNATURES]:
        try:
            decoded.append(decode(text))
        except ValueError:
            continue
    return decoded


def _fits(content: bytes, digest: str, signatures: Sequence[bytes]) -> Fits:
    def fits(secret: bytes) -> bool:
        made = hmac.new(secret, content, getattr(hashlib, digest)).digest()
        return any(hmac.compare_digest(made, signature) for signature in signatures)

    return fits
