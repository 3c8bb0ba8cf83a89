"""Where something stands in a catalogue's files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

_WORD = re.compile(r"[\w.]+|\S+")

Keys = tuple[str | int, ...]


class Place(msgspec.Struct, frozen=True, gc=False):
    """A node of a YAML file, or a character within one.

    Attributes:
        file: path of the file.
        source: the whole text of the file.
        node: the YAML node.
        keys: the fields and indexes that lead to it.
        index: the character of the source, None where the node begins.
    """

    file: str
    source: str
    node: Any
    keys: Keys = ()
    index: int | None = None

    @classmethod
    def start(cls, file: str) -> Place:
        """The first character of a file of which nothing more is known."""
        return cls(file, "", yaml.ScalarNode("", ""), (), 0)

    @property
    def path(self) -> str:
        """The way to it, such as `actions[0].treatments[1]`."""
        parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)
        return "".join(parts).lstrip(".")

    @property
    def line(self) -> int:
        """From 1."""
        line: int = self.node.start_mark.line + 1 if self.index is None else self.source.count("\n", 0, self.index) + 1
        return line

    @property
    def column(self) -> int:
        """From 1."""
        if self.index is None:
            column: int = self.node.start_mark.column + 1
            return column
        return self.index - self.source.rfind("\n", 0, self.index)

    @property
    def text(self) -> str:
        """What stands there: the word at a character, a scalar that fits on its line, else the rest of the line."""
        if self.index is not None:
            word = _WORD.match(self.source, self.index)
            return word.group() if word else ""
        begin, end = self.node.start_mark.index, self.node.end_mark.index
        if not isinstance(self.node, yaml.ScalarNode):
            end = len(self.source)
        return self.source[begin:end].partition("\n")[0].strip()

    def at(self, source: str, index: int) -> Place:
        """A character of a file that is not YAML."""
        return msgspec.structs.replace(self, source=source, index=index)

    def into(self, *keys: str | int) -> Place:
        """A place further in: fields and indexes; where one is missing, the last that is there under the full path."""
        node, index = self.node, self.index
        for key in keys:
            child = _child(node, key)
            if child is not None:
                node, index = child, None
        return Place(self.file, self.source, node, (*self.keys, *keys), index)

    def character(self, offset: int) -> Place:
        """The place of one character of a scalar's text; what it is a field of where the text stands in no file."""
        if self.node.start_mark is None or not isinstance(self.node, yaml.ScalarNode):
            return self
        index = _character(self.node, self.source, offset)
        return Place(self.file, self.source, self.node, self.keys, index)


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


def _character(node: yaml.Node, source: str, offset: int) -> int:
    """The index in the file of a character of a scalar as it was written, whatever its quotes, escapes and folds.

    YAML folds, indents and drops white space and nothing else: the characters that are not white space tell the place.
    """
    wanted = sum(1 for character in node.value[:offset] if not character.isspace())
    begin: int = node.start_mark.index
    after = begin
    for index, length in _written(node, source):
        if wanted == 0:
            return index
        wanted -= 1
        after = index + length
    return after


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
