"""Identifiers: how they are written the same whatever the source, and how they are hashed (`domain.md` 2)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from shared.domain.errors import InvalidError

PERSON_ID = "person_id"
"""The namespace of canonical ids: used by our own scheduler, never hashed."""

SCHEDULER = "scheduler"
"""The one source that may name persons by our own ids."""

MAX_LENGTH = 256
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BLOCK = 64
"""Bytes that SHA-256 takes at once."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KINDS = {bool: "a boolean", float: "a fraction", list: "an array", dict: "an object"}


def email_sha256(raw: str) -> str:
    """SHA-256 of the trimmed, lower-case address: the convention partners use."""
    address = unicodedata.normalize("NFKC", raw).strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidError("not an e-mail address", field="identifiers.email")
    return hashlib.sha256(address.encode()).hexdigest()


def phone_sha256(raw: str, *, country_code: str = "44") -> str:
    """SHA-256 of the number in E.164; a national number (leading 0) is taken as `country_code`'s."""
    digits = re.sub(r"[\s().\-]", "", raw.strip())
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = f"+{country_code}{digits[1:]}"
    if not _E164.fullmatch(digits):
        raise InvalidError("not a phone number", field="identifiers.phone")
    return hashlib.sha256(digits.encode()).hexdigest()


def normalise(namespace: str, value: Any) -> tuple[str, str]:
    """The (namespace, value) to keep for one identifier as sent; raw `email` and `phone` become their SHA-256.

    Raises:
        InvalidError: with the field, when the value cannot be an identifier.
    """
    field = f"identifiers.{namespace}"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidError(f"expected text, got {_KINDS.get(type(value), 'nothing')}", field=field)
    text = unicodedata.normalize("NFC", str(value)).strip()
    if not text:
        raise InvalidError("is empty", field=field)
    if len(text) > MAX_LENGTH:
        raise InvalidError(f"is longer than {MAX_LENGTH} characters", field=field)
    if namespace == "email":
        return "email_sha256", email_sha256(text)
    if namespace == "phone":
        return "phone_sha256", phone_sha256(text)
    if namespace in ("email_sha256", "phone_sha256"):
        text = text.lower()
        if not _SHA256.fullmatch(text):
            raise InvalidError(
                "is not a SHA-256 in hexadecimal; send the raw value under `email` or `phone`", field=field
            )
    return namespace, text


def sole(identifiers: Mapping[str, Any]) -> tuple[str, str]:
    """The one identifier by which somebody is meant, as `normalise` has it.

    Raises:
        InvalidError: it is not exactly one, or cannot be one.
    """
    if len(identifiers) != 1:
        raise InvalidError("name one identifier", field="identifiers")
    [(name, value)] = identifiers.items()
    return normalise(name, value)


def check_source(namespace: str, source: str, *, field: str) -> None:
    """Let only our own scheduler name persons by canonical ids: whoever else knows one learnt it from us.

    Raises:
        InvalidError: another source does.
    """
    if namespace == PERSON_ID and source != SCHEDULER:
        raise InvalidError(f"only the source {SCHEDULER} may name persons by our own ids", field=field)


def stored(key: bytes, namespace: str, value: str) -> str:
    """How an identifier travels and is stored: as its keyed hash, except that a canonical id stays itself."""
    return value if namespace == PERSON_ID else keyed_hash(key, namespace, value)


def keyed_hash(key: bytes, namespace: str, value: str) -> str:
    """HMAC-SHA256 of (namespace, value)."""
    begun, outside = _keyed(key)
    inside, found = begun.copy(), outside.copy()
    inside.update(f"{namespace}\x00{value}".encode())
    found.update(inside.digest())
    return found.hexdigest()


@lru_cache(maxsize=64)
def _keyed(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two hashes that an HMAC is made of (RFC 2104), begun with a key: to begin again takes four times as long."""
    padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    return hashlib.sha256(bytes(each ^ 0x36 for each in padded)), hashlib.sha256(bytes(each ^ 0x5C for each in padded))
