"""YAML into forms: every value by its declared type, every refusal with its line and column.

What cannot be read is noted and replaced by something harmless, so that one build names all there is to correct.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import msgspec.inspect as mi
import yaml

from shared.authoring.forms import PATTERNS, Form
from shared.authoring.places import Place
from shared.authoring.problems import Problems

FormT = TypeVar("FormT", bound=Form)

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
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INT64 = range(-(2**63), 2**63)


class _Nothing:
    """What is left of something that could not be read."""


_NOTHING = _Nothing()


class Reader:
    """Reads the files of one catalogue and remembers where each form stood."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._places: dict[int, tuple[Form, Place]] = {}
        self._unread: set[tuple[int, str]] = set()

    def read(self, file: str, source: str | None, form: type[FormT]) -> FormT:
        """A whole file, None for one that is not there; what is wrong with it is noted and left empty."""
        wanted = _described(form)
        place = None if source is None else self._compose(file, source)
        value = _NOTHING if place is None else self._form(place, wanted)
        empty: FormT = _harmless(wanted)
        if isinstance(value, form):
            return value
        self._places[id(empty)] = (empty, place or Place.start(file))
        self._unread.update((id(empty), field.encode_name) for field in wanted.fields)
        return empty

    def place(self, form: Form, *keys: str | int) -> Place:
        """Where a form, or something within it, stands."""
        return self._places[id(form)][1].into(*keys)

    def is_read(self, form: Form, field: str) -> bool:
        """Whether a field holds what was written, not something harmless in its stead."""
        return (id(form), field) not in self._unread

    def _compose(self, file: str, source: str) -> Place | None:
        start = Place.start(file)
        try:
            node = yaml.compose(source, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place.of(file, source, yaml.ScalarNode("", "", mark, mark)) if mark else start
            self._problems.add(place, f"not YAML: {error.problem or error.context}")
            return None
        except (yaml.YAMLError, RecursionError) as error:
            bad = yaml.reader.Reader.NON_PRINTABLE.search(source)
            self._problems.add(start.at(source, bad.start()) if bad else start, f"not YAML: {error}".splitlines()[0])
            return None
        if node is None:
            self._problems.add(start, "the file is empty")
            return None
        root = Place.of(file, source, node)
        if not self._is_tree(root):
            return None
        return root

    def _is_tree(self, root: Place) -> bool:
        """Whether no node stands in two places, as aliases would have it."""
        seen: set[int] = set()
        nodes = [root.node]
        while nodes:
            node = nodes.pop()
            if id(node) in seen:
                self._problems.add(
                    Place.of(root.file, root.source, node), "anchors and aliases are not allowed: write it out"
                )
                return False
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                nodes.extend(part for pair in node.value for part in pair)
            elif isinstance(node, yaml.SequenceNode):
                nodes.extend(node.value)
        return True

    def _value(self, place: Place, wanted: mi.Type) -> Any:  # noqa: PLR0911 -- one answer per declared type
        match wanted:
            case mi.StructType():
                return self._form(place, wanted)
            case mi.VarTupleType():
                return self._list(place, wanted)
            case mi.DictType():
                return self._dict(place, wanted)
            case mi.UnionType():
                return self._one_of(place, wanted)
            case mi.LiteralType():
                return self._choice(place, [str(value) for value in wanted.values])
            case mi.BoolType():
                return self._bool(place)
            case mi.IntType() | mi.FloatType():
                return self._number(place, wanted)
            case mi.DateTimeType():
                return self._time(place)
            case mi.StrType():
                return self._text(place, wanted)
            case _:
                raise TypeError(f"no file holds a {wanted}")

    def _refuse(self, place: Place, expected: str) -> _Nothing:
        node = place.node
        got = _TAGS.get(node.tag, f"something tagged {node.tag}")
        if got in ("a number", "true or false", "a time") and node.value:
            got = f"{node.value}, which YAML takes for {got}: quote it" if expected == "text" else node.value
        elif got == "text" and isinstance(node, yaml.ScalarNode):
            got = repr(node.value)
        self._problems.add(place, f"expected {expected}, got {got}")
        return _NOTHING

    def _fields(self, place: Place) -> Iterator[tuple[str, Place, Place]]:
        """Name, place of the name and place of the value of every field, each once."""
        seen: set[str] = set()
        for key, value in place.node.value:
            at = Place.of(place.file, place.source, key, place.path)
            if not isinstance(key, yaml.ScalarNode):
                self._problems.add(at, "the name of a field is text")
            elif key.value in seen:
                self._problems.add(at, f"{key.value} is here twice")
            else:
                seen.add(key.value)
                path = f"{place.path}.{key.value}".lstrip(".")
                yield key.value, at, Place.of(place.file, place.source, value, path)

    def _form(self, place: Place, wanted: mi.StructType) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self._refuse(place, "fields")
        known = {field.encode_name: field for field in wanted.fields}
        values: dict[str, Any] = {}
        unread: set[str] = set()
        given: set[str] = set()
        for name, at, inside in self._fields(place):
            given.add(name)
            if name == wanted.tag_field:
                continue
            if name not in known:
                self._problems.add(at, f"unknown field {name}", wrote=name, known=known.keys() - given)
                continue
            value = self._value(inside, known[name].type)
            if value is _NOTHING:
                unread.add(name)
            else:
                values[known[name].name] = value
        for name, field in known.items():
            if field.name in values:
                continue
            if name not in given and field.required:
                self._problems.add(place, f"{name} is missing")
                unread.add(name)
            if field.required:
                values[field.name] = _harmless(field.type)
        form = wanted.cls(**values)
        assert isinstance(form, Form)
        self._places[id(form)] = (form, place)
        self._unread.update((id(form), name) for name in unread)
        return form

    def _list(self, place: Place, wanted: mi.VarTupleType) -> Any:
        if not isinstance(place.node, yaml.SequenceNode):
            return self._refuse(place, "a list")
        if len(place.node.value) < (wanted.min_length or 0):
            self._problems.add(place, "the list is empty")
        values = [self._value(place.into(i), wanted.item_type) for i in range(len(place.node.value))]
        return tuple(value for value in values if value is not _NOTHING)

    def _dict(self, place: Place, wanted: mi.DictType) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self._refuse(place, "fields")
        values = {}
        for name, at, inside in self._fields(place):
            if isinstance(wanted.key_type, mi.StrType) and not self._fits(at, name, wanted.key_type):
                continue
            value = self._value(inside, wanted.value_type)
            if value is not _NOTHING:
                values[name] = value
        return values

    def _one_of(self, place: Place, wanted: mi.UnionType) -> Any:
        types = [t for t in wanted.types if not isinstance(t, mi.NoneType)]
        tagged = {str(t.tag): t for t in types if isinstance(t, mi.StructType) and t.tag is not None}
        if tagged:
            return self._tagged(place, tagged)
        if len(types) == 1:
            return self._value(place, types[0])
        number = next(t for t in types if isinstance(t, mi.FloatType))
        text = next(t for t in types if isinstance(t, mi.StrType))
        node = place.node
        return self._value(place, number if node.tag in _NUMBER_TAGS or _plain(node, _FLOAT) else text)

    def _tagged(self, place: Place, tagged: dict[str, mi.StructType]) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self._refuse(place, "fields")
        tag_field = next(iter(tagged.values())).tag_field or ""
        at = place.into(tag_field)
        if at.node is place.node:
            self._problems.add(place, f"{tag_field} is missing")
            return _NOTHING
        kind = self._choice(at, list(tagged))
        return _NOTHING if kind is _NOTHING else self._form(place, tagged[kind])

    def _choice(self, place: Place, values: list[str]) -> Any:
        value = self._text(place, mi.StrType())
        if isinstance(value, _Nothing) or value in values:
            return value
        self._problems.add(place, f"{value!r} is none of {', '.join(sorted(values))}", wrote=value, known=values)
        return _NOTHING

    def _bool(self, place: Place) -> bool | _Nothing:
        if not _plain(place.node, _BOOL):
            return self._refuse(place, "true or false")
        return bool(place.node.value == "true")

    def _number(self, place: Place, wanted: mi.IntType | mi.FloatType) -> float | _Nothing:
        number: float
        if isinstance(wanted, mi.IntType):
            if not _plain(place.node, _INT) or (number := int(place.node.value)) not in _INT64:
                return self._refuse(place, "a whole number")
        elif not _plain(place.node, _FLOAT) or not math.isfinite(number := float(place.node.value)):
            return self._refuse(place, "a number")
        limits = (
            ("more than", wanted.gt, operator.gt),
            ("at least", wanted.ge, operator.ge),
            ("less than", wanted.lt, operator.lt),
            ("at most", wanted.le, operator.le),
        )
        for words, limit, holds in limits:
            if limit is not None and not holds(number, limit):
                self._problems.add(place, f"must be {words} {limit}, is {place.node.value}")
                return _NOTHING
        return number

    def _time(self, place: Place) -> datetime | _Nothing:
        text = place.node.value if isinstance(place.node, yaml.ScalarNode) else ""
        try:
            time = datetime.fromisoformat(text)
            if _DATE.fullmatch(text):
                return time.replace(tzinfo=UTC)
            if time.tzinfo is not None:
                return time.astimezone(UTC)
        except (ValueError, OverflowError):
            return self._refuse(place, "a date or a time such as 2027-04-05T09:00:00Z")
        self._problems.add(place, "a time needs its offset from UTC, such as Z or +01:00")
        return _NOTHING

    def _text(self, place: Place, wanted: mi.StrType) -> str | _Nothing:
        node = place.node
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            return self._refuse(place, "text")
        text: str = node.value.rstrip()  # a block ends with a line break that nobody means
        return text if self._fits(place, text, wanted) else _NOTHING

    def _fits(self, place: Place, text: str, wanted: mi.StrType) -> bool:
        if wanted.pattern is not None and not re.fullmatch(wanted.pattern, text):
            self._problems.add(place, f"{text!r} is not allowed here: it {PATTERNS[wanted.pattern]}")
        elif not text.strip() and wanted.min_length:
            self._problems.add(place, "is empty")
        elif wanted.max_length is not None and len(text) > wanted.max_length:
            self._problems.add(place, f"has {len(text):,} characters, more than {wanted.max_length:,}")
        elif any("\ud800" <= character <= "\udfff" for character in text):
            self._problems.add(place, "holds half a character (a lone surrogate)")
        else:
            return True
        return False


_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@cache
def _described(form: type[Form]) -> mi.StructType:
    """The fields of a form and their types."""
    described = mi.type_info(form)
    assert isinstance(described, mi.StructType)
    return described


def _plain(node: yaml.Node, pattern: re.Pattern[str]) -> bool:
    """Whether a node is an unquoted scalar of this pattern."""
    return isinstance(node, yaml.ScalarNode) and not node.style and pattern.fullmatch(node.value) is not None


def _harmless(wanted: mi.Type) -> Any:  # noqa: PLR0911 -- one answer per declared type
    """Something of a type that no later check takes offence at."""
    match wanted:
        case mi.StructType():
            return wanted.cls(**{f.name: _harmless(f.type) for f in wanted.fields if f.required})
        case mi.VarTupleType():
            return ()
        case mi.DictType():
            return {}
        case mi.LiteralType():
            return wanted.values[0]
        case mi.UnionType():
            return _harmless(wanted.types[0])
        case mi.IntType() | mi.FloatType():
            return 0
        case mi.BoolType():
            return False
        case _:
            return ""
