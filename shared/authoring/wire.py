"""The wire format of protobuf, as far as checked expressions need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Message = dict[int, list[Any]]


def fields(data: bytes) -> Message:
    """The fields of a message by number: varints as ints, the rest as bytes.

    Raises:
        IndexError: it is cut short within a number.
        ValueError: it is cut short elsewhere, or is no message.
    """
    found: Message = {}
    at, end = 0, len(data)
    while at < end:
        tag, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == 0:
            value, at = _varint(data, at)
        else:
            length = 8 if wire == 1 else 4
            if wire == 2:
                length, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
            elif wire not in (1, 5):
                raise ValueError(f"wire type {wire}")
            value = data[at : at + length]
            at += length
            if len(value) != length:
                raise ValueError("cut short")
        found.setdefault(number, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def entries(encoded: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """The entries of a map from ids to messages."""
    for entry in map(fields, encoded):
        yield entry.get(1, [0])[0], entry.get(2, [b""])[0]


def text(message: Message, number: int) -> str:
    """A field that holds text; empty where it is not there."""
    return bytes(message.get(number, [b""])[0]).decode()
