"""TC strings to read: encoded field by field, as the framework's specification lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CORE: dict[str, Any] = {
    "version": 2,
    "created": datetime(2026, 11, 1, tzinfo=UTC),
    "updated": None,
    "cmp": 27,
    "language": "EN",
    "list_version": 180,
    "policy": 5,
    "of_site": True,
    "consents": (),
    "interests": (),
    "country": "GB",
    "vendor_consents": (),
    "vendor_interests": (),
    "restrictions": (),
    "ranges": False,
}


def number(value: int, length: int) -> str:
    return f"{value:0{length}b}"


def places(numbers: Iterable[int], length: int) -> str:
    held = set(numbers)
    return "".join("1" if place in held else "0" for place in range(1, length + 1))


def letters(pair: str) -> str:
    return "".join(number(ord(letter) - ord("A"), 6) for letter in pair)


def instant(at: datetime) -> str:
    return number(round((at - _EPOCH).total_seconds() * 10), 36)


def ranges(ids: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for each in sorted(ids):
        if runs and runs[-1][1] == each - 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    said = ["0" + number(a, 16) if a == b else "1" + number(a, 16) + number(b, 16) for a, b in runs]
    return number(len(runs), 12) + "".join(said)


def vendors(ids: Sequence[int], *, as_ranges: bool = False) -> str:
    highest = number(max(ids, default=0), 16)
    return highest + "1" + ranges(ids) if as_ranges else highest + "0" + places(ids, max(ids, default=0))


def core_bits(**changes: Any) -> str:
    """The bits of a core: whatever is not said is of a string of today that consents to nothing."""
    core = {**_CORE, **changes}
    as_ranges = core["ranges"]
    restricted = [number(purpose, 6) + number(kind, 2) + ranges(ids) for purpose, kind, ids in core["restrictions"]]
    return "".join(
        [
            number(core["version"], 6),
            instant(core["created"]),
            instant(core["updated"] or core["created"]),
            number(core["cmp"], 12),
            number(1, 12),
            number(1, 6),
            letters(core["language"]),
            number(core["list_version"], 12),
            number(core["policy"], 6),
            number(core["of_site"], 1),
            "0",
            places((), 12),
            places(core["consents"], 24),
            places(core["interests"], 24),
            "0",
            letters(core["country"]),
            vendors(core["vendor_consents"], as_ranges=as_ranges),
            vendors(core["vendor_interests"], as_ranges=as_ranges),
            number(len(restricted), 12),
            *restricted,
        ]
    )


def disclosed_bits(ids: Sequence[int], *, as_ranges: bool = False) -> str:
    return number(1, 3) + vendors(ids, as_ranges=as_ranges)


def publisher_bits(consents: Iterable[int], interests: Iterable[int] = (), own: int = 0) -> str:
    return number(3, 3) + places(consents, 24) + places(interests, 24) + number(own, 6) + "1" * 2 * own


def encoded(bits: str) -> str:
    """Bits as a segment is written: padded with zeros, in base64url."""
    bits += "0" * (-len(bits) % 6)
    return "".join(_DIGITS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def tc_string(*, disclosed: Sequence[int] | None = (), publisher: Iterable[int] | None = None, **core: Any) -> str:
    """A TC string; `disclosed` None leaves the segment out, and so does `publisher`."""
    segments = [core_bits(**core)]
    if disclosed is not None:
        segments.append(disclosed_bits(disclosed, as_ranges=core.get("ranges", False)))
    if publisher is not None:
        segments.append(publisher_bits(publisher))
    return ".".join(map(encoded, segments))
