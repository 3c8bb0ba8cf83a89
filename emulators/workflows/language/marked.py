"""YAML, or JSON, with the place of every value: YAML 1.2's words for booleans and null, as Workflows has them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

from emulators.workflows.language.problems import DefinitionError, Place, Problem

MOST_BYTES = 128 * 1024


class Marked(NamedTuple):
    """A value and where it stands.

    Attributes:
        value: a scalar; or a list of marked values; or a list of pairs of them, for a map.
        kind: `scalar`, `list` or `map`.
        plain: for a scalar, whether it stood without quotes.
    """

    place: Place
    kind: str
    value: Any
    plain: bool = True

    @property
    def items(self) -> list[Marked]:
        """The items of a list."""
        return list(self.value)

    @property
    def pairs(self) -> list[tuple[Marked, Marked]]:
        """The keys and values of a map."""
        return list(self.value)

    def get(self, name: str) -> Marked | None:
        """The value of a key of a map."""
        return next((value for key, value in self.value if key.value == name), None)

    def plainly(self) -> Any:
        """The value as Python has it, keys as text."""
        if self.kind == "list":
            return [each.plainly() for each in self.value]
        if self.kind == "map":
            return {text_of(key.value): value.plainly() for key, value in self.value}
        return self.value


class _Loader(yaml.SafeLoader):
    """Knows the words of YAML 1.2 and no others: `on` and `yes` are text, and so is a date."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own way


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9]\d*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?$"),
    list("-+.0123456789"),
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<$"), ["<"])


def text_of(key: Any) -> str:
    """A key of a map as text, as JSON has it."""
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)


def load(source: str) -> Marked:
    """Read a source.

    Raises:
        DefinitionError: it is no YAML, too long, empty, or names a key twice.
    """
    start = Place(1, 1)
    if len(source.encode()) > MOST_BYTES:
        raise DefinitionError([Problem(start, f"a definition has at most {MOST_BYTES // 1024} KB")])
    try:
        root = yaml.compose(source, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else start
        raise DefinitionError([Problem(place, f"is no YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([Problem(start, f"is no YAML: {error}")]) from None
    if root is None:
        raise DefinitionError([Problem(start, "is empty")])
    return _Reader().read(root)


class _Reader:
    def __init__(self) -> None:
        self._constructor = yaml.constructor.SafeConstructor()
        self._inside: set[int] = set()

    def read(self, node: yaml.Node) -> Marked:
        place = Place(node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.ScalarNode):
            return Marked(place, "scalar", self._scalar(node), node.style is None)
        if id(node) in self._inside:
            raise DefinitionError([Problem(place, "holds itself")])
        self._inside.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return Marked(place, "list", [self.read(each) for each in node.value])
            assert isinstance(node, yaml.MappingNode), "YAML has three kinds of nodes"
            return Marked(place, "map", self._pairs(node))
        finally:
            self._inside.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        kind = node.tag.rpartition(":")[2]
        if kind == "bool":
            return node.value.lower() == "true"
        if kind == "int":
            return int(node.value)
        if kind == "float":
            return float(node.value)
        return None if kind == "null" else node.value

    def _pairs(self, node: yaml.MappingNode) -> list[tuple[Marked, Marked]]:
        pairs: list[tuple[Marked, Marked]] = []
        seen: set[str] = set()
        self._constructor.flatten_mapping(node)
        for key_node, value_node in node.value:
            key = self.read(key_node)
            if key.kind != "scalar":
                raise DefinitionError([Problem(key.place, "a key is text")])
            name = text_of(key.value)
            if name in seen:
                raise DefinitionError([Problem(key.place, f"{name} stands there twice")])
            seen.add(name)
            pairs.append((key, self.read(value_node)))
        return pairs
