"""Expressions: what stands between `${` and `}`, as a tree.

Precedence is that of the documentation's table, in which `not` binds more tightly than arithmetic does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

MOST_CHARACTERS = 400


class ExpressionError(Exception):
    """An expression that is none; `at` counts characters from its beginning."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


@dataclass(frozen=True)
class Literal:
    """A number, text, boolean or null."""

    value: Any
    at: int


@dataclass(frozen=True)
class Name:
    """A variable, or a function that is handed on, such as `http.default_retry_predicate`."""

    name: str
    at: int


@dataclass(frozen=True)
class Member:
    """A member of a map: `base.name`."""

    base: Node
    name: str
    at: int


@dataclass(frozen=True)
class Index:
    """A member of a map, or an item of a list: `base[index]`."""

    base: Node
    index: Node
    at: int


@dataclass(frozen=True)
class Invocation:
    """A call of a function by its name, dots included."""

    function: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Unary:
    """`not` or minus."""

    operator: str
    operand: Node
    at: int


@dataclass(frozen=True)
class Binary:
    """An operator between two."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True)
class Listed:
    """A list: `[a, b]`."""

    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Mapped:
    """A map: `{"a": b}`."""

    pairs: tuple[tuple[Node, Node], ...]
    at: int


Node = Literal | Name | Member | Index | Invocation | Unary | Binary | Listed | Mapped

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>//|==|!=|<=|>=|[-+*/%<>()\[\]{}.,:])
    |(?P<end>$)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_WORDS = {"and": "and", "AND": "and", "or": "or", "OR": "or", "not": "not", "NOT": "not", "in": "in", "IN": "in"}
_CONSTANTS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL"), None),
}
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"==", "!=", "<", ">", "<=", ">=", "in"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "//", "%"}),
)
_DEEPEST = 100


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str) -> Node:
    """Read an expression, without the `${` and `}` around it.

    Raises:
        ExpressionError: it is none, or too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"an expression has at most {MOST_CHARACTERS} characters, and this {len(text)}", 0)
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(f"{text[at : at + 12]!r} is nothing that an expression has", at)
        kind = found.lastgroup
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        if kind == "end":
            return tokens
        at = found.end()


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        if self._token.kind == "end":
            raise ExpressionError("is empty", 0)
        node = self._expression()
        if self._token.kind != "end":
            self._unexpected()
        return node

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _unexpected(self) -> NoReturn:
        token = self._token
        raise ExpressionError(
            "ends too early" if token.kind == "end" else f"{token.text!r} stands out of place", token.at
        )

    def _take(self, *signs: str) -> _Token | None:
        token = self._token
        operator = _WORDS.get(token.text) if token.kind == "word" else token.text if token.kind == "sign" else None
        if operator in signs:
            self._next += 1
            return token
        return None

    def _want(self, sign: str) -> _Token:
        return self._take(sign) or self._unexpected()

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("is nested too deep", self._token.at)
        node = self._binary(0)
        self._depth -= 1
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while (token := self._take(*_LEVELS[level])) is not None:
            node = Binary(_WORDS.get(token.text, token.text), node, self._binary(level + 1), token.at)
        return node

    def _unary(self) -> Node:
        if (token := self._take("-")) is not None:
            return Unary("-", self._guarded(self._unary), token.at)
        if (token := self._take("+")) is not None:
            return self._guarded(self._unary)
        if (token := self._take("not")) is not None:
            return Unary("not", self._guarded(self._unary), token.at)
        return self._postfix(self._primary())

    def _guarded(self, read: Any) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("is nested too deep", self._token.at)
        node: Node = read()
        self._depth -= 1
        return node

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._take(".") is not None:
                name = self._token
                if name.kind != "word":
                    self._unexpected()
                self._next += 1
                node = Member(node, name.text, node.at)
            elif self._take("[") is not None:
                node = Index(node, self._expression(), node.at)
                self._want("]")
            elif (token := self._take("(")) is not None:
                function = _dotted(node)
                if function is None:
                    raise ExpressionError("only a function is called", token.at)
                node = Invocation(function, tuple(self._until(")", self._expression)), node.at)
            else:
                return node

    def _primary(self) -> Node:
        token = self._token
        if token.kind in ("number", "text") or (token.kind == "word" and token.text not in _WORDS):
            self._next += 1
            return _atom(token)
        if self._take("(") is not None:
            node = self._expression()
            self._want(")")
            return node
        if self._take("[") is not None:
            return Listed(tuple(self._until("]", self._expression)), token.at)
        if self._take("{") is not None:
            return Mapped(tuple(self._until("}", self._pair)), token.at)
        return self._unexpected()

    def _pair(self) -> tuple[Node, Node]:
        key = self._expression()
        self._want(":")
        return key, self._expression()

    def _until(self, closing: str, read: Any) -> list[Any]:
        found: list[Any] = []
        while self._take(closing) is None:
            if found:
                self._want(",")
            found.append(read())
        return found


def _atom(token: _Token) -> Node:
    if token.kind == "number":
        return Literal(int(token.text) if token.text.isdigit() else float(token.text), token.at)
    if token.kind == "text":
        return Literal(_ESCAPE.sub(_unescaped, token.text[1:-1]), token.at)
    return Literal(_CONSTANTS[token.text], token.at) if token.text in _CONSTANTS else Name(token.text, token.at)


def _dotted(node: Node) -> str | None:
    """The name of a function, dots included; None for what is none."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Member) and (base := _dotted(node.base)) is not None:
        return f"{base}.{node.name}"
    return None


def _unescaped(found: re.Match[str]) -> str:
    escaped = found[1]
    if escaped[0] in "ux" and len(escaped) > 1:
        return chr(int(escaped[1:], 16))
    return _ESCAPES.get(escaped, escaped)
