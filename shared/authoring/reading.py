"""YAML into forms: every value by its declared type, every refusal with its line and column.

What cannot be read is noted and replaced by something harmless, so that one build names all there is to correct.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec
import msgspec.inspect as mi
import yaml

from shared.authoring.composing import compose
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.scalars import FLOAT, NOTHING, Scalars, plain

FormT = TypeVar("FormT", bound=msgspec.Struct)


class Reader:
    """Reads the files of one catalogue and remembers where each form stood."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._scalars = Scalars(problems)
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
                return self._scalars.choice(place, [str(value) for value in wanted.values])
            case mi.BoolType():
                return self._scalars.boolean(place)
            case mi.IntType() | mi.FloatType():
                return self._scalars.number(place, wanted)
            case mi.DateTimeType():
                return self._scalars.time(place)
            case mi.StrType():
                return self._scalars.text(place, wanted)
            case _:
                raise TypeError(f"no file holds a {wanted}")

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
            return self._scalars.refuse(place, "fields")
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
            return self._scalars.refuse(place, "a list")
        if len(place.node.value) < (wanted.min_length or 0):
            self._problems.add(place, "the list is empty")
        values = [self._value(place.into(i), wanted.item_type) for i in range(len(place.node.value))]
        return tuple(value for value in values if value is not NOTHING)

    def _dict(self, place: Place, wanted: mi.DictType) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self._scalars.refuse(place, "fields")
        values = {}
        for name, at, inside in self._fields(place):
            if isinstance(wanted.key_type, mi.StrType) and not self._scalars.fits(at, name, wanted.key_type):
                continue
            value = self._value(inside, wanted.value_type)
            if value is not NOTHING:
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
        return self._value(place, number if node.tag in _NUMBER_TAGS or plain(node, FLOAT) else text)

    def _tagged(self, place: Place, tagged: dict[str, mi.StructType]) -> Any:
        if not isinstance(place.node, yaml.MappingNode):
            return self._scalars.refuse(place, "fields")
        tag_field = next(iter(tagged.values())).tag_field or ""
        at = place.into(tag_field)
        if at.node is place.node:
            self._problems.add(place, f"{tag_field} is missing")
            return NOTHING
        kind = self._scalars.choice(at, list(tagged))
        return NOTHING if kind is NOTHING else self._form(place, tagged[kind])


_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@cache
def _described(form: type[msgspec.Struct]) -> mi.StructType:
    """The fields of a form and their types."""
    described = mi.type_info(form)
    assert isinstance(described, mi.StructType)
    return described


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
