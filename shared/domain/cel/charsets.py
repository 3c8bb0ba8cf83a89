"""Sets of characters that patterns name: RE2's tables."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

LAST = 0x10FFFF
"""The last code point."""


class Chars(NamedTuple):
    """A set of characters: ranges of code points, Unicode categories and other sets, or all but these."""

    ranges: tuple[tuple[int, int], ...] = ()
    category: str = ""
    within: tuple[Chars, ...] = ()
    negated: bool = False

    def holds(self, char: str) -> bool:
        """Whether the character is of the set."""
        code = ord(char)
        found = (
            any(low <= code <= high for low, high in self.ranges)
            or (self.category != "" and unicodedata.category(char).startswith(self.category))
            or any(part.holds(char) for part in self.within)
        )
        return found is not self.negated


ANY = Chars(((0, LAST),))
NO_NEWLINE = Chars(((10, 10),), negated=True)
_DIGIT = ((48, 57),)
_WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE = ((9, 10), (12, 13), (32, 32))
PERL = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
POSIX: dict[str, tuple[tuple[int, int], ...]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
CATEGORIES = frozenset({"C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N"}) | {
    *(
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Pe",
        "Pf",
        "Pi",
        "Po",
        "Ps",
        "S",
        "Sc",
        "Sk",
        "Sm",
        "So",
        "Z",
        "Zl",
        "Zp",
        "Zs",
    )
}
# beyond ASCII, two characters fold to ASCII letters: the long s and the Kelvin sign
FOLDS = {"s": 0x17F, "k": 0x212A}
