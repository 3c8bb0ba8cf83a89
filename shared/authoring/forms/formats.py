"""formats/*.yaml and examples/*.yaml: how the payloads of sources become signals, and what each example becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shared.authoring.forms.form import Form
from shared.domain.catalogue.formats import Batch, Headed, Shape
from shared.domain.part import Text


class Format(Form, frozen=True, kw_only=True):
    """formats/<name>.yaml.

    Attributes:
        description: who sends it, and where it is described.
        batch: how several events share a body, besides as an array.
        headers: how events have their fields in headers of the request.
        encoded: the fields of an item that are base64 of JSON, and the field that it is here.
        shapes: the shapes of its items; the first counts whose condition holds.
    """

    description: Text
    batch: Batch | None = None
    headers: Headed | None = None
    encoded: dict[Text, Text] = msgspec.field(default_factory=dict)
    shapes: Annotated[tuple[Shape, ...], Meta(min_length=1)]


class ExpectedConsent(Form, frozen=True, kw_only=True):
    """A consent that a signal carries.

    Attributes:
        purpose: what it is about.
        channel: where, empty for everywhere.
        granted: whether it was given.
    """

    purpose: Text
    channel: str = ""
    granted: bool


class Expected(Form, frozen=True, kw_only=True):
    """What an item becomes; what is not said is not compared.

    Attributes:
        id: the source's own id of the event.
        type: what happened.
        at: when, UTC.
        identifiers: by the source's names, before they are hashed.
        brand: the brand that it concerns.
        context: what surrounds it, whole.
        properties: the event's own facts and all the rest, whole.
        consent: all consents that it carries.
        proofs: all proofs of consent that others wrote, by kind.
        attributes: of the profile, all that it states.
        refused: what is said of an item that is refused, or a part of it.
        field: the field that is said not to fit.
    """

    id: Text | None = None
    type: Text | None = None
    at: datetime | None = None
    identifiers: dict[str, Any] | None = None
    brand: Text | None = None
    context: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    consent: tuple[ExpectedConsent, ...] | None = None
    proofs: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    refused: Text | None = None
    field: Text | None = None


class Example(Form, frozen=True, kw_only=True):
    """A payload and what becomes of it.

    Attributes:
        name: what it is.
        given: the body, in YAML or JSON.
        expect: what each of its items becomes, in their order.
    """

    name: Text
    given: Any
    expect: Annotated[tuple[Expected, ...], Meta(min_length=1)]


class Examples(Form, frozen=True, kw_only=True):
    """examples/<format>.yaml.

    Attributes:
        description: where the payloads are from.
        examples: payloads, each with what becomes of it.
    """

    description: Text
    examples: Annotated[tuple[Example, ...], Meta(min_length=1)]
