"""Formats: how the payloads of each kind of source become signals. Each is pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from functions.ingest.formats import adobe_xdm, canonical, segment
from shared.domain.normalising.raw import RawSignal

__all__ = ["FORMATS", "Format", "RawSignal"]


class Format(NamedTuple):
    """How to read the payloads of one format.

    Attributes:
        read: one payload to a raw signal; raises InvalidError with the field that does not fit.
        identifiers: where its identifiers stand, for naming one that does not fit; empty for the top.
        batch: the field that holds the items of a batch, where the format has such a shape.
        shared: fields beside it that hold for every item.
    """

    read: Callable[[Any], RawSignal]
    identifiers: str
    batch: str | None = None
    shared: tuple[str, ...] = ()


FORMATS: Mapping[str, Format] = {
    "canonical": Format(canonical.read, "identifiers"),
    "segment": Format(segment.read, "", batch="batch", shared=("context",)),
    "adobe-xdm": Format(adobe_xdm.read, "identityMap", batch="messages"),
}
"""By `Source.format`."""
