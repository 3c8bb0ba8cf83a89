"""schema.yaml, channels.yaml, identity.yaml, sources.yaml, callbacks.yaml: what is read, and who sends and reports."""

from __future__ import annotations

import msgspec

from shared.authoring.forms.form import Form
from shared.domain.catalogue import (
    AttributeType,
    Blocked,
    Callback,
    Namespace,
    PlainType,
    Source,
    surroundings,
)
from shared.domain.part import Name, Pounds, Text


class Attribute(Form, frozen=True, kw_only=True):
    """The declaration of one attribute.

    Attributes:
        type: what its values are.
        description: what it means, with its unit.
        required: whether it is always there; any other may be missing.
        protected: whether it is a protected characteristic, which never predicts anything.
        values: the only ones that a string, or an item of a list, may have.
    """

    type: AttributeType
    description: Text
    required: bool = False
    protected: bool = False
    values: tuple[Text, ...] = ()


class PlainAttribute(Form, frozen=True, kw_only=True):
    """The declaration of an attribute of actions.

    Attributes:
        type: what its values are.
        description: what it means, with its unit.
        required: whether every action has to give it.
        values: the only ones that a string, or an item of a list, may have.
    """

    type: PlainType
    description: Text
    required: bool = False
    values: tuple[Text, ...] = ()


class Property(Form, frozen=True, kw_only=True):
    """The declaration of one property of a type of signal; it may always be missing.

    Attributes:
        type: what its values are.
        description: what it means, with its unit.
        protected: whether it is a protected characteristic, which never predicts anything.
        values: the only ones that a string, or an item of a list, may have.
    """

    type: PlainType
    description: Text
    protected: bool = False
    values: tuple[Text, ...] = ()


class SignalType(Form, frozen=True, kw_only=True):
    """What signals of one type carry.

    Attributes:
        description: what has happened.
        open: whether expressions may read properties that are not declared; their types are not checked.
        properties: those declared, by name.
    """

    description: Text
    open: bool = False
    properties: dict[Name, Property] = msgspec.field(default_factory=dict)


class Schema(Form, frozen=True, kw_only=True):
    """schema.yaml: what expressions and templates may read.

    Attributes:
        profile: attributes of the person, by name.
        context: what surrounds a signal or a request, by name.
        signals: types of signals, by name, and the properties of each.
        action: attributes that actions give values of, by name.
    """

    profile: dict[Name, Attribute]
    context: dict[Name, Attribute] = msgspec.field(default_factory=dict)
    signals: dict[Name, SignalType] = msgspec.field(default_factory=dict)
    action: dict[Name, PlainAttribute] = msgspec.field(default_factory=dict)


class Channel(surroundings.Channel, frozen=True, kw_only=True):
    """Where treatments appear.

    Attributes:
        price: pounds per contact; where it is not given, that of the dearest of its connectors.
    """

    price: Pounds | None = None  # type: ignore[assignment]  # what a revision holds has always one


class Channels(Form, frozen=True, kw_only=True):
    """channels.yaml.

    Attributes:
        channels: where treatments appear.
    """

    channels: tuple[Channel, ...]


class Identity(Form, frozen=True, kw_only=True):
    """identity.yaml.

    Attributes:
        namespaces: kinds of identifier.
        blocked: values that identify nobody.
    """

    namespaces: tuple[Namespace, ...]
    blocked: Blocked = Blocked()


class Sources(Form, frozen=True, kw_only=True):
    """sources.yaml.

    Attributes:
        sources: systems that send signals.
    """

    sources: tuple[Source, ...] = ()


class Callbacks(Form, frozen=True, kw_only=True):
    """callbacks.yaml.

    Attributes:
        callbacks: providers that report what became of messages.
    """

    callbacks: tuple[Callback, ...] = ()
