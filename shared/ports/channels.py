"""Channels: what a provider takes, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from shared.domain.catalogue import Channel
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.propensity import Counts


class Receipt(msgspec.Struct, frozen=True):
    """A provider's word that it took a message, with its own id of it where it gives one."""

    reference: str | None = None


class ChannelProvider(Protocol):
    """Sends to a channel's provider."""

    def send(self, channel: Channel, delivery_id: str, address: str | None, payload: Mapping[str, object]) -> Receipt:
        """Send once, with the delivery id as idempotency key.

        Raises:
            BouncedError: the provider said that the address is none.
            PermanentError: it refused the message for good, for another reason.
            NotTakenError: it did not take the message this time; with the seconds it asked for, where it did.
            TransientError: it may have taken the message, or not; likewise.
        """


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a treatment."""

    id: str
    outcome: str
    delivery_id: str
    at: datetime
    value: float | None = None


class Outcomes(Protocol):
    """Outcomes, each taken once."""

    def record(self, outcome: Outcome, delivery: Delivery, contact: Contact | None, learnt: Counts) -> None:
        """Create the outcome, note it in the person's contact history and add what is learnt to the model's counts by
        atomic increments, in one commit. `contact` is given where the history may have none yet (inbound treatments).
        One whose contact was folded meanwhile counts too.

        Raises:
            AlreadyExistsError: it was recorded before; nothing is written.
        """
