"""The module `text` of the standard library.

Patterns are RE2's, of which Python's are a superset but for a few classes; what RE2 refuses, such as looking ahead, is
refused here too.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from emulators.workflows.library import arguments as given
from emulators.workflows.running.failures import failure

_BEYOND_RE2 = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?(?:=|!|<=|<!|\(|>)|\\[1-9])")
_UNICODE_CLASSES = (("[[:alpha:]]", "[A-Za-z]"), ("[[:digit:]]", "[0-9]"), ("[[:space:]]", r"\s"), (r"\z", r"\Z"))


def encode(text: Any, charset: Any = "UTF-8") -> bytes:
    """Text as bytes of a charset."""
    try:
        return given.text("text", text).encode(_charset(charset))
    except UnicodeEncodeError:
        raise failure("ValueError", f"text is not all of {charset}") from None


def decode(data: Any, charset: Any = "UTF-8") -> str:
    """Bytes of a charset as text."""
    try:
        return given.raw("data", data).decode(_charset(charset))
    except UnicodeDecodeError:
        raise failure("ValueError", f"data is not {charset}") from None


def _charset(charset: Any) -> str:
    name = given.text("charset", charset)
    try:
        "".encode(name)
    except LookupError:
        raise failure("ValueError", f"{name!r} is no charset") from None
    return name


def split(source: Any, separator: Any) -> list[str]:
    """The parts of a text between separators; with an empty one, its characters."""
    whole, between = given.text("source", source), given.text("separator", separator)
    return whole.split(between) if between else list(whole)


def substring(source: Any, start: Any, end: Any) -> str:
    """The characters from a position on, up to another that is not included."""
    whole = given.text("source", source)
    first, last = given.integer("start", start), given.integer("end", end)
    if not 0 <= first <= last <= len(whole):
        raise failure("IndexError", f"{first} to {last} is out of range of a string of {len(whole)} characters")
    return whole[first:last]


def find_all(source: Any, substr: Any) -> list[int]:
    """Where a text stands in another, from left to right, without overlaps."""
    whole, sought = given.text("source", source), given.text("substr", substr)
    if not sought:
        raise failure("ValueError", "substr is empty")
    found, at = [], whole.find(sought)
    while at >= 0:
        found.append(at)
        at = whole.find(sought, at + len(sought))
    return found


def replace_all(source: Any, substr: Any, repl: Any) -> str:
    """A text with every occurrence of another replaced."""
    return given.text("source", source).replace(given.text("substr", substr), given.text("repl", repl))


def match_regex(source: Any, regexp: Any) -> bool:
    """Whether a pattern matches anywhere in a text."""
    return _pattern(regexp).search(given.text("source", source)) is not None


def find_all_regex(source: Any, regexp: Any) -> list[dict[str, Any]]:
    """Where a pattern matches, and what."""
    pattern = _pattern(regexp)
    return [{"index": each.start(), "match": each[0]} for each in pattern.finditer(given.text("source", source))]


def replace_all_regex(source: Any, regexp: Any, repl: Any) -> str:
    r"""A text with every match replaced; `\1` in the replacement is a group's."""
    pattern, replacement = _pattern(regexp), given.text("repl", repl)
    try:
        return pattern.sub(replacement, given.text("source", source))
    except (re.error, IndexError):
        raise failure("ValueError", "repl names a group that the pattern has not") from None


def _pattern(regexp: Any) -> re.Pattern[str]:
    text = given.text("regexp", regexp)
    if _BEYOND_RE2.search(text):
        raise failure("ValueError", f"{text!r} is no pattern of RE2: it looks around, or back")
    for ours, theirs in _UNICODE_CLASSES:
        text = text.replace(ours, theirs)
    try:
        return re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise failure("ValueError", f"{text!r} is no pattern") from None


def url_encode(source: Any) -> str:
    """A text for an address, spaces as %20."""
    return quote(given.text("source", source), safe="")


def url_encode_plus(source: Any) -> str:
    """A text for a form, spaces as plus signs."""
    return quote_plus(given.text("source", source), safe="")


def url_decode(source: Any) -> str:
    """A text of an address or form, as it was."""
    encoded = given.text("source", source)
    if re.search(r"%(?![0-9A-Fa-f]{2})", encoded):
        raise failure("ValueError", f"{encoded!r} is not encoded as addresses are")
    try:
        return unquote_plus(encoded, errors="strict")
    except UnicodeDecodeError:
        raise failure("ValueError", f"{encoded!r} is not UTF-8") from None
