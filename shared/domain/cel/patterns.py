r"""The patterns of `matches`: RE2's syntax, read into a tree.

RE2 searches in time linear in the text; `re` backtracks, and what a condition is matched against comes from outside.
So a pattern is run by an automaton of our own (`automata`), and all that RE2 takes is taken, except single bytes (`\C`)
and what would need tables beyond ASCII: scripts such as `\p{Greek}`, and other letters where case is ignored. Those are
refused when the catalogue is built.
"""

from __future__ import annotations

import re

from shared.domain.cel.charsets import (
    ANY,
    CATEGORIES,
    CONTROLS,
    FOLDS,
    LAST,
    NO_NEWLINE,
    PERL,
    POSIX,
    Chars,
)
from shared.domain.cel.pattern_trees import Assertion, Choice, Empty, PatternError, Repeat, Sequence, Tree

MAX_PATTERN = 1_000
"""Characters of a pattern."""

MAX_GROUPS = 50
"""Groups within each other."""

MAX_REPEAT = 1_000
"""Times that `{n,m}` may repeat, those within each other multiplied; RE2's own limit."""


_ASSERTIONS = {"A": "begin", "z": "end", "b": "word", "B": "no_word"}
_COUNT = re.compile(r"\{([0-9]{1,5})(?:(,)([0-9]{0,5}))?\}")
_GROUP = re.compile(r"\?(?:P?<(\w+)>|([imsU]*(?:-[imsU]+)?)([:)]))", re.ASCII)
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_PROPERTY = re.compile(r"([pP])(?:\{(\^?)(\w+)\}|(\w))", re.ASCII)


def parse(pattern: str) -> Tree:
    """The tree of a pattern.

    Raises:
        PatternError: it is no pattern, or one that is not taken.
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"a pattern of {len(pattern)} characters, at most {MAX_PATTERN}")
    parser = _Parser(pattern)
    tree = parser.choice(frozenset(), 0)
    if parser.rest:
        raise PatternError(f"unexpected ) in the pattern {pattern!r}")
    _check_repeats(tree, 1)
    return tree


def _check_repeats(tree: Tree, times: int) -> None:
    if isinstance(tree, Sequence | Choice):
        for part in tree.parts:
            _check_repeats(part, times)
    elif isinstance(tree, Repeat):
        times *= max(tree.least if tree.most is None else tree.most, 1)
        if times > MAX_REPEAT:
            raise PatternError(f"a pattern that repeats more than {MAX_REPEAT} times")
        _check_repeats(tree.part, times)


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.rest = pattern
        self._flags: frozenset[str] = frozenset()

    def choice(self, flags: frozenset[str], depth: int) -> Tree:
        """All up to the end of the group."""
        if depth > MAX_GROUPS:
            raise PatternError(f"more than {MAX_GROUPS} groups within each other in a pattern")
        self._flags = flags
        choices = [self._sequence(depth)]
        while self._take("|"):
            choices.append(self._sequence(depth))
        return choices[0] if len(choices) == 1 else Choice(tuple(choices))

    def _take(self, text: str) -> bool:
        found = self.rest.startswith(text)
        if found:
            self.rest = self.rest[len(text) :]
        return found

    def _match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.rest)
        if found:
            self.rest = self.rest[found.end() :]
        return found

    def _sequence(self, depth: int) -> Tree:
        parts: list[Tree] = []
        repeatable = repeated = False
        while self.rest and self.rest[0] not in "|)":
            if self.rest.startswith("\\Q"):
                quoted, _, self.rest = self.rest[2:].partition("\\E")
                parts += [self._literal(ord(char)) for char in quoted]
                repeatable, repeated = bool(parts), False
            elif (times := self._times()) is not None:
                if not repeatable or repeated:
                    raise PatternError("a repetition of nothing, or of a repetition, in a pattern")
                self._take("?")  # lazy or greedy, the same texts match
                parts[-1] = Repeat(parts[-1], *times)
                repeated = True
            else:
                atom = self._atom(depth)
                repeated = False
                if atom is not None:
                    parts.append(atom)
                    repeatable = True
        return Empty() if not parts else parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _times(self) -> tuple[int, int | None] | None:
        if self._take("*"):
            return 0, None
        if self._take("+"):
            return 1, None
        if self._take("?"):
            return 0, 1
        if found := self._match(_COUNT):
            least = int(found[1])
            most = least if not found[2] else int(found[3]) if found[3] else None
            if least > MAX_REPEAT or (most is not None and not least <= most <= MAX_REPEAT):
                raise PatternError(f"the repetition {found[0]} in a pattern")
            return least, most
        return None

    def _atom(self, depth: int) -> Tree | None:
        """One thing to match; None for a group that only sets flags."""
        char, self.rest = self.rest[0], self.rest[1:]
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == ".":
            return ANY if "s" in self._flags else NO_NEWLINE
        if char == "^":
            return Assertion("line_begin" if "m" in self._flags else "begin")
        if char == "$":
            return Assertion("line_end" if "m" in self._flags else "end")
        if char == "\\":
            if self.rest[:1] in _ASSERTIONS:
                place, self.rest = _ASSERTIONS[self.rest[0]], self.rest[1:]
                return Assertion(place)
            known = self._known_class()
            return known or self._literal(self._escaped())
        return self._literal(ord(char))

    def _group(self, depth: int) -> Tree | None:
        outer = inner = self._flags
        if self.rest.startswith("?"):
            found = self._match(_GROUP)
            if not found:
                raise PatternError(f"the group ({self.rest[:3]}, which patterns do not have")
            if found[1] is None:
                on, _, off = found[2].partition("-")
                inner = (outer | set(on)) - set(off)
            if found[3] == ")":
                self._flags = inner
                return None
        tree = self.choice(inner, depth + 1)
        if not self._take(")"):
            raise PatternError("a group without its ) in a pattern")
        self._flags = outer
        return tree

    def _literal(self, code: int) -> Chars:
        return self._folded(((code, code),))

    def _folded(self, ranges: tuple[tuple[int, int], ...]) -> Chars:
        """These ranges, in both cases where the flag says so."""
        if "i" not in self._flags:
            return Chars(ranges)
        folded = list(ranges)
        for low, high in ranges:
            if high > 127 and (low, high) not in {(0x17F, 0x17F), (0x212A, 0x212A), (0, LAST)}:
                raise PatternError("a character beyond ASCII in a pattern that ignores case")
            for code in range(low, min(high, 127) + 1):
                char = chr(code)
                if char.isalpha():
                    folded += [(ord(c), ord(c)) for c in (char.lower(), char.upper())]
                    folded += [(f, f) for letter, f in FOLDS.items() if char.lower() == letter]
            folded += [(ord(c), ord(c)) for letter, f in FOLDS.items() if low == f for c in (letter, letter.upper())]
        return Chars(tuple(folded))

    def _known_class(self) -> Chars | None:
        r"""`\d \pL` and their like, the backslash taken already."""
        kind = self.rest[:1]
        if kind.lower() in PERL and kind:
            self.rest = self.rest[1:]
            return self._folded(PERL[kind.lower()])._replace(negated=kind.isupper())
        if not (found := self._match(_PROPERTY)):
            return None
        name = found[3] or found[4]
        negated = (found[1] == "P") is not bool(found[2])
        if name == "Any":
            return Chars(ANY.ranges, negated=negated)
        if name not in CATEGORIES or "i" in self._flags:
            raise PatternError(
                f"\\p{{{name}}} in a pattern: only categories such as \\pL, and not where case is ignored"
            )
        return Chars(category=name, negated=negated)

    def _escaped(self) -> int:
        """The code point of an escape, the backslash taken already."""
        if found := self._match(_HEX):
            code = int(found[1] or found[2], 16)
            if code > LAST:
                raise PatternError("a character beyond Unicode in a pattern")
            return code
        if found := self._match(_OCTAL):
            return int(found[0], 8)
        char, self.rest = self.rest[:1], self.rest[1:]
        if char in CONTROLS and char:
            return CONTROLS[char]
        if not char or not char.isascii() or char.isalnum():
            raise PatternError(f"the escape \\{char}, which patterns do not have")
        return ord(char)

    def _class(self) -> Chars:
        negated = self._take("^")
        parts: list[Chars] = []
        while not self.rest.startswith("]") or not parts:
            if not self.rest:
                raise PatternError("a class without its ] in a pattern")
            if self.rest.startswith("[:") and ":]" in self.rest:
                parts.append(self._posix())
            elif self.rest[0] == "\\" and (known := self._escaped_class()):
                parts.append(known)
            else:
                low = self._class_char()
                high = low
                if self.rest[:1] == "-" and self.rest[1:2] not in ("]", ""):
                    self.rest = self.rest[1:]
                    high = self._class_char()
                if high < low:
                    raise PatternError("a range that ends before it begins in a pattern")
                parts.append(self._folded(((low, high),)))
        self.rest = self.rest[1:]
        return Chars(within=tuple(parts), negated=negated)

    def _escaped_class(self) -> Chars | None:
        whole = self.rest
        self.rest = self.rest[1:]
        known = self._known_class()
        if known is None:
            self.rest = whole
        return known

    def _posix(self) -> Chars:
        name, _, self.rest = self.rest[2:].partition(":]")
        if name.removeprefix("^") not in POSIX:
            raise PatternError(f"the class [:{name}:], which patterns do not have")
        return self._folded(POSIX[name.removeprefix("^")])._replace(negated=name.startswith("^"))

    def _class_char(self) -> int:
        char, self.rest = self.rest[0], self.rest[1:]
        return self._escaped() if char == "\\" else ord(char)
