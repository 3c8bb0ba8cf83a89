"""YAML into forms: every value by its declared type, every refusal with its line and column.

What cannot be read is noted and replaced by something harmless, so that one build names all there is to correct.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec
import msgspec.inspect as mi
import yaml

from shared.authoring.composing import compose
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.scalars import FLOAT, INT, NOTHING, Scalars, plain

FormT = TypeVar("FormT", bound=msgspec.Struct)


class Reader:
    """Reads the files of one catalogue and remembers where each form stood.

    Attributes:
        scalars: reads what is no collection.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.scalars = Scalars(problems)
        self._places: dict[int, tuple[msgspec.Struct, Place]] = {}
        self._unread: set[tuple[int, str]] = set()

    def read(self, file: str, source: str | None, form: type[FormT]) -> FormT:
        """A whole file, None for one that is not there; what is wrong with it is noted and left empty."""
        wanted = _described(form)
        place = None if source is None else compose(file, source, self._problems)
        value = NOTHING if place is None else self._form(place, wanted)
        empty: FormT = _harmless(wanted)
        if isinstance(value, form):
            return value
        self._places[id(empty)] = (empty, place or Place.start(file))
        self._unread.update((id(empty), field.encode_name) for field in wanted.fields)
        return empty

    def place(self, form: msgspec.Struct, *keys: str | int) -> Place:
        """Where a form, or something within it, stands."""
        return self._places[id(form)][1].into(*keys)

    def is_read(self, form: msgspec.Struct, field: str) -> bool:
        """Whether a field holds what was written, not something harmless in its stead."""
        return (id(form), field) not in self._unread

    def _value(self, place: Place, wanted: mi.Type) -> Any:
        return _READERS[type(wanted)](self, place, wanted)

    def _fields(self, place: Place) -> Iterator[tuple[str, yaml.Node, Place]]:
        """Name, node of the name and place of the value of every field, each once."""
        seen: set[str] = set()
        for key, value in place.node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problems.add(_at(place, key), "the name of a field is text")
            elif key.value in seen:
                self._problems.add(_at(place, key), f"{key.value} is here twice")
            else:
                seen.add(key.value)
                yield key.value, key, Place(place.file, place.source, value, (*place.keys, key.value))

    def _form(self, place: Place, wanted: mi.StructType) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self.scalars.refuse(place, "fields")
        known = _fields_of(wanted)
        values: dict[str, Any] = {}
        unread: set[str] = set()
        given: set[str] = set()
        for name, key, inside in self._fields(place):
            given.add(name)
            if name == wanted.tag_field:
                continue
            if name not in known:
                message = f"unknown field {name}"
                self._problems.add(_at(place, key), message, wrote=name, known=known.keys() - given)
                continue
            value = self._value(inside, known[name].type)
            if value is NOTHING:
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
        assert isinstance(form, msgspec.Struct)
        self._places[id(form)] = (form, place)
        self._unread.update((id(form), name) for name in unread)
        return form

    def _list(self, place: Place, wanted: mi.VarTupleType) -> Any:
        if not isinstance(place.node, yaml.SequenceNode):
            return self.scalars.refuse(place, "a list")
        count, least = len(place.node.value), wanted.min_length or 0
        if count < least:
            self._problems.add(place, f"must be at least {least}, is {count}" if count else "the list is empty")
        items = (Place(place.file, place.source, n, (*place.keys, i)) for i, n in enumerate(place.node.value))
        values = [self._value(item, wanted.item_type) for item in items]
        return tuple(value for value in values if value is not NOTHING)

    def _dict(self, place: Place, wanted: mi.DictType) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self.scalars.refuse(place, "fields")
        values = {}
        for name, key, inside in self._fields(place):
            if isinstance(wanted.key_type, mi.StrType) and not self.scalars.fits(
                _at(place, key), name, wanted.key_type
            ):
                continue
            value = self._value(inside, wanted.value_type)
            if value is not NOTHING:
                values[name] = value
        return values

    def _any(self, place: Place) -> Any:
        """What JSON would say: objects, arrays, texts, numbers, true, false, null; times are text."""
        if isinstance(place.node, yaml.MappingNode):
            return {name: self._any(inside) for name, _, inside in self._fields(place)}
        if isinstance(place.node, yaml.SequenceNode):
            nodes = enumerate(place.node.value)
            return [self._any(Place(place.file, place.source, n, (*place.keys, i))) for i, n in nodes]
        return self.scalars.json(place)

    def _one_of(self, place: Place, wanted: mi.UnionType) -> Any:
        types = [t for t in wanted.types if not isinstance(t, mi.NoneType)]
        tagged = {str(t.tag): t for t in types if isinstance(t, mi.StructType) and t.tag is not None}
        if tagged:
            return self._tagged(place, tagged)
        if len(types) == 1:
            return self._value(place, types[0])
        return self._value(place, _written_as(place.node, {type(t): t for t in types}))

    def _tagged(self, place: Place, tagged: dict[str, mi.StructType]) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self.scalars.refuse(place, "fields")
        tag_field = next(iter(tagged.values())).tag_field or ""
        at = place.into(tag_field)
        if at.node is place.node:
            self._problems.add(place, f"{tag_field} is missing")
            return NOTHING
        kind = self.scalars.choice(at, list(tagged))
        return NOTHING if kind is NOTHING else self._form(place, tagged[kind])


# On no instance, which would stand in a cycle and keep every node of the files until garbage is looked for.
_READERS: dict[type[mi.Type], Callable[[Reader, Place, Any], Any]] = {
    mi.StructType: Reader._form,  # noqa: SLF001 - rows of its own table
    mi.VarTupleType: Reader._list,  # noqa: SLF001
    mi.DictType: Reader._dict,  # noqa: SLF001
    mi.UnionType: Reader._one_of,  # noqa: SLF001
    mi.LiteralType: lambda reader, place, wanted: reader.scalars.choice(place, [str(v) for v in wanted.values]),
    mi.BoolType: lambda reader, place, _: reader.scalars.boolean(place),
    mi.IntType: lambda reader, place, wanted: reader.scalars.number(place, wanted),
    mi.FloatType: lambda reader, place, wanted: reader.scalars.number(place, wanted),
    mi.DateTimeType: lambda reader, place, _: reader.scalars.time(place),
    mi.StrType: lambda reader, place, wanted: reader.scalars.text(place, wanted),
    mi.AnyType: lambda reader, place, _: reader._any(place),  # noqa: SLF001
}

_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def _at(place: Place, key: yaml.Node) -> Place:
    """The place of a field's name."""
    return Place(place.file, place.source, key, place.keys)


def _written_as(node: yaml.Node, types: dict[type[mi.Type], mi.Type]) -> mi.Type:
    """Which of some types a value was written as; text where it is none of them.

    A number that is not whole is a fault of a whole number, and one of text where no number may be.
    """
    if mi.StructType in types and isinstance(node, yaml.MappingNode):
        return types[mi.StructType]
    if mi.VarTupleType in types and isinstance(node, yaml.SequenceNode):
        return types[mi.VarTupleType]
    if mi.BoolType in types and node.tag == "tag:yaml.org,2002:bool":
        return types[mi.BoolType]
    if mi.IntType in types and plain(node, INT):
        return types[mi.IntType]
    if node.tag in _NUMBER_TAGS or plain(node, FLOAT):
        return types.get(mi.FloatType) or types.get(mi.IntType) or types[mi.StrType]
    return types[mi.StrType]


@cache
def _described(form: type[msgspec.Struct]) -> mi.StructType:
    """The fields of a form and their types."""
    described = mi.type_info(form)
    assert isinstance(described, mi.StructType)
    return described


def _fields_of(form: mi.StructType) -> dict[str, mi.Field]:
    """The fields of a form by their names in files."""
    found = _BY_FORM.get(id(form))
    if found is None or found[0] is not form:
        found = _BY_FORM[id(form)] = form, {field.encode_name: field for field in form.fields}
    return found[1]


_BY_FORM: dict[int, tuple[mi.StructType, dict[str, mi.Field]]] = {}


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
