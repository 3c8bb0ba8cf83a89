"""What a catalogue says of what is around its actions: channels, sources of signals and their identifiers, and which
attributes of a person, a moment and a signal there are.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.catalogue.authentication import Authentication, KeyringKey, RateLimit
from shared.domain.catalogue.pacing import Breaker, SendRate
from shared.domain.part import Id, Name, Origin, Part, Pounds, Span, Text

AttributeType = Literal["bool", "int", "double", "string", "timestamp", "list(string)"]
PlainType = Literal["bool", "int", "double", "string", "list(string)"]
"""Types of what is the same in JSON and in expressions."""


class Namespace(Part, frozen=True, kw_only=True):
    """A kind of identifier.

    Attributes:
        id: what signals call it.
        kind: what it points at.
        priority: how strongly; higher is stronger evidence.
        unique: whether a person has only one.
        max_persons: how many persons one may be seen with; one that was seen with more is shared and links to nobody.
        max_values: how many a person may have.
        ttl_days: how long one means the same person: in each period of so many days, counted from 1970 by event time,
            it is a new identifier, and limits count within the period. Without, for ever.
    """

    id: Id
    kind: Literal["person", "device", "session"]
    priority: int
    unique: bool = False
    max_persons: Annotated[int, Meta(ge=1, le=100)] | None = None
    max_values: Annotated[int, Meta(ge=1, le=100)] | None = None
    ttl_days: Annotated[int, Meta(ge=1, le=3660)] | None = None

    @property
    def hangs(self) -> bool:
        """Whether one may hang on another identifier without counting for anything: it says nothing about limits."""
        return self.kind != "person" and not self.unique and self.max_values is None


class Blocked(Part, frozen=True, kw_only=True):
    """Values that identify nobody, whatever the namespace; upper and lower case are the same.

    Attributes:
        values: placeholders such as `null` and `anonymous`.
        patterns: in the syntax of RE2; a value that one of them matches as a whole.
        shortest: values of fewer characters.
        fewest_distinct: values of fewer different characters.
    """

    values: tuple[Text, ...] = ()
    patterns: tuple[Text, ...] = ()
    shortest: Annotated[int, Meta(ge=0, le=64)] = 0
    fewest_distinct: Annotated[int, Meta(ge=0, le=16)] = 0


class Placement(Part, frozen=True, kw_only=True):
    """A slot on an inbound channel.

    Attributes:
        id: what requests call it, such as web.home.hero.
        name: what people call it.
    """

    id: Id
    name: Text


Medium = Literal["html", "text", "header", "url", "sms", "json"]
"""What a text is escaped for: markup; plain text; one line of a header; an address, of which values never change the
host; a text message; a piece of JSON.
"""


class ContentField(Part, frozen=True, kw_only=True):
    """A field of a channel's content.

    Attributes:
        medium: what it is escaped for.
        needed: whether every treatment on the channel says it.
        most_segments: how many text messages it may become, of a text message.
        tracked: whether the links in it lead through ours, which note the click; in HTML an opening is noted too.
    """

    medium: Medium
    needed: bool = False
    most_segments: Annotated[int, Meta(ge=1, le=10)] | None = None
    tracked: bool = False


class Channel(Part, frozen=True, kw_only=True):
    """Where treatments appear.

    Attributes:
        id: what treatments and rules call it.
        name: what people call it.
        direction: inbound channels ask, outbound ones are sent.
        medium: what text is escaped for.
        price: pounds per contact, or of one priced by segments per text message that it becomes.
        priced_by: what the price is of.
        needs_contact_point: whether a person must have an address, number or token there.
        max_attempts: sends tried before a delivery fails.
        timeout_seconds: how long the provider may take to answer, where its connector does not say.
        placements: slots, of an inbound channel only.
        rate_limit: how fast all instances together may send through each of its connectors that says nothing itself; as
            fast as they like where neither does.
        breaker: when nothing is sent for a while, since the provider fails.
        deadline: how long after its decision a message may be sent, such as 30m or 1d, unless its treatment says
            otherwise.
        response_window: how long a person may take to respond, from sending or from the first impression; nothing
            until then is no_response.
        attribution_window: how long after a contact an outcome that names no delivery may still be of it.
        content: the fields of its content, by name; any, where it declares none.
        connector: what an outbound channel is sent through.
        connectors: another instead, by brand.
    """

    id: Id
    name: Text
    direction: Literal["inbound", "outbound"]
    medium: Literal["html", "text"]
    price: Pounds
    priced_by: Literal["contact", "segment"] = "contact"
    needs_contact_point: bool = False
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 5
    timeout_seconds: Annotated[float, Meta(gt=0, le=15)] = 10.0
    placements: tuple[Placement, ...] = ()
    rate_limit: SendRate | None = None
    breaker: Breaker = Breaker()
    deadline: Span = "1h"
    response_window: Span = "7d"
    attribution_window: Span = "30d"
    content: dict[Name, ContentField] = msgspec.field(default_factory=dict)
    connector: str | None = None
    connectors: dict[str, str] = msgspec.field(default_factory=dict)


class Source(Part, frozen=True, kw_only=True):
    """A system that sends signals in a shape of its own, and what its identifiers are called here.

    Attributes:
        id: what its signals name as their source.
        name: what people call it.
        format: what reads it: `canonical`, `adobe-xdm`, or a format that the catalogue declares.
        identifiers: the source's name of an identifier to the namespace here.
        origins: browser origins that may send, for CORS.
        priority: whose word on an attribute counts where sources differ; the higher, and of equals the later.
        authentication: how it proves who it is, in one of several ways; by a key of the keyring where it says nothing.
        rate_limit: how fast it may send; as fast as it likes where it says nothing.
    """

    id: Id
    name: Text
    format: Id
    identifiers: dict[str, str] = msgspec.field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    priority: int = 0
    authentication: tuple[Authentication, ...] = ()
    rate_limit: RateLimit | None = None

    @property
    def ways(self) -> tuple[Authentication, ...]:
        """The ways in which it may prove who it is."""
        return self.authentication or (KeyringKey(),)


class Attribute(Part, frozen=True, kw_only=True):
    """The declared type of one attribute; one that is `protected` never predicts anything."""

    type: AttributeType
    description: str = ""
    required: bool = False
    protected: bool = False


class SignalType(Part, frozen=True, kw_only=True):
    """The declared properties of one type of signal; where it is `open`, others may be read too."""

    properties: dict[str, Attribute] = msgspec.field(default_factory=dict)
    open: bool = False
