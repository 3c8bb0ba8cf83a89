"""The body of a request: its items, each in its own bytes, so that one that cannot be read spoils no other."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from shared.domain.catalogue.formats import Batch, Headed
from shared.domain.errors import InvalidError
from shared.domain.normalising.formats import shared_fields
from shared.runtime.problems import TooLargeError

MAX_ITEMS = 500
MAX_ITEM_BYTES = 64 * 1024
MAX_SHARED_BYTES = 4 * 1024 * 1024
"""What a batch says once for all of its items, counted for each of them: it is read, and published, with every one."""

MAX_DEPTH = 32
MAX_SHOWN = 200
"""Characters of a path that a problem shows."""

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|[0-9]{19}|[0-9][eE][+-]?[0-9]{2}")
"""Without any of these, JSON that msgspec takes has no text and no number that could not be kept."""

_PLACED = re.compile(r"\(byte \d+\)")

_Path = tuple[()] | tuple["_Path", str | int]
"""Where a value stands: where what holds it does, and its name or number in there. Written out for one that is refused
alone: names may be as long as all values together are many.
"""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class UnreadableError(InvalidError):
    """An item that is not even JSON, or is nested too deep."""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The items of a body as they were written, and what a batch says once for all of them.

    Attributes:
        items: one signal's bytes each.
        shared: fields that complete every item; its own word goes first.
        shared_bytes: how large they are, which counts for every item.
    """

    items: list[bytes]
    shared: dict[str, Any] = {}
    shared_bytes: int = 0


def split(data: bytes, batch: Batch | None) -> Body:
    """The items of a body: an object, an array of them, or the format's own batch.

    Raises:
        InvalidError: the body is not JSON, none of these, or empty.
        TooLargeError: there are too many items.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if not data.strip():
        raise InvalidError("the body is empty; send one signal or an array of them")
    try:
        body = _parts(data, batch)
    except RecursionError:
        raise InvalidError(f"the body is nested deeper than {MAX_DEPTH}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        body = _parts_if_only_unpaired(data, batch, error)
    if not body.items:
        raise InvalidError("the array is empty; send at least one signal")
    if len(body.items) > MAX_ITEMS:
        raise TooLargeError(f"{len(body.items)} signals; send at most {MAX_ITEMS} in one request")
    if len(body.items) * body.shared_bytes > MAX_SHARED_BYTES:
        raise TooLargeError(
            f"what the batch shares has {body.shared_bytes} bytes for each of {len(body.items)} signals, and may have "
            f"{MAX_SHARED_BYTES} for all of them; send fewer in one request"
        )
    check(body.shared)
    return body


def with_headers(data: bytes, headers: Mapping[str, str], declared: Headed) -> bytes:
    """The body of an event whose fields are in headers, as one object; the body as it is where no header has any.

    What is no JSON stands in it as text.
    """
    prefix = declared.prefix
    fields: dict[str, Any] = {
        name.lower().removeprefix(prefix): unquote(value)
        for name, value in headers.items()
        if name.lower().startswith(prefix)
    }
    if not fields:
        return data
    if data.strip():
        try:
            msgspec.json.decode(data)
            fields[declared.body] = msgspec.Raw(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            fields[declared.body] = data.decode(errors="replace")
    return msgspec.json.encode(fields)


def decode(item: bytes, *, shared_bytes: int = 0) -> Any:
    """The JSON value of one item, within limits and with nothing in it that cannot be kept.

    Raises:
        TooLargeError: it is too large.
        UnreadableError: it is not JSON or nested too deep.
        InvalidError: a text or a number in it is impossible; the field says which.
    """
    if len(item) + shared_bytes > MAX_ITEM_BYTES:
        raise TooLargeError(f"a signal has at most {MAX_ITEM_BYTES} bytes, this one {len(item) + shared_bytes}")
    try:
        value = msgspec.json.decode(item)
        if not _SUSPECT.search(item) and item.count(b"{") + item.count(b"[") <= MAX_DEPTH:
            return value
    except RecursionError:
        raise UnreadableError(f"is nested deeper than {MAX_DEPTH}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        try:
            value = json.loads(item.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise UnreadableError(f"is not JSON: {_fault(error, item)}") from None
    check(value)
    return value


def check(value: Any) -> None:
    """Refuse depth, unreadable characters and numbers out of range, naming where they stand.

    Raises:
        UnreadableError: it is nested too deep.
        InvalidError: a text or a number in it is impossible.
    """
    waiting: list[tuple[Any, _Path, int]] = [(value, (), 0)]
    while waiting:
        held, path, depth = waiting.pop()
        if isinstance(held, dict | list):
            if depth >= MAX_DEPTH:
                raise UnreadableError(f"is nested deeper than {MAX_DEPTH}", field=_shown(path))
            waiting.extend(_children(held, path, depth + 1))
        elif isinstance(held, str) and _UNREADABLE.search(held):
            raise InvalidError("contains NUL or half of a surrogate pair", field=_shown(path))
        elif isinstance(held, int) and not -(2**63) <= held < 2**63:
            raise InvalidError("is beyond 64 bits; send it as text", field=_shown(path))
        elif isinstance(held, float) and not math.isfinite(held):
            raise InvalidError("is not a finite number", field=_shown(path))


def _children(held: dict[str, Any] | list[Any], path: _Path, depth: int) -> Iterable[tuple[Any, _Path, int]]:
    if isinstance(held, list):
        return [(item, (path, index), depth) for index, item in enumerate(held)]
    if any(_UNREADABLE.search(name) for name in held):
        raise InvalidError("has a name that contains NUL or half of a surrogate pair", field=_shown(path))
    return [(item, (path, name), depth) for name, item in held.items()]


def _shown(path: _Path) -> str:
    """A path as problems show it, such as `properties.a[1]`."""
    steps: list[str] = []
    while path:
        path, step = path
        steps.append(
            f"[{step}]" if isinstance(step, int) else f".{step[: MAX_SHOWN + 1]}" if path else step[: MAX_SHOWN + 1]
        )
    shown = "".join(reversed(steps))
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"


def _parts(data: bytes, batch: Batch | None) -> Body:
    first = data.lstrip()[:1]
    if first == b"[":
        return Body(items=_raw_items(data))
    if first != b"{":
        msgspec.json.decode(data)
        raise InvalidError("expected an object or an array of objects")
    fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    if batch is None or bytes(fields.get(batch.items, b""))[:1] != b"[":
        return Body(items=[data])
    shared = shared_fields(fields, batch.items, batch.shared)
    return Body(
        items=_raw_items(fields[batch.items]),
        shared={name: msgspec.json.decode(fields[name]) for name in shared},
        shared_bytes=sum(len(bytes(fields[name])) for name in shared),
    )


def _raw_items(data: bytes | msgspec.Raw) -> list[bytes]:
    return [bytes(item) for item in msgspec.json.decode(data, type=list[msgspec.Raw])]


def _parts_if_only_unpaired(data: bytes, batch: Batch | None, error: Exception) -> Body:
    """The items where all that is wrong is half of a surrogate pair: malformed to msgspec wherever it stands, while
    only the item that has it is to be refused.
    """
    try:
        value = json.loads(data.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidError(f"the body is not JSON: {_fault(error, data)}") from None
    if isinstance(value, list):
        return Body(items=[json.dumps(item).encode() for item in value])
    if not isinstance(value, dict):
        raise InvalidError("expected an object or an array of objects")
    if batch is None or not isinstance(value.get(batch.items), list):
        return Body(items=[data])
    shared = {name: value[name] for name in shared_fields(value, batch.items, batch.shared)}
    items = [json.dumps(item).encode() for item in value[batch.items]]
    return Body(items=items, shared=shared, shared_bytes=len(json.dumps(shared)))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _fault(error: Exception, data: bytes) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error) if _PLACED.search(str(error)) else f"{error} (byte {len(data)})"
