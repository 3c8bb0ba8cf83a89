"""What volumes and budgets leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from shared.domain.allowance import Ledger
from shared.domain.catalogue import Revision
from shared.domain.contact_policy import Closed
from shared.ports.versioned import Versioned


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken of volumes and budgets for the treatments of one decision.

    Attributes:
        units: what `Allowances` gives back, in terms of its own.
        closed: where nothing was taken, which rule had too little left, by its id.
    """

    units: tuple[tuple[Any, int], ...] = ()
    closed: Mapping[str, Closed] = {}


NOTHING_TAKEN = Taken()


class Left(NamedTuple):
    """What a volume or a budget has left, and when the next period begins.

    Attributes:
        units: contacts of a volume, millionths of a pound of a budget.
    """

    units: int
    opens_at: datetime


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

    def left(self, revision: Revision, now: datetime) -> Mapping[str, Left]:
        """How much every volume and budget has left in its period, by the rule's id, blocks of processes left out;
        reads a document each. For plans: it holds nothing back.

        Raises:
            TransientError: the store did not answer.
        """

    def correct(self, revision: Revision, treatment: str, at: datetime, pounds: float) -> None:
        """Say that a contact for which something was taken at `at` cost so many pounds more than was known then, or
        fewer. Told to the ledgers many at a time; what cannot be told is forgotten.
        """

    def give_back(self, taken: Taken) -> None:
        """Undo a `take` of which no contact came. What cannot be given back now is lost; never is too much given."""


class Ledgers(Protocol):
    """Where ledgers are kept, by the kind of their limit and an id."""

    def load(self, kind: str, ledger_id: str) -> Versioned[Ledger]:
        """A ledger; an empty one, of version None, where there is none yet."""

    def store(self, kind: str, ledger_id: str, ledger: Versioned[Ledger]) -> None:
        """Write a ledger in a commit that is guarded by the version read and sent once.

        Raises:
            StaleError: it changed since it was read; nothing is written.
            TransientError: it may not have been written.
        """
