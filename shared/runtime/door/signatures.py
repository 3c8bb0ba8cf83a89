"""Signatures over a body: by HMAC, as webhooks carry them. Several may be sent, and several secrets may be valid."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime

from werkzeug.wrappers import Request

from shared.domain.catalogue import BodySignature, StandardWebhooks, TimedSignature
from shared.domain.errors import UnauthenticatedError

Signed = StandardWebhooks | TimedSignature | BodySignature
Fits = Callable[[bytes], bool]
"""Whether a secret made the signature of the request at hand."""

MOST_SIGNATURES = 8
"""Of one request that are looked at."""

_SECONDS = re.compile(r"[0-9]{1,12}")
_WHSEC = "whsec_"
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


def header_of(way: Signed) -> str:
    """The header that a signature stands in."""
    return f"{way.prefix}-signature" if isinstance(way, StandardWebhooks) else way.header


def advice(way: Signed) -> str:
    """What to send, for who did not."""
    if isinstance(way, StandardWebhooks):
        return f"{way.prefix}-id, {way.prefix}-timestamp and {way.prefix}-signature"
    if isinstance(way, TimedSignature):
        return f"{way.header} as t=SECONDS,{way.scheme}=HEXADECIMAL"
    return f"{way.header} as {way.digest}=HEXADECIMAL"


def carried(way: Signed, request: Request, body: bytes, now: datetime) -> Fits:
    """Whether a secret made the signature that a request carries.

    Raises:
        UnauthenticatedError: its headers are not what they should be, or the time signed is too far from now.
    """
    header = request.headers.get(header_of(way), "")
    if isinstance(way, BodySignature):
        return _fits(body, way.digest, _decoded([header.strip().removeprefix(f"{way.digest}=")], bytes.fromhex))
    if isinstance(way, StandardWebhooks):
        message_id, seconds = (request.headers.get(f"{way.prefix}-{part}", "") for part in ("id", "timestamp"))
        signed = [value for version, _, value in (each.partition(",") for each in header.split()) if version == "v1"]
        content = f"{message_id}.{seconds}.".encode("latin-1") + body  # as WSGI decoded them
        found = _decoded(signed, lambda text: base64.b64decode(text, validate=True))
    else:
        parts = [tuple(part.strip().split("=", 1)) for part in header.split(",") if "=" in part]
        message_id, seconds = "-", next((value for name, value in parts if name == "t"), "")
        content = f"{seconds}.".encode("latin-1") + body
        found = _decoded([value for name, value in parts if name == way.scheme], bytes.fromhex)
    if not message_id or not seconds or not found:
        raise UnauthenticatedError(f"send {advice(way)}")
    _check_time(seconds, now, way.tolerance_seconds)
    return _fits(content, "sha256", found)


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
