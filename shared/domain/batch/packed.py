"""Sets of persons as one bit each, in words of 64."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.policy.rows import Rows

Words: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]

WORD = 64


def words_of(persons: int) -> int:
    """How many words hold so many persons."""
    return -(-persons // WORD)


def packed(flags: Flags) -> Words:
    """The persons whose flag is up."""
    data = np.packbits(flags, bitorder="little")
    if len(flags) % WORD:
        whole = np.zeros(words_of(len(flags)) * 8, np.uint8)
        whole[: len(data)] = data
        data = whole
    return data.view(np.uint64)


def unpacked(words: Words, persons: int) -> Flags:
    """A flag for each person, along the last axis."""
    return np.unpackbits(words.view(np.uint8), axis=-1, count=persons, bitorder="little").view(np.bool_)


def places(rows: Rows, size: int) -> Places:
    """The numbers of the rows of a set, ascending."""
    data = np.frombuffer(rows.to_bytes((size + 7) // 8, "little"), np.uint8)
    return np.asarray(np.unpackbits(data, count=size, bitorder="little").nonzero()[0])


def rows_at(flags: Any) -> Rows:
    """The set of rows whose flag is up."""
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
