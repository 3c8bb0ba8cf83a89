"""Callbacks: what providers of channels report of messages by themselves, and which outcomes that is here."""

from typing import Annotated

from msgspec import Meta

from shared.domain.catalogue.authentication import Authentication
from shared.domain.catalogue.surroundings import Source
from shared.domain.outcome import OutcomeName
from shared.domain.part import Id, Name, Part, Text

DELIVERY_ID, REFERENCE = "delivery_id", "reference"
"""What a format of callbacks calls its identifiers: the delivery's id where the message carried it, and the provider's
own id of the message.
"""

SECRETS = "kairos-callback-"
"""How the names of secrets begin by which providers prove themselves."""


class Callback(Part, frozen=True, kw_only=True):
    """A provider that reports what became of messages.

    Attributes:
        id: what the address that it sends to ends in.
        name: what people call it.
        format: the declared format that reads what it sends.
        channels: of whose deliveries it may speak.
        outcomes: which outcome an event of a type is; what others tell is none.
        reference_ends: what ends the provider's id of a message, where more stands behind it in events than in the
            answer to sending.
        authentication: how it proves who it is, in one of several ways.
    """

    id: Id
    name: Text
    format: Id
    channels: Annotated[tuple[Id, ...], Meta(min_length=1)]
    outcomes: Annotated[dict[Name, OutcomeName], Meta(min_length=1)]
    reference_ends: str = ""
    authentication: Annotated[tuple[Authentication, ...], Meta(min_length=1)]

    @property
    def sender(self) -> Source:
        """Who has to prove itself."""
        return Source(id=self.id, name=self.name, format=self.format, authentication=self.authentication)
