"""Numbers out of a row of bits, written in base64url without padding: how TC strings are made."""

from __future__ import annotations

import re

from shared.domain.errors import InvalidError

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_DIGITS = str.maketrans({char: f"{value:06b}" for value, char in enumerate(_ALPHABET)})
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


class Places:
    """Numbers from 1, each in or not: the row has a bit for each."""

    __slots__ = ("_row",)

    def __init__(self, row: str) -> None:
        self._row = row

    def __contains__(self, number: int) -> bool:
        return 1 <= number <= len(self._row) and self._row[number - 1] == "1"


class Ranges:
    """Numbers, in as far as one of some ranges has them."""

    __slots__ = ("_ranges",)

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._ranges = ranges

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self._ranges)


class Bits:
    """A row of bits, read from its beginning."""

    def __init__(self, encoded: str, name: str) -> None:
        """Read what base64url encodes; `name` says in errors what it is.

        Raises:
            InvalidError: it is empty, or a character is none of base64url.
        """
        self._name = name
        foreign = _FOREIGN.search(encoded)
        if foreign:
            raise self.fault(f"{foreign[0]!r} at {foreign.start()} is no character of base64url")
        if not encoded:
            raise self.fault("is empty")
        self._row = encoded.translate(_DIGITS)
        self._at = 0

    def row(self, length: int, what: str) -> str:
        """The next bits as they stand, each `0` or `1`.

        Raises:
            InvalidError: there are not so many left.
        """
        begin, self._at = self._at, self._at + length
        if self._at > len(self._row):
            raise self.fault(f"ends after {len(self._row)} bits, within {what}")
        return self._row[begin : self._at]

    def number(self, length: int, what: str) -> int:
        """The next bits as a number, the highest first."""
        return int(self.row(length, what), 2)

    def flag(self, what: str) -> bool:
        """The next bit."""
        return self.row(1, what) == "1"

    def places(self, length: int, what: str) -> Places:
        """The places, from 1, at which the next bits are set."""
        return Places(self.row(length, what))

    def letters(self, what: str) -> str:
        """Two letters of six bits each."""
        pair = [self.number(6, what), self.number(6, what)]
        if max(pair) > ord("z") - ord("a"):
            raise self.fault(f"{what} is not two letters")
        return "".join([chr(ord("A") + each) for each in pair])

    def end(self) -> None:
        """Nothing but padding is left.

        Raises:
            InvalidError: a bit is set behind the end.
        """
        if "1" in self._row[self._at :]:
            raise self.fault(f"bits are set behind its end at bit {self._at}")

    def fault(self, detail: str) -> InvalidError:
        """What is wrong with it, to be raised."""
        return InvalidError(f"{self._name}: {detail}")
