"""The documents of an in-memory platform, which its adapters share as those of Firestore share a database."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import msgspec

from shared.adapters.person_keys import Branch
from shared.domain.allowance import Ledger
from shared.domain.contact import Contact
from shared.domain.contact_folding import Fold
from shared.domain.delivery import Delivery
from shared.domain.forgetting import Era
from shared.domain.governance.in_force import InForce
from shared.domain.handover import Handover
from shared.domain.identity.links import Identifier
from shared.domain.observed import Observed
from shared.domain.outbound.wave import OutboundWave
from shared.domain.pace import Pace
from shared.domain.profile import Person
from shared.domain.propensity import Counts
from shared.domain.ready import ready
from shared.domain.seal import Sealed

T = TypeVar("T")


class Document(NamedTuple, Generic[T]):
    """A value as bytes, so that nothing is shared by reference, and its version."""

    data: bytes
    version: str


class Governed(NamedTuple):
    """What is held of an environment: what is in force, its state and the head of its log."""

    in_force: InForce | None
    state: bytes | None
    head: str
    version: str


class History:
    """One person's contacts, what came after they were folded, their past, withheld decisions, and with whose histories
    this one is read.
    """

    def __init__(self) -> None:
        self.contacts: dict[str, bytes] = {}
        self.late: dict[str, bytes] = {}
        self.past: bytes | None = None
        self.withheld: dict[str, datetime] = {}
        self.merged_into = ""
        self.former: tuple[str, ...] = ()
        self.version = ""

    def fold(self, fold: Fold) -> None:
        """Let the past take entries in."""
        self.past = fold.past.encode()
        for contact in fold.gone:
            self.contacts.pop(contact.delivery_id, None)
            self.late.pop(contact.delivery_id, None)
        for decision_id in fold.withheld:
            self.withheld.pop(decision_id, None)


class Store:
    """Documents by collection. Whoever reads or writes them holds `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.identifiers: dict[str, Document[Identifier]] = {}
        self.profiles: dict[str, Document[Person]] = {}
        self.histories: dict[str, History] = {}
        self.deliveries: dict[str, Document[Delivery]] = {}
        self.outcomes: dict[str, Document[Observed]] = {}
        self.models: dict[str, Counts] = {}
        self.eras: dict[str, dict[Era, Counts]] = {}
        self.revisions: dict[str, bytes] = {}
        self.handovers: dict[str, tuple[Handover, list[bytes]]] = {}
        self.reports: dict[tuple[str, str], bytes] = {}
        self.releases: dict[str, Governed] = {}
        self.audit: dict[tuple[str, int], bytes] = {}
        self.contact_points: dict[tuple[str, str], str] = {}
        self.person_keys: dict[str, tuple[Branch, str]] = {}
        self.erasures: dict[str, bytes] = {}
        self.quarantine: dict[str, bytes] = {}
        self.seals: dict[int, Sealed] = {}
        self.deferrals: dict[str, bytes] = {}
        self.due: dict[str, datetime] = {}
        self.paces: dict[str, Document[Pace]] = {}
        self.companions: dict[str, dict[str, int]] = {}
        self.ledgers: dict[tuple[str, str], Document[Ledger]] = {}
        self.waves: dict[str, Document[OutboundWave]] = {}
        self.wave_pages: dict[tuple[str, int], bytes] = {}
        self._versions = itertools.count(1)

    def next_version(self) -> str:
        """A version that no document has had."""
        return str(next(self._versions))

    def history(self, person_id: str) -> History:
        """A person's history to write to, as of a new version; made when there is none. Hold `lock`."""
        history = self.histories.setdefault(person_id, History())
        history.version = self.next_version()
        return history

    def regroup(self, groups: Mapping[str, Collection[str]]) -> None:
        """Let the contact histories of persons be read together as `groups` say from now on: who survives, to the
        former persons that belong to it. Hold `lock`.
        """
        for person_id, former in groups.items():
            survivor = self.history(person_id)
            survivor.merged_into, survivor.former = "", tuple(sorted(former))
            for each in former:
                one = self.history(each)
                one.merged_into, one.former = person_id, ()

    def change_contact(self, delivery: Delivery, **changes: object) -> None:
        """Change fields of a delivery's contact, or where it was folded keep them until the next fold. Hold `lock`."""
        history = self.history(delivery.person_id)
        entries = history.contacts if delivery.delivery_id in history.contacts else history.late
        data = entries.get(delivery.delivery_id)
        contact = msgspec.json.decode(data, type=ready(Contact)) if data is not None else Contact.late(delivery)
        entries[delivery.delivery_id] = msgspec.json.encode(msgspec.structs.replace(contact, **changes))
