"""Where something stands in a catalogue's files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml


@dataclass(frozen=True)
class Place:
    """A node of a YAML file, or a character within one.

    Attributes:
        file: path of the file.
        source: the whole text of the file.
        node: the YAML node.
        path: the way to it, such as `actions[0].treatments[1]`.
        line: from 1.
        column: from 1.
    """

    file: str
    source: str
    node: yaml.Node
    path: str
    line: int
    column: int

    @classmethod
    def of(cls, file: str, source: str, node: yaml.Node, path: str = "") -> Place:
        """The place where a node begins."""
        mark = node.start_mark
        return cls(file, source, node, path, mark.line + 1, mark.column + 1)

    @classmethod
    def start(cls, file: str) -> Place:
        """The first character of a file of which nothing more is known."""
        return cls(file, "", yaml.ScalarNode("", ""), "", 1, 1)

    def at(self, source: str, index: int) -> Place:
        """A character of a file that is not YAML."""
        line, column = _position(source, index)
        return replace(self, line=line, column=column)

    def into(self, *keys: str | int) -> Place:
        """A place further in: fields and indexes; where one is missing, the last that is there under the full path."""
        place = self
        for key in keys:
            path = f"{place.path}[{key}]" if isinstance(key, int) else f"{place.path}.{key}".lstrip(".")
            child = _child(place.node, key)
            place = replace(place, path=path) if child is None else Place.of(self.file, self.source, child, path)
        return place

    def character(self, offset: int) -> Place:
        """The place of one character of a scalar's text."""
        line, column = _character(self.node, self.source, offset)
        return replace(self, line=line, column=column)


def _child(node: yaml.Node, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        child: yaml.Node = node.value[key]
        return child
    return None


# A line that ends with a backslash goes on without a break; any other escape is one character.
_DOUBLE = re.compile(r"\\(?:\r?\n\s*|x..|u.{4}|U.{8}|.)|.", re.DOTALL)
_SINGLE = re.compile(r"''|.", re.DOTALL)
_BLANK_ESCAPES = ("\\n", "\\t", "\\r", "\\ ", "\\_", "\\N", "\\L", "\\P", "\\v", "\\f", "\\\n", "\\\r\n")


def _character(node: yaml.Node, source: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of a scalar as it was written, whatever its quotes, escapes and folds.

    YAML folds, indents and drops white space and nothing else: the characters that are not white space tell the place.
    """
    wanted = sum(1 for character in node.value[:offset] if not character.isspace())
    begin: int = node.start_mark.index
    after = begin
    for index, length in _written(node, source):
        if wanted == 0:
            return _position(source, index)
        wanted -= 1
        after = index + length
    return _position(source, after)


def _written(node: yaml.Node, source: str) -> Iterator[tuple[int, int]]:
    """Index and length in the file of every character of a scalar that is not white space."""
    begin, end = node.start_mark.index, node.end_mark.index
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    if style in ("|", ">"):
        begin = source.find("\n", begin, end) + 1 or end
    elif style in ("'", '"'):
        begin, end = begin + 1, end - 1
    unit = {"'": _SINGLE, '"': _DOUBLE}.get(style or "")
    if unit is None:
        yield from ((i, 1) for i in range(begin, end) if not source[i].isspace())
        return
    for match in unit.finditer(source, begin, end):
        text = match.group()
        if not (text.isspace() or text.startswith(_BLANK_ESCAPES)):
            yield match.start(), len(text)


def _position(source: str, index: int) -> tuple[int, int]:
    return source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index)
