"""The values of CEL as Python objects, and the doors between the two.

| CEL | Python |
| --- | --- |
| null, bool, int, double, string, bytes | None, bool, int, float, str, bytes |
| uint | `Uint` |
| timestamp, duration | `Timestamp`, `Duration`, in whole nanoseconds |
| list, map | list, dict; a bool key of a map is `TRUE` or `FALSE`, since Python takes `True` for `1` |
| type | `Kind` |

Values are told apart by their exact class, never by `isinstance`: `True` is no int and a `Uint` is none either.
JSON that was decoded by msgspec is made of such values already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from shared.domain.cel.ends import Failed, is_end
from shared.domain.cel.limits import MAX_NESTING

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
UINT_MAX = 2**64 - 1
NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Uint(int):
    """An unsigned integer of 64 bits."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


class Timestamp(int):
    """An instant: nanoseconds since 1970-01-01T00:00:00Z, within the years 1 to 9999."""

    __slots__ = ()

    @classmethod
    def of(cls, at: datetime) -> Timestamp:
        """The instant of an aware datetime; a naive one is taken for UTC."""
        since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH
        return cls(((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000)

    def __repr__(self) -> str:
        return f"Timestamp({int(self)})"


class Duration(int):
    """A length of time in nanoseconds, at most 315,576,000,000 seconds either way."""

    __slots__ = ()

    @classmethod
    def of(cls, length: timedelta) -> Duration:
        """The same length."""
        return cls(((length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds) * 1_000)

    def __repr__(self) -> str:
        return f"Duration({int(self)})"


TIMESTAMP_MIN, TIMESTAMP_MAX = -62_135_596_800 * NANOS, 253_402_300_800 * NANOS - 1
DURATION_MAX = 315_576_000_001 * NANOS - 1


class Kind(NamedTuple):
    """A type as a value: what `type(1)` is."""

    name: str


class _BoolKey:
    """A bool as the key of a map."""

    __slots__ = ("value",)

    def __init__(self, *, value: bool) -> None:
        self.value = value

    def __repr__(self) -> str:
        return str(self.value).lower()


TRUE, FALSE = _BoolKey(value=True), _BoolKey(value=False)

KINDS: dict[type, Kind] = {
    type(None): Kind("null_type"),
    bool: Kind("bool"),
    int: Kind("int"),
    Uint: Kind("uint"),
    float: Kind("double"),
    str: Kind("string"),
    bytes: Kind("bytes"),
    list: Kind("list"),
    dict: Kind("map"),
    Timestamp: Kind("google.protobuf.Timestamp"),
    Duration: Kind("google.protobuf.Duration"),
    Kind: Kind("type"),
}
"""The type of each class of value."""

NUMBERS = frozenset({int, Uint, float})
"""The classes that compare with each other."""

KIND_NAMES = frozenset(kind.name for kind in KINDS.values())


def kind_name(value: Any) -> str:
    """The name of a value's type, for people and for `type()`."""
    kind = KINDS.get(value.__class__)
    return kind.name if kind else f"{value.__class__.__name__}, which is no CEL value"


def no_overload(operation: str, *arguments: Any) -> Any:
    """The end of an operation that no types of its arguments fit: the leftmost argument that is no value, else an
    error that names the types.
    """
    for argument in arguments:
        if is_end(argument):
            return argument
    return Failed(f"{operation} does not take ({', '.join(map(kind_name, arguments))})")


def encode_key(key: Any) -> Any:
    """A CEL value as the key of a Python dict; None where it can be no key."""
    kind = key.__class__
    if kind in (str, int, Uint, _BoolKey):
        return key
    if kind is bool:
        return TRUE if key else FALSE
    return None


def decode_key(key: Any) -> Any:
    """The CEL value of a map's key."""
    return key.value if key.__class__ is _BoolKey else key


def in_order(keys: Iterable[Any]) -> list[Any]:
    """The keys of a map as CEL values, sorted by type and value."""
    return sorted(map(decode_key, keys), key=lambda key: (kind_name(key), key))


def from_python(value: Any, *, levels: int = MAX_NESTING) -> Any:
    """Any Python value as a CEL value, containers included.

    Datetimes, timedeltas, tuples and other mappings become CEL's own. What has no counterpart, an integer beyond 64
    bits among it, becomes `Failed`, and so does the container that holds it.

    Args:
        value: the value.
        levels: how many containers may be within each other.
    """
    kind = value.__class__
    if kind is int:
        return value if INT_MIN <= value <= INT_MAX else Failed("an integer that does not fit 64 bits")
    if isinstance(value, Mapping):
        return _map(value, levels)
    if isinstance(value, list | tuple) and kind is not Kind:
        return _list(value, levels)
    if kind in KINDS or is_end(value):
        return value
    if isinstance(value, datetime):
        return Timestamp.of(value)
    if isinstance(value, timedelta):
        return Duration.of(value)
    if isinstance(value, str):
        return str(value)
    return Failed(f"a {kind.__name__} is no CEL value")


def _list(items: Sequence[Any], levels: int) -> list[Any] | Failed:
    if not levels:
        return _TOO_DEEP
    converted = [from_python(item, levels=levels - 1) for item in items]
    return next((item for item in converted if item.__class__ is Failed), converted)


def _map(entries: Mapping[Any, Any], levels: int) -> dict[Any, Any] | Failed:
    if not levels:
        return _TOO_DEEP
    converted = {}
    for key, value in entries.items():
        encoded = encode_key(key)
        item = from_python(value, levels=levels - 1)
        if encoded is None:
            return Failed(f"{kind_name(key)} is no key of a map")
        if item.__class__ is Failed:
            return item
        converted[encoded] = item
    return converted


_TOO_DEEP = Failed(f"more than {MAX_NESTING} lists and maps within each other")
