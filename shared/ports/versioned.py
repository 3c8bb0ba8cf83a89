"""Documents that are read, and written on condition that nobody has written them since."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Versioned(msgspec.Struct, Generic[T], frozen=True):
    """A document as read, and the version that a guarded write of it names. An absent document has the version None."""

    value: T
    version: str | None
