"""Where values may stand in markup: in its text, and within quotes of attributes that nothing is run or led by.

A value is escaped as text of HTML. That holds nothing in where a browser reads something else: a tag without quotes, a
script, a style, or an address, whose scheme, host and parameters the value could then choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.domain.content import environment
from shared.domain.links import origin_of

_PLACE = "\ue000"
"""Stands for a value; markup that is read in holds none."""

_TAG = re.compile(r"<(/?[a-zA-Z\ue000][^\s/>]*)((?:[^>\"']|\"[^\"]*(?:\"|$)|'[^']*(?:'|$))*)(?:>|$)")
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'))?")
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_RUN = re.compile(r"on.*|style|srcdoc", re.IGNORECASE)
_LED = frozenset(
    ["action", "background", "background-url", "cite", "content", "data", "formaction", "href", "ping", "poster"]
) | {"src", "srcset", "xlink:href"}
_OURS = re.compile(r"\s*(?:links|fragment)\.\w+\s*(?:\|\s*d(?:efault)?\(\s*(['\"])https://[^'\"]*\1\s*\)\s*)?")
"""A link of ours or a text of a content service, or else an address that the template says."""

_IN_URL = re.compile(r"\|\s*urlencode\s*$")
_OTHER_SCHEME = re.compile(r"(?:mailto|tel|sms):[^\ue000]+")


class _Value(NamedTuple):
    """A value in a template: where it begins, and what it reads."""

    offset: int
    reads: str


def faults(text: str) -> Iterator[tuple[int, str]]:
    """Every value in a template of markup that could leave its place, by where it begins.

    Raises:
        jinja2.TemplateSyntaxError: the text is no template.
    """
    if "{{" not in text or "<" not in text:
        return
    markup, values = _placed(text)
    if not values:
        return
    for found in _unclosed(markup):
        yield values[markup[:found].count(_PLACE)].offset, "a value in a script or a style cannot be escaped"
    markup = _COMMENT.sub(lambda comment: _PLACE * comment[0].count(_PLACE), markup)
    for tag in _TAG.finditer(markup):
        if _PLACE in tag[0]:
            first = markup[: tag.start()].count(_PLACE)
            yield from _in_tag(tag, values[first : first + tag[0].count(_PLACE)])


def _placed(text: str) -> tuple[str, list[_Value]]:
    """The markup with a character in the place of each value; what decides and loops is left out."""
    parts: list[str] = []
    values: list[_Value] = []
    offset, begun, reads = 0, 0, ""
    for _, kind, piece in environment("html").lex(text):
        if kind == "data":
            parts.append(piece.replace(_PLACE, ""))
        elif kind == "variable_begin":
            begun, reads = offset, ""
        elif kind == "variable_end":
            parts.append(_PLACE)
            values.append(_Value(begun, reads))
        else:
            reads += piece
        offset += len(piece)
    return "".join(parts), values


def _unclosed(markup: str) -> Iterator[int]:
    """The values within scripts and styles."""
    for block in re.finditer(r"<(script|style|mj-style)\b.*?(?:</\1|$)", markup, re.IGNORECASE | re.DOTALL):
        body = block[0].find(">")
        yield from (block.start() + at.start() for at in re.finditer(_PLACE, block[0]) if body < at.start())


def _in_tag(tag: re.Match[str], values: Sequence[_Value]) -> Iterator[tuple[int, str]]:
    """The values of one tag that could leave it."""
    left = iter(values)
    within = 0
    if _PLACE not in tag[1]:
        for attribute in _ATTRIBUTE.finditer(tag[2]):
            name, value = attribute[1], attribute[2] or attribute[3] or ""
            if _PLACE in name:
                break
            own = [next(left) for _ in range(value.count(_PLACE))]
            within += len(own)
            if own and _RUN.fullmatch(name):
                yield own[0].offset, f"a value in {name} cannot be escaped"
            elif own and name.lower() in _LED:
                yield from _in_address(name, value, own)
    if within < len(values):
        yield values[within].offset, "a value in a tag stands within the quotes of an attribute"


def _in_address(name: str, address: str, values: Sequence[_Value]) -> Iterator[tuple[int, str]]:
    """The values of one address that could lead it elsewhere."""
    if address == _PLACE and _OURS.fullmatch(values[0].reads):
        return
    if origin_of(address) is None and not _OTHER_SCHEME.match(address):
        yield values[0].offset, f"{name} names its host in so many letters before any value: https://, and the host"
        return
    for value in values:
        if not _IN_URL.search(value.reads) and not _OURS.fullmatch(value.reads):
            yield value.offset, f"a value in {name} needs the filter urlencode at its end"
