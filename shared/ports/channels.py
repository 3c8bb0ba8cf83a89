"""Channels: what a provider takes, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from shared.domain.catalogue import Connector
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.observed import Observed, Took
from shared.ports.versioned import Versioned


class Receipt(msgspec.Struct, frozen=True):
    """A provider's word that it took a message, with its own id of it where it gives one."""

    reference: str | None = None


class ChannelProvider(Protocol):
    """Sends to a channel's provider."""

    def send(
        self, connector: Connector, delivery_id: str, address: str | None, payload: Mapping[str, object]
    ) -> Receipt:
        """Send once through a connector, with the delivery id as idempotency key; `payload` is what its texts read.

        Raises:
            BouncedError: the provider said that the address is none.
            PermanentError: it refused the message for good, for another reason.
            NotTakenError: it did not take the message this time; with the seconds it asked for, where it did.
            TransientError: it may have taken the message, or not; likewise.
        """


class Recording(NamedTuple):
    """Outcomes of one delivery that are taken in together.

    Attributes:
        delivery: theirs.
        took: what comes of it.
        version: of what was observed before, None where that was nothing.
        contact: given where the history may have none yet (inbound treatments).
    """

    delivery: Delivery
    took: Took
    version: str | None
    contact: Contact | None = None


class OpenWindow(NamedTuple):
    """A response window that has not been looked at since it ended.

    Attributes:
        delivery_id: whose it is.
        respond_by: when it ended, UTC.
        delivery: the delivery, None where it is gone, as its person was erased.
        shown: whether it was shown, and not sent.
    """

    delivery_id: str
    respond_by: datetime
    delivery: Delivery | None
    shown: bool


class ResponseWindows(Protocol):
    """Response windows of what was sent and what was seen, to whoever closes them."""

    def due(self, before: datetime, limit: int) -> Sequence[OpenWindow]:
        """Those that ended before, and are not closed; of each kind the earliest first."""

    def close(self, windows: Sequence[OpenWindow]) -> None:
        """Let some, at most 500, be due no more."""


class Outcomes(Protocol):
    """What was observed of each delivery."""

    def observed(self, delivery_ids: Sequence[str]) -> dict[str, Versioned[Observed]]:
        """What was observed of some deliveries, of those of which anything was, by id; in one batched read."""

    def record(self, recordings: Sequence[Recording]) -> None:
        """Keep what is observed of some deliveries, each once; note it in their persons' contact histories, and add
        what is learnt to the models' counts by atomic increments: all in one commit, guarded by what was observed of
        each before. So nothing is learnt twice, whoever dies and however often it is tried. A contact that was folded
        meanwhile is noted too.

        Raises:
            StaleError: of one of them something else was observed meanwhile; nothing is written.
        """
