"""What goes to a provider: the texts of a connector, filled for one message, and what its answer means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from shared.domain.catalogue import Answer, Connector, HttpConnector, Revision, Verdict
from shared.domain.delivery import Delivery
from shared.domain.errors import BouncedError, NotTakenError, PermanentError, TransientError

PLACE = re.compile(r"\$\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)(\?|:-([^}]*))?\}")
"""A place in a text: what it reads, and what is done where that is not there."""

MOST_REFERENCE = 256
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_PERSONAL = re.compile(r"\S*@\S*|\+?\d[\d\s()-]{5,}\d|\S{40,}")
"""What in a provider's words may be an address: of mail, of a telephone, or of a device."""

_ELSEWHERE = re.compile(r"/\.\.?(?:[/?#]|$)")

Facts = Mapping[str, Any]
"""What texts read: `address`; and by name under `delivery`, `brand`, `content`, `person` and `links`."""


DELIVERY_FIELDS = ("id", "decision", "action", "treatment", "channel", "purpose")
LINK_FIELDS = ("click", "pixel", "unsubscribe", "list_unsubscribe", "list_unsubscribe_post")


class _LeftOut:
    """What stands for a field that is left out."""


_LEFT_OUT: Final = _LeftOut()


class Request(NamedTuple):
    """A request as a connector wants it; authentication comes on top."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Understood(NamedTuple):
    """An answer, understood: what has become of the message, the provider's own id of it, and why."""

    means: Verdict
    reference: str | None
    reason: str


def facts(
    revision: Revision,
    connector: Connector,
    delivery: Delivery,
    content: Mapping[str, str],
    attributes: Mapping[str, Any],
) -> dict[str, Any]:
    """What a connector's texts may read of one message, but for the address and links."""
    return {
        "delivery": {
            "id": delivery.delivery_id,
            "decision": delivery.decision_id,
            "action": delivery.action,
            "treatment": delivery.treatment,
            "channel": delivery.channel,
            "purpose": delivery.purpose,
        },
        "brand": {"id": delivery.brand, "name": revision.brands[delivery.brand].name},
        "content": dict(content),
        "person": {name: attributes[name] for name in connector.person if attributes.get(name) is not None},
    }


def request(connector: HttpConnector, delivery_id: str, facts: Facts) -> Request:
    """The request that carries a message.

    Raises:
        PermanentError: it reads what this message does not have, or would break out of its header or its address.
    """
    fields = fill(connector.id, connector.body, facts)
    if connector.encoding == "form":
        body, kind = form(fields), "application/x-www-form-urlencoded"
    else:
        body, kind = msgspec.json.encode(fields), "application/json"
    own = filled_headers(connector.id, connector.headers, facts)
    if strange := [name for name, value in own.items() if not value.isascii()]:
        raise PermanentError(f"connector {connector.id}: the header {strange[0]} would hold more than ASCII")
    headers = {
        "content-type": kind,
        "accept": "application/json",
        "idempotency-key": delivery_id,
        **{name.lower(): value for name, value in own.items()},
    }
    url = fill(connector.id, connector.url, facts, escaped=in_url)
    if _ELSEWHERE.search(url):
        raise PermanentError(f"connector {connector.id}: a value would lead its address to another place")
    return Request(connector.method, url, headers, body)


def form(fields: Mapping[str, Any]) -> bytes:
    """Fields as a form sends them; a list sends its field once for each item."""
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    return "&".join(f"{in_url(name)}={in_url(_text(value))}" for name, value in pairs).encode()


def filled_headers(connector: str, headers: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Headers, each on one line.

    Raises:
        PermanentError: a value would end its header, or says what a header cannot.
    """
    filled: dict[str, str] = fill(connector, headers, facts)
    for name, value in filled.items():
        if _CONTROL.search(value):
            raise PermanentError(f"connector {connector}: the header {name} would hold more than one line")
    return filled


def fill(connector: str, value: Any, facts: Facts, *, escaped: Callable[[str], str] = str) -> Any:
    """A value with the places of every text in it filled.

    Raises:
        PermanentError: a text reads what is not there.
    """
    filled = _fill(connector, value, facts, escaped)
    return "" if filled is _LEFT_OUT else filled


def _fill(connector: str, value: Any, facts: Facts, escaped: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        inner = {name: _fill(connector, one, facts, escaped) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one is not _LEFT_OUT}
    if isinstance(value, list | tuple):
        items = [_fill(connector, one, facts, escaped) for one in value]
        return [one for one in items if one is not _LEFT_OUT]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = PLACE.fullmatch(value)
    if whole and escaped is str:
        return _read(connector, whole, facts)
    return PLACE.sub(lambda place: escaped(_text(_read(connector, place, facts))), value)


def _read(connector: str, place: re.Match[str], facts: Facts) -> Any:
    found: Any = facts
    for name in place[1].split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is not None:
        return found
    if place[3] is not None:
        return place[3]
    if place[2] == "?":
        return _LEFT_OUT
    raise PermanentError(f"connector {connector} needs {place[1]}, which this message does not have")


def _text(value: Any) -> str:
    if value is _LEFT_OUT:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def in_url(text: str) -> str:
    """A value as it may stand in any part of an address."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def places(value: Any, *keys: str | int) -> Iterator[tuple[tuple[str | int, ...], re.Match[str]]]:
    """Every place in a value, with the way to the text that it stands in."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from places(one, *keys, name)
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from places(one, *keys, index)
    elif isinstance(value, str):
        yield from ((keys, place) for place in PLACE.finditer(value))


def understood(connector: HttpConnector, status: int, headers: Mapping[str, str], body: bytes) -> Understood:
    """What an answer means: by the first of the connector's that fits, else by its status. Names of headers are lower
    case.
    """
    try:
        told: Any = msgspec.json.decode(body) if body else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = None
    for answer in connector.answers:
        if _fits(answer, status, told):
            reference = _found(answer.reference, headers, told)
            return Understood(answer.means, reference, _found(answer.reason, headers, told) or "")
    return Understood(_by_status(status), _found("body.id", headers, told), "")


def _fits(answer: Answer, status: int, told: Any) -> bool:
    if answer.status and status not in answer.status and f"{status // 100}xx" not in answer.status:
        return False
    return all(at(told, path) == wanted for path, wanted in answer.body.items())


def _by_status(status: int) -> Verdict:
    if 200 <= status < 300:
        return "sent"
    if status in (401, 425, 429):
        return "not_taken"
    return "transient" if status == 408 or status >= 500 else "permanent"


def _found(where: str | None, headers: Mapping[str, str], told: Any) -> str | None:
    if where is None:
        return None
    part, _, name = where.partition(".")
    found = headers.get(name.lower()) if part == "header" else at(told, name)
    return str(found)[:MOST_REFERENCE] if isinstance(found, str | int) else None


def at(told: Any, path: str) -> Any:
    """What stands at a path such as `errors.0.code` in a JSON answer; None where nothing does."""
    for name in path.split("."):
        if isinstance(told, dict):
            told = told.get(name)
        elif isinstance(told, list) and name.isdigit() and int(name) < len(told):
            told = told[int(name)]
        else:
            return None
    return told


def raise_unless_sent(connector: Connector, answer: Understood, said: str, retry_after: float | None) -> None:
    """Raise what an answer means that says anything but that the message was taken.

    Raises:
        BouncedError: the address is none.
        PermanentError: it was refused for good.
        NotTakenError: it was not taken, this time.
        TransientError: it may have been taken.
    """
    reason = _PERSONAL.sub("…", "".join(filter(str.isprintable, answer.reason)))
    text = f"{connector.id}: {said}" + (f": {reason}" if reason else "")
    if answer.means == "bounce":
        raise BouncedError(text)
    if answer.means == "permanent":
        raise PermanentError(text)
    if answer.means in ("not_taken", "transient"):
        later = "" if retry_after is None else f", Retry-After: {retry_after:g}"
        kind = NotTakenError if answer.means == "not_taken" else TransientError
        raise kind(text + later, retry_after=retry_after)
