"""One shape of a declared format, compiled: from an item to a raw signal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.domain.catalogue.formats import PROOFS, Shape, Value, expressions, values
from shared.domain.catalogue.surroundings import Attribute, AttributeType, SignalType
from shared.domain.consent.proofs import Proof
from shared.domain.errors import InvalidError
from shared.domain.normalising.coercion import coerced
from shared.domain.normalising.consenting import Consenting
from shared.domain.normalising.raw import RawSignal, beside, described, snake_case, text
from shared.domain.normalising.reading import Expression, Reading, Variables, folded, path
from shared.domain.normalising.times import event_instant
from shared.domain.normalising.unpacking import identity_values, renamed_fields
from shared.domain.personal import letters

WORD = "word"
"""In expressions: the source's word that named the type, in lower case; what names the type does not know it yet."""

UNFIT_ATTRIBUTE = "unfit_attribute"
"""A signal's flag: an attribute that its format reads was there and none of its declared type."""


class Declared(NamedTuple):
    """What a catalogue declares of the values that signals carry.

    Attributes:
        profile: attributes of the person.
        context: what surrounds a signal.
        signals: types of signals, each with its properties.
    """

    profile: Mapping[str, Attribute]
    context: Mapping[str, Attribute]
    signals: Mapping[str, SignalType]


class Shaped:
    """Reads the items of one shape."""

    def __init__(
        self, shape: Shape, identifiers: Sequence[str], programs: Mapping[str, Any], declared: Declared
    ) -> None:
        """Compile a shape whose identifiers have this order.

        Raises:
            InvalidError: a program of it is none.
        """

        def reading(value: Value) -> Reading:
            return Reading(value, programs)

        self.name = shape.name
        self.when = Expression(shape.when, programs).run if shape.when else None
        self._rename = shape.rename
        self._let = [(let.name, Expression(let.value, programs).run) for let in shape.let]
        self._id = reading(shape.id)
        self._type = reading(shape.type.from_)
        self._types = folded(shape.type.names)
        self._by = {word: reading(exprs) for word, exprs in folded(shape.type.by).items()}
        self._known_types = sorted({*shape.type.names, *shape.type.by}) if shape.type.others == "refused" else None
        self._at = reading(shape.at.from_) if shape.at else None
        self._zone = shape.at.zone if shape.at else ""
        self._identifiers = [(name, reading(shape.identifiers[name])) for name in identifiers]
        self._identities = reading(shape.identities)
        self._brand = reading(shape.brand)
        self._context_of = reading(shape.context.of)
        self._context = [
            (name, reading(value), kind.type if (kind := declared.context.get(name)) else None)
            for name, value in sorted(shape.context.fields.items())
        ]
        self._of = reading(shape.properties.of)
        self._more = [(name, reading(value)) for name, value in sorted(shape.properties.more.items())]
        self._rest = shape.properties.rest
        self._numbers = shape.properties.numbers
        self._drop = frozenset(shape.properties.drop)
        self._personal = frozenset(letters(name) for name in shape.properties.personal)
        self._consent = [Consenting(consent, programs) for consent in shape.consent]
        self._proofs = [(kind, read) for kind in PROOFS if (read := reading(getattr(shape.proofs, kind)))]
        self._attributes = [
            (name, reading(value), declared.profile[name].type) for name, value in sorted(shape.attributes.items())
        ]
        self._kinds: dict[str, list[tuple[str, AttributeType]]] = {
            name: [(p, a.type) for p, a in signal.properties.items()] for name, signal in declared.signals.items()
        }
        self._movable = frozenset(_movable(shape))

    def read(self, item: dict[str, Any]) -> RawSignal:
        """The signal that an item of this shape is.

        Raises:
            InvalidError: with the field that does not fit.
        """
        if self._rename:
            item = {**item, **renamed_fields(item, self._rename)}
        variables: Variables = {"item": item}
        for name, run in self._let:
            value = run(variables)
            if value is not None:
                variables[name] = value
        moved: set[str] = set()
        kind = self._named(variables, moved)
        attributes, unfit = self._read_attributes(variables, moved)
        event_id = next(self._id.all(variables), None)
        at = self._when_it_was(variables, moved)
        identifiers, further = self._identified(variables, moved)
        if event_id is not None:
            _move(event_id[1], moved)
        brand = self._brand.first(variables, moved)
        context = self._surroundings(variables, moved)
        return RawSignal(
            id=None if event_id is None else text(event_id[0], event_id[1].shown or "id"),
            type=kind,
            at=at,
            identifiers=identifiers,
            further=further,
            brand=brand if isinstance(brand, str) else None,
            context=context,
            consent=tuple(change for consent in self._consent for change in consent.changes(variables)),
            proofs=tuple(self._proved(variables)) if self._proofs else (),
            attributes=attributes,
            flags=(UNFIT_ATTRIBUTE,) if unfit else (),
            personal=self._personal,
            properties=self._properties(item, variables, moved, kind),
        )

    def _named(self, variables: Variables, moved: set[str]) -> str:
        for word, expression in self._type.all(variables):
            if word.__class__ is not str:
                raise InvalidError(f"expected text, got {described(word)}", field=expression.shown or "type")
            told = variables[WORD] = word.strip().casefold()
            known = self._types.get(told)
            if known is not None:
                _move(expression, moved)
                return str(known)
            by = self._by.get(told)
            if by is not None:
                _move(expression, moved)
                return self._named_by(by, variables, moved)
            if self._known_types is not None:
                raise InvalidError(f"is not one of {', '.join(self._known_types)}", field=expression.shown or "type")
            return _snake(word, expression, moved)
        advice = f"; it is one of {', '.join(self._known_types)}" if self._known_types else ", and names what happened"
        raise InvalidError(f"is missing{advice}", field=self._type.shown or "type")

    @staticmethod
    def _named_by(by: Reading, variables: Variables, moved: set[str]) -> str:
        for word, expression in by.all(variables):
            if word.__class__ is not str:
                raise InvalidError(f"expected text, got {described(word)}", field=expression.shown or "type")
            return _snake(word, expression, moved)
        raise InvalidError("is missing, and names what happened", field=by.shown or "type")

    def _when_it_was(self, variables: Variables, moved: set[str]) -> Any:
        if self._at is None:
            return None
        for value, expression in self._at.all(variables):
            _move(expression, moved)
            return event_instant(value, expression.shown or "at", zone=self._zone)
        return None

    def _identified(self, variables: Variables, moved: set[str]) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
        """One value per name, and further ones of a name."""
        found: dict[str, Any] = {}
        for name, reading in self._identifiers:
            for value, expression in reading.all(variables):
                if (value.__class__ is str and not value.isspace()) or value.__class__ is int or expression.moves:
                    found[name] = value
                    _move(expression, moved)
                    break
        further: dict[str, tuple[Any, ...]] = {}
        named = self._identities.first(variables, moved) if self._identities else None
        if named is None:
            return found, further
        if named.__class__ is not dict:
            raise InvalidError(f"expected an object, got {described(named)}", field=self._identities.shown)
        for name, held in named.items():
            values = [*identity_values(held, f"{self._identities.shown}.{name}")]
            if name in found:
                further[name] = tuple(value for value in values if value != found[name])
            elif values:
                found[name] = values[0]
                further[name] = tuple(value for value in dict.fromkeys(values[1:]) if value != values[0])
        return found, {name: values for name, values in further.items() if values}

    def _surroundings(self, variables: Variables, moved: set[str]) -> dict[str, Any]:
        context = _object(self._context_of, variables, moved)
        for name, reading, kind in self._context:
            value = None
            for found, expression in reading.all(variables):
                value = found if kind is None else coerced(found, kind)
                if value is not None and value.__class__ is not dict:
                    _move(expression, moved)
                    break
            if context.get(name).__class__ is dict:
                context[f"{name}_details"] = context.pop(name)
            if value is not None and value.__class__ is not dict:
                context[name] = value
        return context

    def _read_attributes(self, variables: Variables, moved: set[str]) -> tuple[dict[str, Any], bool]:
        """The attributes of the profile, and whether one was there that did not fit its type."""
        attributes: dict[str, Any] = {}
        unfit: set[str] = set()
        for name, reading, kind in self._attributes:
            for found, expression in reading.all(variables):
                value = coerced(found, kind)
                if value is None:
                    unfit.add(name)
                    continue
                attributes[name] = value
                _move(expression, moved)
                break
        return attributes, bool(unfit - attributes.keys())

    def _proved(self, variables: Variables) -> Iterator[Proof]:
        for kind, reading in self._proofs:
            for value, expression in reading.all(variables):
                yield Proof(kind, value, expression.shown or kind)
                break

    def _properties(self, item: dict[str, Any], variables: Variables, moved: set[str], kind: str) -> dict[str, Any]:
        properties = _object(self._of, variables, moved)
        more = {
            name: value for name, reading in self._more if (value := reading.first(variables, moved)) not in (None, {})
        }
        rest = {
            name: value
            for name, value in item.items()
            if name not in moved and name not in self._drop and not (name in self._movable and value in (None, "", {}))
        }
        if self._rest:
            kept = beside(properties, {**more, self._rest: rest} if rest else more)
        else:
            kept = beside(beside(properties, rest) if properties else rest, more) if more else beside(properties, rest)
        for name in self._numbers:
            if kept.get(name).__class__ is str and (number := coerced(kept[name], "double")) is not None:
                kept[name] = int(number) if number.is_integer() else number
        for name, wanted in self._kinds.get(kind, ()):
            if name in kept and (value := coerced(kept[name], wanted)) is not None:
                kept[name] = value
        return kept


def _move(expression: Expression, moved: set[str]) -> None:
    if expression.moves is not None:
        moved.add(expression.moves)


def _snake(word: str, expression: Expression, moved: set[str]) -> str:
    """A name as a type; where that is another spelling, the source's own stays among the properties."""
    named = snake_case(word, expression.shown or "type")
    if named == word:
        _move(expression, moved)
    return named


def _object(reading: Reading, variables: Variables, moved: set[str]) -> dict[str, Any]:
    for value, expression in reading.all(variables):
        if value.__class__ is not dict:
            raise InvalidError(f"expected an object, got {described(value)}", field=expression.shown)
        _move(expression, moved)
        return dict(value)
    return {}


def _movable(shape: Shape) -> Iterator[str]:
    """The fields of an item that some part of a shape moves."""
    for keys, value in values(shape):
        for _, written in expressions(value) if keys[0] not in ("consent", "proofs") else ():
            steps = path(written)
            if steps is not None and len(steps) == 1 and isinstance(steps[0], str):
                yield steps[0]
