"""Everything that is held about a person, to hand it over or to erase it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.erasure import Erasure
from shared.domain.handover import Handover
from shared.domain.identity.links import Identifier
from shared.domain.outcome import Outcome
from shared.messages import HistoryRow


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs on the ids of a person, besides profile and contact history.

    Attributes:
        addresses: where to reach the person, by channel.
    """

    identifiers: tuple[Identifier, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    addresses: dict[str, str] = {}


class PersonalData(Protocol):
    """The stores of a person's data, all of them together. Every call may be made again.

    Raises:
        TransientError: a store did not answer; what was done stays done.
    """

    def held(self, person_ids: Sequence[str]) -> Held:
        """What hangs on these ids."""

    def identifiers(self, person_ids: Sequence[str], erasure_id: str) -> Sequence[Identifier]:
        """Those of these persons, with what hangs on them, and the tombstones of an erasure."""

    def known_by(self, namespace: str, value: str) -> Sequence[Identifier]:
        """What is known of an identifier, in each of its periods, the latest first."""

    def bury(self, versions: Mapping[str, str], at: datetime) -> None:
        """Put `erased` in the place of profiles, by id and the version that was read, all or none; whoever reads them
        then knows.

        Raises:
            StaleError: one of them changed since.
        """

    def tombstone(self, person_ids: Sequence[str], erasure_id: str, at: datetime) -> int:
        """Put a tombstone in the place of every identifier of these persons, and of what hangs on one, wherever that
        points: it stays where it was when its anchor is moved. How many there were.
        """

    def delete(self, person_ids: Sequence[str]) -> Mapping[str, int]:
        """Delete outcomes, deliveries, deferrals, handovers, contacts and contact points; how many of each."""

    def readmit(self, identifier: Identifier) -> None:
        """Take a tombstone away."""


class Erasures(Protocol):
    """Erasures, for as long as an auditor may ask."""

    def put(self, erasure: Erasure) -> None:
        """Keep it as it is now."""

    def get(self, erasure_id: str) -> Erasure | None:
        """One of them, None where there is none."""

    def all(self) -> Sequence[Erasure]:
        """Every one, the latest first."""

    def due(self, now: datetime) -> Sequence[Erasure]:
        """Those that are not finished, and that another run now would finish, the earliest first."""


class Handovers(Protocol):
    """What was put aside for persons to be handed, sealed under their keys."""

    def put(self, handover: Handover, parts: Sequence[bytes]) -> None:
        """Put parts aside, in place of what the same handover had.

        Raises:
            ErasedError: the person was erased.
        """

    def get(self, handover_id: str) -> Handover | None:
        """One of them, None where there is none."""

    def parts(self, handover: Handover) -> Iterator[bytes]:
        """What was put aside, part by part.

        Raises:
            ErasedError: the person was erased since.
            TransientError: it is being deleted.
        """


class PersonHistory(Protocol):
    """The interaction history of single persons."""

    def of_persons(self, person_ids: Sequence[str], since: datetime) -> Iterator[HistoryRow]:
        """Every row of these persons, by time, its record opened; one that was told twice may come twice, and one of
        somebody who was taken for the same person then and is erased since does not come.

        Raises:
            TransientError: the history did not answer.
        """
