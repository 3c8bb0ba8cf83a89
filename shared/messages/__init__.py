"""What travels between functions: facts in the past tense, as frozen structs with committed JSON Schemas.

Each says on which topic it travels. Fields may be added with defaults; nothing else changes within a schema version.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec

from shared.domain.delivery import Delivery
from shared.domain.engagement import Slots
from shared.domain.identity.links import Conflict
from shared.domain.instant import Instant
from shared.domain.profile import Profile
from shared.domain.ranking import Ranking
from shared.domain.signal import Signal
from shared.domain.usage import Usage


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every message carries.

    Attributes:
        message_id: deterministic, so that a repeated message is recognised.
        decision_id: from the signal's id.
        trace: W3C `traceparent` of the request that published it; empty where there was none.
        occurred_at: when the fact became one, UTC.
        schema_version: of this message's schema.
        usage: what the decision has cost so far.
    """

    topic: ClassVar[str]

    message_id: str
    decision_id: str
    trace: str = ""
    occurred_at: Instant
    schema_version: int = 1
    usage: Usage = Usage()


class SignalReceived(Message, frozen=True, kw_only=True, tag="signal.received"):
    """A signal was accepted at the door."""

    topic: ClassVar[str] = "signals-received"

    signal: Signal


class _Decided(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What every message after identity carries: the person as read once, the signal and the revision that decides.

    Attributes:
        fragment: where several persons turned out to be this one, as which of them the signal came; else empty.
        arms: of experiments and holdouts that the person is in, as `shared.domain.experiments` has them.
    """

    person_id: str
    revision: str
    signal: Signal
    profile: Profile
    conflicts: tuple[Conflict, ...] = ()
    decided_at: Instant
    fragment: str = ""
    arms: tuple[str, ...] = ()

    @property
    def holder(self) -> str:
        """Whose contact history takes what the decision comes to, so that it can be given back if persons are taken
        apart again.
        """
        return self.fragment or self.person_id

    def carried(self) -> dict[str, Any]:
        """The fields that the next message of this decision, and its record, take over as they are."""
        return {
            "decision_id": self.decision_id,
            "person_id": self.person_id,
            "revision": self.revision,
            "signal": self.signal,
            "profile": self.profile,
            "conflicts": self.conflicts,
            "decided_at": self.decided_at,
            "fragment": self.fragment,
            "arms": self.arms,
        }


class SignalIdentified(_Decided, frozen=True, kw_only=True, tag="signal.identified"):
    """It is known whose signal it is."""

    topic: ClassVar[str] = "signals-identified"

    def qualified(self, slots: Slots, candidate_rows: bytes, at: datetime) -> ActionsQualified:
        """What engagement policy said of it at a moment. Field by field: a dictionary of them takes four times as long,
        and so it is with what follows.
        """
        return ActionsQualified(
            message_id=f"{self.decision_id}:actions.qualified",
            occurred_at=at,
            decision_id=self.decision_id,
            person_id=self.person_id,
            revision=self.revision,
            signal=self.signal,
            profile=self.profile,
            conflicts=self.conflicts,
            decided_at=self.decided_at,
            fragment=self.fragment,
            arms=self.arms,
            slots=slots,
            candidate_rows=candidate_rows,
        )


class ActionsQualified(_Decided, frozen=True, kw_only=True, tag="actions.qualified"):
    """Engagement policy has said which of the treatments that appear in the slots the person may have: the rows of the
    revision, as `Ranking` has them.
    """

    topic: ClassVar[str] = "actions-qualified"

    schema_version: int = 2
    slots: Slots
    candidate_rows: bytes

    def ranked(self, ranking: Ranking, at: datetime) -> ActionsRanked:
        """What arbitration made of it at a moment."""
        return ActionsRanked(
            message_id=f"{self.decision_id}:actions.ranked",
            occurred_at=at,
            decision_id=self.decision_id,
            person_id=self.person_id,
            revision=self.revision,
            signal=self.signal,
            profile=self.profile,
            conflicts=self.conflicts,
            decided_at=self.decided_at,
            fragment=self.fragment,
            arms=self.arms,
            slots=self.slots,
            ranking=ranking,
        )


class ActionsRanked(_Decided, frozen=True, kw_only=True, tag="actions.ranked"):
    """Arbitration has ranked them."""

    topic: ClassVar[str] = "actions-ranked"

    schema_version: int = 2
    slots: Slots
    ranking: Ranking


class ContactReserved(Message, frozen=True, kw_only=True, tag="contact.reserved"):
    """A contact is reserved and its delivery, which travels here as reserved, waits to be claimed."""

    topic: ClassVar[str] = "contacts-reserved"

    delivery: Delivery


class TreatmentDelivered(Message, frozen=True, kw_only=True, tag="treatment.delivered"):
    """A delivery reached its end, well or not."""

    topic: ClassVar[str] = "treatments-delivered"

    delivery: Delivery


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of the interaction history, field for column as `topology.yaml` declares them.

    The same row may be told more than once, and not always in the same words: of several with one `row_id`,
    `rows.precedence` says which is what happened.
    """

    topic: ClassVar[str] = "history"

    row_id: str
    kind: Literal["decision", "outcome", "signal", "selection"]
    occurred_at: Instant
    decision_id: str | None = None
    person_id: str | None = None
    revision: str | None = None
    outcome: str
    brand: str | None = None
    issue: str | None = None
    group_id: str | None = None
    action: str | None = None
    treatment: str | None = None
    channel: str | None = None
    delivery_id: str | None = None
    reads: int = 0
    writes: int = 0
    messages: int = 0
    bytes: int = 0
    record: str | None = None
    repeated: bool = False
    asked: str | None = None
    arms: str | None = None
    held_back: str | None = None
    placement: str | None = None
    rank: int | None = None
    propensity: float | None = None
    priority: float | None = None
    value: float | None = None
    lever: float | None = None
    selection_probability: float | None = None
    elapsed_ms: int | None = None
    cost: float | None = None


AnyMessage = SignalReceived | SignalIdentified | ActionsQualified | ActionsRanked | ContactReserved | TreatmentDelivered
Publishable = AnyMessage | HistoryRow

MESSAGES: tuple[type[Message], ...] = (
    SignalReceived,
    SignalIdentified,
    ActionsQualified,
    ActionsRanked,
    ContactReserved,
    TreatmentDelivered,
)


def stamped(outputs: Sequence[Publishable], usage: Usage, trace: str) -> list[Publishable]:
    """Messages as they leave together: with what the decision has cost so far and the trace it belongs to.

    A row of the history counts in its own figures and in those of what leaves with it, since no function that would
    count it receives it. Its bytes are taken to be as many as its record has: sealing takes about as much away as the
    other columns add.
    """
    for output in outputs:
        if isinstance(output, HistoryRow):
            usage += Usage(messages=1, bytes=len(output.record or ""))
    return [_stamped(output, usage, trace) for output in outputs]


def _stamped(output: Publishable, usage: Usage, trace: str) -> Publishable:
    if isinstance(output, HistoryRow):
        return msgspec.structs.replace(
            output, reads=usage.reads, writes=usage.writes, messages=usage.messages, bytes=usage.bytes
        )
    return msgspec.structs.replace(output, usage=usage, trace=trace)
