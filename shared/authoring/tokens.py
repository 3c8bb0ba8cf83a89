"""Expressions as words: for what is told of them without Google's CEL, or before it looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<string>[rRbB]{0,2}(?:'{3}(?:\\.|.)*?'{3}|"{3}(?:\\.|.)*?"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))"""
    r"|(?P<comment>//[^\n]*)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<blank>\s+)"
    r"|(?P<operator>[=!]=)"
    r"|(?P<other>.)",
    re.DOTALL,
)


class Token(NamedTuple):
    """A word of an expression that is no blank and no comment."""

    kind: str
    text: str
    offset: int


def tokens_of(text: str) -> list[Token]:
    """The words of an expression, in order."""
    return [
        Token(match.lastgroup or "", match.group(), match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup not in ("blank", "comment")
    ]


def compared(tokens: list[Token]) -> Iterator[tuple[str, Token]]:
    """Every attribute with each text that it is compared with: by `==`, by `!=`, and by `in` either way round."""
    words = [*tokens, *[Token("", "", -1)] * 4]
    for i, token in enumerate(tokens):
        if token.kind == "string" and words[i + 1].text in ("==", "!=", "in"):
            yield _attribute(words, i + 2)[0], token
        if token.kind != "name" or (i > 0 and words[i - 1].text == "."):
            continue
        attribute, after = _attribute(words, i)
        if words[after].text in ("==", "!=") and words[after + 1].kind == "string":
            yield attribute, words[after + 1]
        elif words[after].text == "in" and words[after + 1].text == "[":
            for item in tokens[after + 2 :]:
                if item.kind == "string":
                    yield attribute, item
                elif item.text != ",":
                    break


def _attribute(words: list[Token], first: int) -> tuple[str, int]:
    """The names joined by dots that begin at a word, and the word after them."""
    parts = [words[first].text]
    while words[first + 1].text == "." and words[first + 2].kind == "name":
        first += 2
        parts.append(words[first].text)
    return ".".join(parts), first + 1
