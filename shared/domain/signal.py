"""A signal: one thing that happened, as it is accepted at the door (`domain.md` 2)."""

from __future__ import annotations

import hashlib
import struct
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from shared.domain.instant import Instant

_length = struct.Struct(">I").pack

LATE_AFTER = timedelta(hours=24)
"""A signal this much older than its receipt updates the profile and starts no decision."""

EARLY_BEYOND = timedelta(minutes=5)
"""A signal this far in the future is clamped to its receipt and flagged `clock_skew`."""

Basis = Literal["consent", "contract", "legal_obligation", "legitimate_interest"]
"""What makes a use of a person's data lawful."""

CLOCK_SKEW = "clock_skew"
LATE = "late"

DECISION_REQUESTED = "decision_requested"
"""The type of the signal that a request to decide is."""
CONSENT_UNREADABLE = "consent_unreadable"


class ConsentChange(msgspec.Struct, frozen=True, kw_only=True):
    """One purpose on one channel granted or withdrawn.

    Attributes:
        purpose: of ours.
        channel: of ours, None for all of them.
        brand: whose, None for the signal's, or for all of them where the signal has none.
        granted: whether it is granted; otherwise it is withdrawn, or objected to.
        basis: what a grant rests on; consent where it is not said.
        proof: what stands behind it, for whoever has to show it.
        at: when it was given, UTC, where the proof says so; otherwise when the signal's event happened.
    """

    purpose: str
    channel: str | None = None
    brand: str | None = None
    granted: bool
    basis: Basis | msgspec.UnsetType = msgspec.UNSET
    proof: str | msgspec.UnsetType = msgspec.UNSET
    at: Instant | msgspec.UnsetType = msgspec.UNSET


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """That a signal is decided on again, since an earlier decision waited.

    Attributes:
        decision_id: of the decision that waited last.
        first_at: when the first of all was made, UTC: all waiting together ends in time from then.
    """

    decision_id: str
    first_at: Instant


class Signal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened.

    Attributes:
        id: the source's own id where it has one, else a digest of its bytes and source.
        type: what happened, in lower snake case (`application_abandoned`).
        at: event time, UTC, clamped to the receipt where the source's clock is ahead.
        received_at: when ingest took it, UTC.
        source: who sent it; (source, id) is unique.
        identifiers: namespace to keyed hash; raw values end at the door.
        brand: the brand it concerns, None where it concerns the group.
        context: what surrounds it: channel, device, page, intent.
        properties: the event's own facts; unknown fields are kept here.
        consent: consents it carries.
        flags: what was noticed at the door: `clock_skew`, `late`, `consent_unreadable`, `unfit_attribute`.
        attributes: of the profile, by the names and in the types of the catalogue's schema, as its source states them.
        again: the decision that waited, of a signal that is decided on once more.
    """

    id: str
    type: str
    at: Instant
    received_at: Instant
    source: str
    identifiers: dict[str, str]
    brand: str | None = None
    context: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    consent: tuple[ConsentChange, ...] = ()
    flags: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    again: Again | None = None

    @property
    def waiting_since(self) -> datetime | None:
        """When the first decision was made that waited, None where this is the first."""
        return self.again.first_at if self.again else None

    @property
    def is_late(self) -> bool:
        """Whether it came too late to start a decision."""
        return LATE in self.flags


def event_time(at: datetime | None, received_at: datetime) -> tuple[datetime, tuple[str, ...]]:
    """The time to keep for an event and the flags it earns; without a time of its own it happened when received."""
    if at is None:
        return received_at, ()
    if at > received_at + EARLY_BEYOND:
        return received_at, (CLOCK_SKEW,)
    if at < received_at - LATE_AFTER:
        return at, (LATE,)
    return at, ()


def digest(*parts: str) -> str:
    """Thirty-two hex digits that stand for these parts, unambiguously and on any machine."""
    return hashlib.sha256(_told(*parts)).hexdigest()[:32]


def _told(*parts: str) -> bytes:
    return b"".join([_length(len(data)) + data for data in map(str.encode, parts)])


@lru_cache(maxsize=256)
def _begun(*parts: str) -> bytes:
    """What the first parts of a digest come to."""
    return _told(*parts)


def digest_of(last: str, *first: str) -> str:
    """The digest of all these parts, of which the first are the same again and again."""
    data = last.encode()
    return hashlib.sha256(_begun(*first) + _length(len(data)) + data).hexdigest()[:32]


def decision_id(source: str, signal_id: str) -> str:
    """The id of the one decision that a signal may start: the same however often the signal comes."""
    return "d-" + digest_of(signal_id, "decision", source)
