"""Scalars of YAML into values: numbers, times, texts and choices, each by its declared type."""

from __future__ import annotations

import math
import operator
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec.inspect as mi
import yaml

from shared.authoring.forms import PATTERNS
from shared.authoring.places import Place
from shared.authoring.problems import Problems

_TAGS = {
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:timestamp": "a time",
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:map": "fields",
    "tag:yaml.org,2002:seq": "a list",
}
_BOOL = re.compile(r"true|false")
INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INT64 = range(-(2**63), 2**63)


class Nothing:
    """What is left of something that could not be read."""


NOTHING = Nothing()


class Scalars:
    """Reads scalars, and notes each that is not what it should be."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def refuse(self, place: Place, expected: str) -> Nothing:
        """Note that something else was expected here, whether a scalar or not."""
        node = place.node
        got = _TAGS.get(node.tag, f"something tagged {node.tag}")
        if got in ("a number", "true or false", "a time") and node.value:
            got = f"{node.value}, which YAML takes for {got}: quote it" if expected == "text" else node.value
        elif got == "text" and isinstance(node, yaml.ScalarNode):
            got = repr(node.value)
        self._problems.add(place, f"expected {expected}, got {got}")
        return NOTHING

    def choice(self, place: Place, values: list[str]) -> Any:
        """One of some words; also of those that YAML takes for something else, as `off` for false."""
        node = place.node
        if isinstance(node, yaml.ScalarNode) and not node.style and node.value in values:
            return node.value
        value = self.text(place, mi.StrType())
        if isinstance(value, Nothing) or value in values:
            return value
        self._problems.add(place, f"{value!r} is none of {', '.join(sorted(values))}", wrote=value, known=values)
        return NOTHING

    def boolean(self, place: Place) -> bool | Nothing:
        """True or false, unquoted."""
        if not plain(place.node, _BOOL):
            return self.refuse(place, "true or false")
        return bool(place.node.value == "true")

    def number(self, place: Place, wanted: mi.IntType | mi.FloatType) -> float | Nothing:
        """An unquoted number within the limits of its type."""
        number: float
        if isinstance(wanted, mi.IntType):
            if not plain(place.node, INT) or (number := int(place.node.value)) not in _INT64:
                return self.refuse(place, "a whole number")
        elif not plain(place.node, FLOAT) or not math.isfinite(number := float(place.node.value)):
            return self.refuse(place, "a number")
        limits = (
            ("more than", wanted.gt, operator.gt),
            ("at least", wanted.ge, operator.ge),
            ("less than", wanted.lt, operator.lt),
            ("at most", wanted.le, operator.le),
        )
        for words, limit, holds in limits:
            if limit is not None and not holds(number, limit):
                self._problems.add(place, f"must be {words} {limit}, is {place.node.value}")
                return NOTHING
        return number

    def time(self, place: Place) -> datetime | Nothing:
        """A time with its offset from UTC, or a date, which is its midnight, UTC; as UTC."""
        text = place.node.value if isinstance(place.node, yaml.ScalarNode) else ""
        try:
            time = datetime.fromisoformat(text)
            if _DATE.fullmatch(text):
                return time.replace(tzinfo=UTC)
            if time.tzinfo is not None:
                return time.astimezone(UTC)
        except (ValueError, OverflowError):
            return self.refuse(place, "a date or a time such as 2027-04-05T09:00:00Z")
        self._problems.add(place, "a time needs its offset from UTC, such as Z or +01:00")
        return NOTHING

    def json(self, place: Place) -> Any:
        """A scalar as JSON would have it; what is no number, true, false or null is text."""
        node = place.node
        if node.style or not isinstance(node, yaml.ScalarNode):
            return node.value
        if node.tag == "tag:yaml.org,2002:null":
            return None
        if plain(node, _BOOL):
            return bool(node.value == "true")
        if plain(node, INT):
            return int(node.value)
        number = float(node.value) if plain(node, FLOAT) else None
        if number is not None and not math.isfinite(number):
            self.refuse(place, "a number")
            return 0.0
        return node.value if number is None else number

    def text(self, place: Place, wanted: mi.StrType) -> str | Nothing:
        """A text that fits its type, without the white space at its end."""
        node = place.node
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            return self.refuse(place, "text")
        text: str = node.value.rstrip()  # a block ends with a line break that nobody means
        return text if self.fits(place, text, wanted) else NOTHING

    def fits(self, place: Place, text: str, wanted: mi.StrType) -> bool:
        """Whether a text has the pattern and the length of its type; if not, that is noted."""
        if wanted.pattern is not None and not _compiled(wanted.pattern).fullmatch(text):
            self._problems.add(place, f"{text!r} is not allowed here: it {PATTERNS[wanted.pattern]}")
        elif wanted.min_length and (not text or text.isspace()):
            self._problems.add(place, "is empty")
        elif wanted.max_length is not None and len(text) > wanted.max_length:
            self._problems.add(place, f"has {len(text):,} characters, more than {wanted.max_length:,}")
        elif not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self._problems.add(place, "holds half a character (a lone surrogate)")
        else:
            return True
        return False


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def plain(node: yaml.Node, pattern: re.Pattern[str]) -> bool:
    """Whether a node is an unquoted scalar of this pattern."""
    return isinstance(node, yaml.ScalarNode) and not node.style and pattern.fullmatch(node.value) is not None
