"""schema.yaml, channels.yaml, identity.yaml, sources.yaml: what may be read, where treatments appear, who sends."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.authoring.forms.form import Form
from shared.domain.catalogue import (
    AttributeType,
    Blocked,
    Breaker,
    Namespace,
    Placement,
    PlainType,
    SendRate,
    Source,
)
from shared.domain.part import Id, Name, Pounds, Span, Text


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


class Channel(Form, frozen=True, kw_only=True):
    """Where treatments appear.

    Attributes:
        id: what treatments and rules call it.
        name: what people call it.
        direction: inbound channels ask, outbound ones are sent.
        medium: what text is escaped for.
        price: pounds per contact; where it is not given, that of the dearest of its connectors.
        needs_contact_point: whether a person must have an address, number or token there.
        max_attempts: sends tried before a delivery fails.
        timeout_seconds: how long the provider may take to answer, where its connector does not say.
        placements: slots, of an inbound channel only.
        rate_limit: how fast all instances together may send; as fast as they like where it says nothing.
        breaker: when nothing is sent for a while, since the provider fails.
        deadline: how long after its decision a message may be sent, such as 30m or 1d, unless its treatment says
            otherwise.
        connector: what an outbound channel is sent through.
        connectors: another instead, by brand.
    """

    id: Id
    name: Text
    direction: Literal["inbound", "outbound"]
    medium: Literal["html", "text"]
    price: Pounds | None = None
    needs_contact_point: bool = False
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 5
    timeout_seconds: Annotated[float, Meta(gt=0, le=15)] = 10.0
    placements: tuple[Placement, ...] = ()
    rate_limit: SendRate | None = None
    breaker: Breaker = Breaker()
    deadline: Span = "1h"
    connector: str | None = None
    connectors: dict[Name, str] = msgspec.field(default_factory=dict)


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
