"""What the handlers need of the world. Every adapter of a port passes the same contract suite, the memory one included.

Errors are those of `shared.domain.errors`, never a driver's: `StaleError` when a guard finds that a document changed,
`AlreadyExistsError` when one to be created is there, `TransientError` when trying again may help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

import msgspec

from shared.domain.catalogue import Channel, Revision
from shared.domain.contact import Contact
from shared.domain.contact_folding import Fold
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import Closed
from shared.domain.decision import DecisionRecord
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.identity import Link
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.seal import Seal, Sealed
from shared.domain.usage import Usage
from shared.messages import HistoryRow, Publishable

T = TypeVar("T")


class Versioned(msgspec.Struct, Generic[T], frozen=True):
    """A document as read, and the version that a guarded write of it names. An absent document has the version None."""

    value: T
    version: str | None


class Meter(Protocol):
    """Counts the operations that are paid for, for the request at hand."""

    def add(self, *, reads: int = 0, writes: int = 0, messages: int = 0, bytes_: int = 0) -> None:
        """Count operations."""

    def spent(self) -> Usage:
        """What the request at hand has cost so far."""


class Catalogues(Protocol):
    """Built revisions of the catalogue, and which of them is live."""

    def current(self) -> Policy:
        """The live revision, compiled; cached, refreshed behind the answer.

        Raises:
            TransientError: none is live.
        """

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled; cached for ever.

        Raises:
            NotFoundError: there is none such.
        """

    def publish(self, revision: Revision) -> None:
        """Store a revision and make it live."""


class Persons(Protocol):
    """Identifiers and profiles."""

    def links(self, identifiers: Mapping[str, str]) -> dict[str, Link]:
        """Those of these identifiers (namespace to keyed hash) that are linked, by namespace; one batched read."""

    def profile(self, person_id: str) -> Versioned[Profile] | None:
        """A person's profile, None where there is none."""

    def create(self, profile: Profile, links: Sequence[Link]) -> None:
        """Create a person with its first identifiers, in one commit.

        Raises:
            AlreadyExistsError: one of the identifiers was linked meanwhile; nothing is written.
        """

    def create_all(self, persons: Sequence[tuple[Profile, Sequence[Link]]]) -> None:
        """Create several persons in one commit, at most a hundred; for feeds.

        Raises:
            AlreadyExistsError: one of the persons or identifiers is there already; nothing is written.
        """

    def update(self, profile: Versioned[Profile], links: Sequence[Link]) -> None:
        """Write a changed profile and link identifiers to it, in one commit. A profile whose own `version` is that of
        the document read is left as it is and only the links are written.

        Raises:
            StaleError: the profile changed since it was read; nothing is written.
            AlreadyExistsError: one of the identifiers was linked meanwhile; nothing is written.
        """


class Folding(NamedTuple):
    """A fold of a person's history that has this version."""

    person_id: str
    version: str
    fold: Fold


class Contacts(Protocol):
    """Contact histories and the deliveries that they count. A reservation is an entry of the history and nothing else;
    its delivery gets a document of its own when it is claimed, which it can be once.
    """

    def history(self, person_id: str) -> Versioned[ContactHistory]:
        """A person's contact history; empty, with version None, where there is none yet."""

    def reserve(
        self,
        person_id: str,
        version: str | None,
        contacts: Sequence[Contact],
        *,
        fold: Fold | None = None,
    ) -> None:
        """Add contacts to the history, and fold it, in one commit guarded by its version.

        Raises:
            StaleError: the history changed since it was read; nothing is written.
        """

    def present(self, deliveries: Sequence[Delivery], *, folding: Folding | None = None) -> None:
        """Create deliveries that count as contact only when seen; those that are there already are left alone.

        Their person's history is folded in the same commit, unless it changed since it was read.
        """

    def withhold(self, person_id: str, decision_id: str, at: datetime, *, forget: Sequence[str] = ()) -> None:
        """Remember that a decision chose nothing, so that its signal's repetition is not decided again; `forget` names
        earlier such decisions that may go.
        """

    def defer(self, person_id: str, version: str | None, deferral: Deferral, *, forget: Sequence[str] = ()) -> None:
        """Keep a deferral, and remember that its decision chose nothing, in one commit guarded as a reservation is;
        `forget` names earlier decisions that chose nothing and may go.

        Raises:
            StaleError: the history changed since it was read, or the deferral is there; nothing is written.
        """

    def deferral(self, decision_id: str) -> Deferral | None:
        """The deferral of a decision, whether it has fired or not; None where there is none."""

    def delivery(self, delivery_id: str) -> Versioned[Delivery] | None:
        """A delivery, None where there is none."""

    def deliveries(self, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
        """Those of these deliveries that exist, by id, in one batched read."""

    def claim(self, delivery: Delivery, version: str | None) -> str:
        """Move a delivery, and its contact, to `sending` in one commit guarded by the delivery's version, None where it
        is to be the first; returns its new version. The contact no longer keeps the `bins` that the delivery does.

        Raises:
            StaleError: the delivery changed since.
            AlreadyExistsError: with the version None, it was claimed or ended before.
        """

    def settle(self, delivery: Delivery, version: str | None, *, release: bool) -> None:
        """Write a delivery's end in one commit guarded as a claim is; with `release` its contact no longer counts.

        Raises:
            StaleError: the delivery changed since.
            AlreadyExistsError: with the version None, it was claimed or ended before.
        """


class Deferrals(Protocol):
    """Deferrals, to whoever makes their decisions again."""

    def due(self, now: datetime, limit: int) -> Sequence[Deferral]:
        """Those whose time has come and that have not fired, the longest due first."""

    def fired(self, deferrals: Sequence[Deferral], at: datetime) -> None:
        """Mark some, at most 500, so that they are due no more.

        Raises:
            StaleError: one of them is gone; none is marked.
        """


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken of volumes and budgets for the treatments of one decision.

    Attributes:
        units: what `Allowances` gives back, in terms of its own.
        closed: where nothing was taken, which rule had too little left, by its id.
    """

    units: tuple[tuple[Any, int], ...] = ()
    closed: Mapping[str, Closed] = {}


NOTHING_TAKEN = Taken()


class Allowances(Protocol):
    """What is left of volumes and budgets, over all persons. A process takes from blocks that it holds; only when one
    does not reach, or too much is given back, is a document read and written.
    """

    def closed(self, revision: Revision, now: datetime) -> Mapping[str, Closed]:
        """The volumes and budgets of which this process knows that too little is left, by the rule's id. Asks no
        store; what it does not know `take` says.
        """

    def take(self, revision: Revision, treatments: Sequence[str], now: datetime) -> Taken:
        """Take one contact's worth for each treatment, of every volume and budget that it falls under; or nothing,
        where one of them has too little left.

        Raises:
            TransientError: contention did not end, or the store did not answer; nothing is taken.
        """

    def give_back(self, taken: Taken) -> None:
        """Undo a `take` of which no contact came. What cannot be given back now is lost; never is too much given."""


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


class Models(Protocol):
    """The adaptive models' counts."""

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id; cached, refreshed behind the answer."""


class ContactPoints(Protocol):
    """Addresses, numbers and tokens, kept encrypted; only delivery may open them."""

    def address(self, person_id: str, channel: str) -> str | None:
        """Where to reach a person on a channel, None where unknown.

        Raises:
            PermanentError: it is kept, and does not open.
            TransientError: the store did not answer.
        """

    def put(self, addresses: Mapping[str, Mapping[str, str]]) -> None:
        """Store persons' addresses: person id to channel to address."""


class Receipt(msgspec.Struct, frozen=True):
    """A provider's word that it took a message, with its own id of it where it gives one."""

    reference: str | None = None


class ChannelProvider(Protocol):
    """Sends to a channel's provider."""

    def send(self, channel: Channel, delivery_id: str, address: str | None, payload: Mapping[str, object]) -> Receipt:
        """Send once, with the delivery id as idempotency key.

        Raises:
            PermanentError: the provider refused the message for good.
            TransientError: it did not; whether it took the message may be unknown.
        """


class Publisher(Protocol):
    """The way on: topics."""

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Publish, and return once all are accepted.

        Raises:
            TransientError: some may not have been.
        """


class DecisionHistory(Protocol):
    """The interaction history, as far as the functions read it."""

    def decision(self, decision_id: str, day: date | None = None) -> DecisionRecord | None:
        """A decision's record, None where it is not, or not yet, in what is looked through: the last 31 days, or with
        `day` that day, UTC, and those beside it. Where it was told more than once, what happened is told.

        Raises:
            TransientError: the history did not answer.
        """


class Days(Protocol):
    """The interaction history day by day, UTC, as it was told."""

    def count(self, day: date) -> int:
        """How many rows tell of decisions of a day.

        Raises:
            TransientError: the history did not answer.
        """

    def decisions(self, day: date, prefix: str = "") -> Iterator[DecisionRecord]:
        """The decisions of a day whose ids begin with a prefix, by id, each as it happened.

        Raises:
            TransientError: the history did not answer.
        """

    def rows(self, day: date) -> Iterator[HistoryRow]:
        """Every row of a day, by time and row id; one that was told twice may come twice.

        Raises:
            TransientError: the history did not answer.
        """


class Seals(Protocol):
    """The seals of the history."""

    def all(self) -> Sequence[Seal]:
        """Every seal, by number."""

    def of_day(self, day: date) -> Sequence[Sealed]:
        """Those of a day with what they chain, by number."""

    def add(self, sealed: Sealed) -> None:
        """Keep a seal with what it chains.

        Raises:
            AlreadyExistsError: there is one of its number; nothing is kept.
        """


class Parked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a function could not take, as it came.

    Attributes:
        id: deterministic from the function and the bytes: what is redelivered is parked once.
        function: who could not take it.
        revision: of the function's code (`K_REVISION`).
        topic: where `redrive` publishes it again.
        reason: why, for people.
        kind: `undecodable`, `permanent` or `dead_letter`.
        data: the bytes.
        attributes: the message's attributes.
        truncated: whether the bytes are only their beginning, so that `redrive` refuses.
    """

    id: str
    function: str
    revision: str
    topic: str
    reason: str
    kind: Literal["undecodable", "permanent", "dead_letter"]
    at: datetime
    data: bytes
    attributes: dict[str, str] = {}
    truncated: bool = False


class Quarantine(Protocol):
    """Where poison is parked, so that it slows nobody."""

    def park(self, parked: Parked) -> None:
        """Keep it; the same id again is left as it is."""

    def list(self, limit: int = 100) -> Sequence[Parked]:
        """What is parked, newest first."""

    def get(self, parked_id: str) -> Parked | None:
        """One of them."""

    def remove(self, parked_id: str) -> None:
        """Forget it, once redriven."""


Clock = Callable[[], datetime]
"""The time, UTC. Reading it is I/O: only entrypoints hold one."""

Timer = Callable[[], float]
"""Seconds from some start, for how long something took."""

NewId = Callable[[], str]
"""A random id. Drawing it is I/O too."""
