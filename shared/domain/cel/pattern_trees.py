"""The trees that patterns are read into."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.cel.charsets import Chars


class PatternError(ValueError):
    """Text that is no pattern, or one that is not taken."""


class Empty(NamedTuple):
    """Matches nothing, anywhere."""


class Assertion(NamedTuple):
    """Matches nothing, at a place: `begin end line_begin line_end word no_word`."""

    place: str


class Sequence(NamedTuple):
    """One after the other."""

    parts: tuple[Tree, ...]


class Choice(NamedTuple):
    """One of these."""

    parts: tuple[Tree, ...]


class Repeat(NamedTuple):
    """`least` to `most` times, without end where `most` is None."""

    part: Tree
    least: int
    most: int | None


Tree = Chars | Empty | Assertion | Sequence | Choice | Repeat
