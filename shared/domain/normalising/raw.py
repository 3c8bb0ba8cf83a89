"""What every format yields, and how it reads the parts that all formats have: names, times, texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from shared.domain.consent.proofs import Proof
from shared.domain.errors import InvalidError
from shared.domain.normalising.times import event_instant
from shared.domain.signal import ConsentChange

MAX_TYPE = 64

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAMES = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}


class RawSignal(msgspec.Struct, frozen=True, kw_only=True):
    """A signal as its source tells it: read, not yet judged; personal data still raw.

    Attributes:
        id: the source's own id, None where it gives none.
        type: what happened, in lower snake case.
        at: event time, UTC, None where it gives none.
        source: who says to have sent it, None where only the endpoint tells.
        identifiers: by the source's own names, as sent.
        further: identifiers beyond the one per name, as sent.
        brand: the brand it concerns, None where it does not say.
        context: what surrounds it.
        properties: the event's own facts and everything that has no other place.
        consent: consents it carries.
        proofs: what others wrote of its consents: TC strings, states of Consent Mode.
        attributes: of the profile, in their declared types.
        flags: what was noticed while reading.
        personal: names of fields, folded to letters, whose values are personal besides those always so.
    """

    id: str | None
    type: str
    at: datetime | None
    source: str | None = None
    identifiers: dict[str, Any]
    further: dict[str, tuple[Any, ...]] = {}
    brand: str | None = None
    context: dict[str, Any]
    properties: dict[str, Any]
    consent: tuple[ConsentChange, ...] = ()
    proofs: tuple[Proof, ...] = ()
    attributes: dict[str, Any] = {}
    flags: tuple[str, ...] = ()
    personal: frozenset[str] = frozenset()


def described(value: Any) -> str:
    """What kind of JSON value it is, for people."""
    return _NAMES.get(type(value), type(value).__name__)


def mapping(value: Any, field: str) -> dict[str, Any]:
    """An object; null and absence are an empty one.

    Raises:
        InvalidError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidError(f"expected an object, got {described(value)}", field=field)
    return value


def text(value: Any, field: str) -> str | None:
    """Text that is not empty, or a whole number as text; None for null.

    Raises:
        InvalidError: it is something else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidError(f"expected text, got {described(value)}", field=field)
    written = str(value).strip()
    if not written:
        raise InvalidError("is empty", field=field)
    return written


def instant(value: Any, field: str) -> datetime | None:
    """A point in time, UTC, as senders write it: ISO 8601, which is UTC where it has no zone, or a number since 1970;
    None for null.

    Raises:
        InvalidError: it is neither.
    """
    return None if value is None else event_instant(value, field, zone="UTC")


@lru_cache(maxsize=4096)
def snake_case(name: str, field: str) -> str:
    """A name in lower snake case, to serve as a signal's type: `Order Completed` is `order_completed`.

    Raises:
        InvalidError: nothing of it is left in ASCII.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", _WORD_BOUNDARY.sub("_", plain).lower()).strip("_")
    if not words:
        raise InvalidError("has no letter or digit of ASCII to name the signal by", field=field)
    return words[:MAX_TYPE].rstrip("_")


def beside(properties: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Properties with more of them, none lost: a name that is taken gets underscores in front."""
    together = dict(properties)
    for name, value in extra.items():
        free = name
        while free in together:
            free = f"_{free}"
        together[free] = value
    return together


def device_word(kind: Any) -> str | None:
    """A kind of device in the words of our contexts: `desktop`, `mobile`, `tablet`."""
    word = kind.strip().lower() if isinstance(kind, str) else ""
    if word in ("mobile", "phone", "ios", "android", "smartphone"):
        return "mobile"
    return word if word in ("desktop", "tablet") else None
