"""Formats that are declared: how the payloads of a kind of source become signals, said in CEL and tables."""

from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec

from shared.domain.catalogue.consent import ProofKind
from shared.domain.part import Cel, Name, Part, Text

BUILT_IN_FORMATS = ("canonical", "adobe-xdm")
"""Formats that are no files of a catalogue."""

Exprs = Cel | tuple[Cel, ...]
"""One expression, or several of which the first counts that has a value: null, empty text and what is absent are none.

Each reads `item` and what `let` names. One that is a field of the item and nothing else, such as `item.user_id`, moves
that field: it does not stand among the properties too. Anything deeper, or computed, is a copy.
"""


class Field(Part, frozen=True, kw_only=True):
    """A value that is brought to our words, or is read only sometimes.

    Attributes:
        from_: where it stands.
        names: what its words are here, whatever their case; a word that is not listed is no value.
        when: the condition under which it is read.
        as_: takes the `path` of a URL; what is no URL stays as it is.
    """

    from_: Exprs = msgspec.field(name="from")
    names: dict[str, str] = msgspec.field(default_factory=dict)
    when: Cel = ""
    as_: Literal["path"] | None = msgspec.field(name="as", default=None)


Value = Exprs | Field


class TypeNaming(Part, frozen=True, kw_only=True):
    """What names the type of a signal.

    Attributes:
        from_: the source's word.
        names: types by the source's word, whatever its case.
        by: of some words of the source, where the name of what happened stands instead.
        others: what becomes of other words: they are the name, in lower snake case, or no signal.
    """

    from_: Exprs = msgspec.field(name="from")
    names: dict[str, Name] = msgspec.field(default_factory=dict)
    by: dict[str, Exprs] = msgspec.field(default_factory=dict)
    others: Literal["taken", "refused"] = "taken"


class EventTime(Part, frozen=True, kw_only=True):
    """When it happened: ISO 8601, or a number since 1970 whose unit (s, ms, µs, ns) its size tells.

    Attributes:
        from_: where it stands.
        zone: the time zone of what is written without one, by its IANA name; empty where that is no time.
    """

    from_: Exprs = msgspec.field(name="from")
    zone: str = ""


class Surrounded(Part, frozen=True, kw_only=True):
    """What surrounds an event.

    Attributes:
        of: an object that is the context; its objects of a name among `fields` are kept as `<name>_details`.
        fields: single facts of it, by our names.
    """

    of: Value = ()
    fields: dict[str, Value] = msgspec.field(default_factory=dict)


class Kept(Part, frozen=True, kw_only=True):
    """The properties: nothing of an item is lost but what `drop` names.

    Attributes:
        of: an object that is the properties; without one the item is.
        more: what stands beside it, by name.
        rest: the property that keeps what no other part took; empty where each field stands by itself.
        drop: fields of the item that are never kept, such as a write key.
        numbers: properties that are numbers, also where they come as texts.
        personal: names, wherever they stand, whose values are personal and kept as hashes only.
    """

    of: Value = ()
    more: dict[str, Value] = msgspec.field(default_factory=dict)
    rest: str = ""
    drop: tuple[Text, ...] = ()
    numbers: tuple[Text, ...] = ()
    personal: tuple[Text, ...] = ()


class Category(Part, frozen=True, kw_only=True):
    """What consent of one category is about.

    Attributes:
        purpose: as treatments have them.
        channel: on one channel, or on all.
    """

    purpose: Text
    channel: str = ""


class ConsentReading(Part, frozen=True, kw_only=True):
    """Where consent stands.

    Attributes:
        from_: its word: true, yes, granted, or false, no, denied; or an object of words by category.
        purpose: what it is about, where it is one word.
        channel: on one channel, or on all.
        categories: what each category is about, whatever its case and its separators; others say nothing.
        granted: further words that grant.
        withdrawn: further words that withdraw.
        silent: words that say nothing. Any other word is refused: a withdrawal may hide in it.
    """

    from_: Exprs = msgspec.field(name="from")
    purpose: str = ""
    channel: str = ""
    categories: dict[str, Category] = msgspec.field(default_factory=dict)
    granted: tuple[Text, ...] = ()
    withdrawn: tuple[Text, ...] = ()
    silent: tuple[Text, ...] = ()


class ProofReading(Part, frozen=True, kw_only=True):
    """Where proofs of consent stand that others wrote; what they mean here, consent.yaml says.

    Attributes:
        tcf: a TC string of the IAB's framework.
        gcs: of Google's Consent Mode, such as G101.
        gcd: of Google's Consent Mode, such as 13r3q3r3q5.
        consent_mode: an object of Consent Mode's signals, each GRANTED or DENIED.
    """

    tcf: Value = ()
    gcs: Value = ()
    gcd: Value = ()
    consent_mode: Value = ()


class Let(Part, frozen=True, kw_only=True):
    """A name for what an expression gives.

    Attributes:
        name: what other expressions call it.
        value: what it stands for.
    """

    name: Name
    value: Cel


class Shape(Part, frozen=True, kw_only=True):
    """One of the shapes that the items of a format have.

    Attributes:
        name: what people call it.
        when: what tells that an item has it; the last shape may go without.
        rename: by field of the item, the names of what stands in it: attribute ids to words.
        let: names for what several expressions use; each may use those before it.
        id: the source's own id of the event.
        type: what happened.
        at: when.
        identifiers: by the source's own names, which the source's entry in sources.yaml gives a namespace; of two that
            have the same one, the first counts.
        identities: an object of further ones by name: each text, a list of texts, or of objects with an `id`.
        brand: the brand that it concerns.
        context: what surrounds it.
        properties: the event's own facts, and everything else.
        consent: consents that it carries.
        proofs: what others wrote of its consents.
        attributes: of the profile, which schema.yaml declares; numbers may come as texts.
    """

    name: Text
    when: Cel = ""
    rename: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    let: tuple[Let, ...] = ()
    id: Exprs = ()
    type: TypeNaming
    at: EventTime | None = None
    identifiers: dict[str, Value] = msgspec.field(default_factory=dict)
    identities: Exprs = ()
    brand: Value = ()
    context: Surrounded = Surrounded()
    properties: Kept = Kept()
    consent: tuple[ConsentReading, ...] = ()
    proofs: ProofReading = ProofReading()
    attributes: dict[Name, Value] = msgspec.field(default_factory=dict)


Keys = tuple[str | int, ...]

PROOFS: tuple[ProofKind, ...] = get_args(ProofKind)


def values(shape: Shape) -> Iterator[tuple[Keys, Value]]:
    """Every value that a shape reads, with the fields that lead to it."""
    yield ("id",), shape.id
    yield ("type", "from"), shape.type.from_
    for word, exprs in shape.type.by.items():
        yield ("type", "by", word), exprs
    if shape.at is not None:
        yield ("at", "from"), shape.at.from_
    for name, value in shape.identifiers.items():
        yield ("identifiers", name), value
    yield ("identities",), shape.identities
    yield ("brand",), shape.brand
    yield ("context", "of"), shape.context.of
    for name, value in shape.context.fields.items():
        yield ("context", "fields", name), value
    yield ("properties", "of"), shape.properties.of
    for name, value in shape.properties.more.items():
        yield ("properties", "more", name), value
    for index, consent in enumerate(shape.consent):
        yield ("consent", index, "from"), consent.from_
    for kind in PROOFS:
        yield ("proofs", kind), getattr(shape.proofs, kind)
    for name, value in shape.attributes.items():
        yield ("attributes", name), value


def expressions(value: Value) -> Iterator[tuple[Keys, str]]:
    """The expressions of a value, each with the fields that lead to it from there."""
    if isinstance(value, Field):
        for keys, text in expressions(value.from_):
            yield ("from", *keys), text
        if value.when:
            yield ("when",), value.when
    elif isinstance(value, str):
        yield (), value
    else:
        for index, text in enumerate(value):
            yield (index,), text


class Batch(Part, frozen=True, kw_only=True):
    """A body of several events in one object.

    Attributes:
        items: its field that holds them.
        shared: its fields that hold for each; `*` is all the others.
    """

    items: Text
    shared: tuple[Text, ...] = ()


class Headed(Part, frozen=True, kw_only=True):
    """Events whose fields travel as headers of the request.

    Attributes:
        prefix: of the headers' names, lower case; the rest of a name is the field's.
        body: the field that the body is.
    """

    prefix: Text
    body: Text


class Format(Part, frozen=True, kw_only=True):
    """How the payloads of a kind of source become signals.

    Attributes:
        id: what sources call it.
        shapes: its shapes; the first counts whose condition holds.
        batch: how several events share a body, besides as an array.
        headers: how events have their fields in headers.
        encoded: the fields of an item that are base64 of JSON, by the field that it is here.
        programs: its expressions by their text, as `shared.domain.cel` takes them.
        identifiers: the names of each shape's identifiers in the order of the file, which fields of JSON do not keep.
    """

    id: str
    shapes: tuple[Shape, ...]
    batch: Batch | None = None
    headers: Headed | None = None
    encoded: dict[str, str] = msgspec.field(default_factory=dict)
    programs: dict[str, Any] = msgspec.field(default_factory=dict)
    identifiers: tuple[tuple[str, ...], ...] = ()
