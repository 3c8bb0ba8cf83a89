"""Whom treatments reached or are to reach: contact histories, deliveries and deferrals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.domain.contact import Contact
from shared.domain.contact_folding import Fold
from shared.domain.contact_history import ContactHistory
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.ports.versioned import Versioned


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
        """A person's contact history, with those of all persons that turned out to be one with it; empty, with version
        None, where there is none yet. The version is of all that was read.

        Raises:
            TransientError: they are brought together and taken apart as they are read, or the store did not answer.
        """

    def histories(self, person_ids: Sequence[str]) -> dict[str, ContactHistory]:
        """The contact history of each of these persons, as `history` gives it. For waves: one batched read, and more
        only for those who are several persons in one.
        """

    def reserve(
        self,
        person_id: str,
        version: str | None,
        contacts: Sequence[Contact],
        *,
        fold: Fold | None = None,
    ) -> None:
        """Add contacts to this person's own part of the history, and fold it, in one commit guarded by its version.

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

    def by_references(self, references: Sequence[str]) -> dict[str, Sequence[Delivery]]:
        """The deliveries that were sent and whose providers call the message one of these, by that."""

    def deliveries_of(self, person_ids: Sequence[str], action: str) -> Sequence[Delivery]:
        """The deliveries of an action to these persons that were claimed or shown."""

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


class DeferredDeliveries(Protocol):
    """Deliveries that wait for their channel, to whoever lets them try again."""

    def due(self, before: datetime, limit: int) -> Sequence[Versioned[Delivery]]:
        """Those whose time comes before, the earliest first."""

    def waiting(self) -> int:
        """How many there are."""

    def fire(self, deliveries: Sequence[Versioned[Delivery]], again_at: datetime) -> Sequence[Delivery]:
        """Let some, at most 500, be due again only at `again_at`, should nothing come of them; those that have not
        changed since they were read.
        """


class AbandonedDeliveries(Protocol):
    """Deliveries whose sending began and did not come to an end, to whoever lets them try again."""

    def abandoned(self, before: datetime, limit: int, after: datetime | None = None) -> Sequence[Delivery]:
        """Those that nobody holds since a time before, the longest first; only since `after` another."""
