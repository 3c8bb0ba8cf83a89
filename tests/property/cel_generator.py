"""Expressions and persons made from a seed: mostly well-typed, over attributes that may be missing, null or of a wrong
type. Maps have one entry at most, since Google's visits the keys of a map in no certain order.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cel_expr_python import cel

INTS = [0, 1, 2, 3, 5, 18, 100, -1, -7, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
DOUBLES = [
    0.0,
    -0.0,
    1.0,
    2.0,
    0.5,
    5.0,
    499.99,
    500.0,
    -7.5,
    1e15,
    123456789.125,
    9007199254740992.0,
    9.3e18,
    1e300,
    1e-7,
]
STRINGS = [
    "",
    "a",
    "b",
    "gold",
    "silver",
    "student",
    "é",
    "😀",
    "a\nb",
    "ab12",
    "Gold",
    "1",
    "true",
    "-5",
    "2.5",
    " 7 ",
    "1h",
]
BYTES = ["", "a", "\\xff", "\\x00a"]
TIMES = ["2024-02-29T12:34:56.789Z", "1969-12-31T23:59:59.5Z", "2024-03-31T00:59:59+01:00", "0001-01-01T00:00:00Z"]
TIMES += ["9999-12-31T23:59:59.999999999Z", "2023-10-29T01:30:00Z", "2024-01-01T00:00:00.000001Z", "no time"]
LENGTHS = ["1h", "2160h", "-1.5s", "1m30s", "0s", "1ns", "100000h", "999ms", "one day"]
ZONES = ["Europe/London", "America/New_York", "Asia/Kolkata", "+05:30", "-08:00", "UTC", "02:00", "Moon/Base"]
PATTERNS = [
    "a",
    "^a",
    "o.d$",
    "[0-9]+",
    "(?i)GOLD",
    "^\\\\w+$",
    "(a|b)*1",
    "é",
    "^.$",
    "g(o|l){2}d",
    "\\\\d{2,3}",
    "(",
    "a**",
]
PARTS = ["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"]
CLOCK_PARTS = ["getHours", "getMinutes", "getSeconds", "getMilliseconds"]
TYPES = ["int", "string", "double", "bool", "list", "map"]
TEXT_TESTS = ["contains", "startsWith", "endsWith"]
TEXTUAL = ["int", "uint", "bool", "timestamp", "duration", "bytes", "string"]
HOLDERS = ["profile", "signal", "signal.properties", "profile.limits"]
FIELDS = ["age", "a", "flags", "job", "type"]
KINDS = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration", "list", "map", "null"]
ATTRIBUTES = {
    "bool": ["paperless", "in_arrears"],
    "int": ["age", "logins"],
    "double": ["balance", "income"],
    "string": ["job", "tier"],
    "list": ["flags", "scores"],
    "map": ["limits"],
}

_DYN_MAP = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
VARIABLES = {
    "profile": _DYN_MAP,
    "signal": _DYN_MAP,
    "anything": cel.Type.DYN,
    "now": cel.Type.TIMESTAMP,
    "since": cel.Type.TIMESTAMP,
    "length": cel.Type.DURATION,
    "count": cel.Type.UINT,
}


class Generator:
    """Makes expressions and variables; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._bound: list[tuple[str, str]] = []  # the variables of the macros around, with their kinds
        self._makers: dict[str, Callable[[int], str]] = {
            "bool": self._bool,
            "int": self._int,
            "uint": self._uint,
            "double": self._double,
            "string": self._string,
            "bytes": self._bytes,
            "timestamp": self._timestamp,
            "duration": self._duration,
            "list": self._list,
            "map": self._map,
            "null": lambda _: "null",
        }

    def expression(self) -> str:
        """An expression, usually a condition."""
        kind = "bool" if self.random.random() < 0.75 else self.random.choice(KINDS)
        return self.make(kind, self.random.randint(1, 5))

    def variables(self) -> dict[str, Any]:
        """A person and a moment, with gaps and faults."""
        r = self.random
        fresh = {
            "profile": self._fields(("bool", "int", "double", "string", "list", "map")),
            "signal": {"type": r.choice(STRINGS), "properties": self._fields(("bool", "double", "string"))},
            "anything": self._value(r.choice(KINDS)),
            "now": datetime(2024, r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), 30, 15, 123456, tzinfo=UTC),
            "since": datetime(r.choice([1900, 1970, 2023, 2024]), 3, 31, r.randint(0, 3), 59, tzinfo=UTC),
            "length": timedelta(seconds=r.choice([0, 1, -90, 3600, 86_400 * 90]), microseconds=r.choice([0, 500_000])),
            "count": r.choice([0, 1, 7, 2**64 - 1]),
        }
        return {name: value for name, value in fresh.items() if r.random() > 0.05}

    def _fields(self, kinds: tuple[str, ...]) -> dict[str, Any]:
        r = self.random
        fields = {}
        for kind in kinds:
            for name in ATTRIBUTES[kind]:
                chance = r.random()
                if chance > 0.15:
                    fields[name] = self._value(kind if chance > 0.2 else r.choice(list(ATTRIBUTES)))
                elif chance > 0.1:
                    fields[name] = None
        return fields

    def _value(self, kind: str) -> Any:  # noqa: PLR0911 - one for each type
        r = self.random
        match kind:
            case "bool":
                return r.random() < 0.5
            case "int":
                return r.choice(INTS)
            case "double":
                return r.choice([*DOUBLES, math.nan, math.inf])
            case "string":
                return r.choice(STRINGS)
            case "list":
                return [
                    self._value(r.choice(["int", "double", "string", "string", "bool"])) for _ in range(r.randint(0, 4))
                ]
            case "map":
                return {r.choice(STRINGS): self._value("double") for _ in range(r.randint(0, 1))}
            case _:
                return None

    def make(self, kind: str, depth: int) -> str:
        """Text of an expression of a kind."""
        r = self.random
        if r.random() < 0.02:
            return f"dyn({self.make(r.choice(KINDS), depth - 1)})"
        if depth > 0 and r.random() < 0.06:
            chosen = (self.make("bool", depth - 1), self.make(kind, depth - 1), self.make(kind, depth - 1))
            return "({} ? {} : {})".format(*chosen)
        if r.random() < (0.25 if depth > 0 else 0.6) and (read := self._read(kind)):
            return read
        return self._makers[kind](depth)

    def _read(self, kind: str) -> str | None:  # noqa: PLR0911 - one for each way to read
        r = self.random
        bound = [name for name, of in self._bound if of in (kind, "any")]
        if bound and r.random() < 0.6:
            return r.choice(bound)
        if kind == "timestamp":
            return r.choice(["now", "since"])
        if kind in ("duration", "uint"):
            return "length" if kind == "duration" else "count"
        if r.random() < 0.04:
            return "anything"
        if kind not in ATTRIBUTES:
            return None
        name = r.choice(ATTRIBUTES[kind])
        if kind in ("bool", "double", "string") and r.random() < 0.2:
            return f"signal.properties.{name}"
        return f"profile.{name}" if r.random() < 0.9 else f"profile['{name}']"

    def _quoted(self, text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("\n", "\\n") + "'"

    def _zone(self) -> str:
        return self.random.choice(["", self._quoted(self.random.choice(ZONES))])

    def _pick(self, depth: int, leaf: list[str], makers: list[Callable[[], str]]) -> str:
        if depth <= 0 or not makers:
            return self.random.choice(leaf)
        return self.random.choice(makers)()

    def _bool(self, depth: int) -> str:
        r, d = self.random, depth - 1
        return self._pick(
            depth,
            ["true", "false"],
            [
                lambda: f"({self.make('bool', d)} && {self.make('bool', d)})",
                lambda: f"({self.make('bool', d)} || {self.make('bool', d)})",
                lambda: f"({' && '.join(self.make('bool', d) for _ in range(r.randint(3, 5)))})",
                lambda: f"({' || '.join(self.make('bool', d) for _ in range(r.randint(3, 5)))})",
                lambda: f"!{self.make('bool', d)}",
                lambda: self._comparison(d),
                lambda: self._comparison(d),
                lambda: self._comparison(d),
                lambda: f"({self.make(r.choice(KINDS), d)} in {self.make('list', d)})",
                lambda: f"({self.make('string', 0)} in ['gold', {self._quoted(r.choice(STRINGS))}, dyn(1)])",
                lambda: f"({self.make(r.choice(['string', 'int', 'double']), d)} in dyn({self.make('map', d)}))",
                lambda: f"has({r.choice(HOLDERS)}.{r.choice(FIELDS)})",
                lambda: f"{self.make('string', d)}.{r.choice(TEXT_TESTS)}({self.make('string', d)})",
                lambda: f"{self.make('string', d)}.matches('{r.choice(PATTERNS)}')",
                lambda: self._macro(r.choice(["all", "exists", "exists_one"]), d),
                lambda: f"bool({self.make('string', d)})",
                lambda: f"(type({self.make(r.choice(KINDS), d)}) == {r.choice(TYPES)})",
            ],
        )

    def _comparison(self, depth: int) -> str:
        r = self.random
        kind = r.choice(KINDS)
        other = kind if r.random() < 0.7 else r.choice(KINDS)
        operators = ["==", "!=", "<", "<=", ">", ">="] if r.random() < 0.8 else ["==", "!="]
        left, right = self.make(kind, depth), self.make(other, depth)
        left = left if other == kind and kind not in ("list", "map") else f"dyn({left})"
        return f"({left} {r.choice(operators)} {right})"

    def _macro(self, name: str, depth: int) -> str:
        source = self.make("list", depth) if self.random.random() < 0.85 else f"dyn({self.make('map', depth)})"
        variable = f"x{len(self._bound)}"
        self._bound.append((variable, "any"))
        body = self.make("bool", depth)
        self._bound.pop()
        return f"{source}.{name}({variable}, {body})"

    def _int(self, depth: int) -> str:
        r, d = self.random, depth - 1
        literals = [str(n) for n in INTS if n >= 0]
        return self._pick(
            depth,
            [*literals, "-7", "-9223372036854775808"],
            [
                lambda: f"({self.make('int', d)} {r.choice('+-*/%')} {self.make('int', d)})",
                lambda: f"(-{self.make('int', d)})",
                lambda: f"size({self.make(r.choice(['string', 'list', 'bytes', 'map']), d)})",
                lambda: f"int({self.make(r.choice(['double', 'uint', 'string', 'timestamp', 'int']), d)})",
                lambda: f"{self.make('timestamp', d)}.{r.choice(PARTS + CLOCK_PARTS)}({self._zone()})",
                lambda: f"{self.make('duration', d)}.{r.choice(CLOCK_PARTS)}()",
            ],
        )

    def _uint(self, depth: int) -> str:
        r, d = self.random, depth - 1
        return self._pick(
            depth,
            ["0u", "1u", "7u", "18446744073709551615u"],
            [
                lambda: f"({self.make('uint', d)} {r.choice('+-*/%')} {self.make('uint', d)})",
                lambda: f"uint({self.make(r.choice(['double', 'int', 'string', 'uint']), d)})",
            ],
        )

    def _double(self, depth: int) -> str:
        r, d = self.random, depth - 1
        return self._pick(
            depth,
            [f"{x!r}" for x in DOUBLES],
            [
                lambda: f"({self.make('double', d)} {r.choice('+-*/')} {self.make('double', d)})",
                lambda: f"(-{self.make('double', d)})",
                lambda: f"double({self.make(r.choice(['int', 'uint', 'string', 'double']), d)})",
            ],
        )

    def _string(self, depth: int) -> str:
        r, d = self.random, depth - 1
        texts = [self._quoted(text) for text in STRINGS]
        return self._pick(
            depth,
            texts,
            [
                lambda: r.choice(texts),
                lambda: f"({self.make('string', d)} + {self.make('string', d)})",
                lambda: f"string({self.make(r.choice(TEXTUAL), d)})",
                lambda: f"string({r.choice(DOUBLES)!r})",  # never a computed one: the sign of NaN is the machine's
            ],
        )

    def _bytes(self, depth: int) -> str:
        d = depth - 1
        return self._pick(
            depth,
            [f"b'{text}'" for text in BYTES],
            [
                lambda: f"bytes({self.make('string', d)})",
                lambda: f"({self.make('bytes', d)} + {self.make('bytes', d)})",
            ],
        )

    def _timestamp(self, depth: int) -> str:
        r, d = self.random, depth - 1
        return self._pick(
            depth,
            [f"timestamp('{text}')" for text in TIMES],
            [
                lambda: f"({self.make('timestamp', d)} {r.choice('+-')} {self.make('duration', d)})",
                lambda: f"({self.make('duration', d)} + {self.make('timestamp', d)})",
                lambda: f"timestamp({self.make('int', d)})",
            ],
        )

    def _duration(self, depth: int) -> str:
        r, d = self.random, depth - 1
        return self._pick(
            depth,
            [f"duration('{text}')" for text in LENGTHS],
            [
                lambda: f"({self.make('timestamp', d)} - {self.make('timestamp', d)})",
                lambda: f"({self.make('duration', d)} {r.choice('+-')} {self.make('duration', d)})",
            ],
        )

    def _list(self, depth: int) -> str:
        r, d = self.random, depth - 1
        kinds = KINDS if r.random() < 0.3 else [r.choice(["int", "string", "double"])]
        literal = f"[{', '.join(f'dyn({self.make(r.choice(kinds), d)})' for _ in range(r.randint(0, 3)))}]"
        return self._pick(
            depth,
            ["[]", "['a', 'gold']", "[1, 2, 3]", "[1.0, 2.5]"],
            [
                lambda: literal,
                lambda: f"({self.make('list', d)} + {self.make('list', d)})",
                lambda: self._macro("filter", d),
                lambda: self._mapped(d),
            ],
        )

    def _mapped(self, depth: int) -> str:
        source = self.make("list", depth)
        variable = f"x{len(self._bound)}"
        self._bound.append((variable, "any"))
        parts = [self.make(self.random.choice(["int", "double", "string", "bool"]), depth)]
        if self.random.random() < 0.4:
            parts.insert(0, self.make("bool", depth))
        self._bound.pop()
        return f"{source}.map({variable}, {', '.join(parts)})"

    def _map(self, depth: int) -> str:
        value = self.make(self.random.choice(KINDS), depth - 1)
        return self._pick(
            depth,
            ["{}", "{'a': 1}", "{1: 'a'}", "{'gold': 1.5}", "{true: 2u}"],
            [
                lambda: f"{{'a': {value}}}",
                lambda: f"{{2u: {value}}}",
                lambda: f"{{dyn({self.make('string', depth - 1)}): 1}}",
            ],
        )
