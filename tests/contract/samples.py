"""Values that the contract suite stores and expects back."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from shared.domain.catalogue import Action, Catalogue, Channel, Revision, Starting, Treatment, Weights
from shared.domain.consent import Consent
from shared.domain.contact import Contact
from shared.domain.contact_policy import Deferred
from shared.domain.decision import DecisionRecord
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.engagement import Slots
from shared.domain.forgetting import Era
from shared.domain.identity.links import Identifier
from shared.domain.lessons import Lessons, teach
from shared.domain.observed import Increment, Observed, took
from shared.domain.profile import Person
from shared.domain.propensity import Counts
from shared.domain.signal import Signal, digest
from shared.domain.triggers import Entry
from shared.domain.usage import Usage
from shared.messages import HistoryRow, SignalReceived
from shared.ports import Parked, Recording, Rewrite, creation

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come. By themselves Google's clients would go on for five or ten minutes."""


class Counted:
    """A meter that one test reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = Usage()

    def add(self, *, reads: int = 0, writes: int = 0, messages: int = 0, bytes_: int = 0) -> None:
        with self._lock:
            self.total += Usage(reads=reads, writes=writes, messages=messages, bytes=bytes_)

    def spent(self) -> Usage:
        return self.total

    def of(self, work) -> tuple[int, int]:
        """Reads and writes of a piece of work."""
        before = self.total
        work()
        return self.total.reads - before.reads, self.total.writes - before.writes


def profile(person_id: str = "p-1", **changes) -> Person:
    return Person(**{"person_id": person_id, "version": 1, "created_at": NOW, **changes})


def rich_profile() -> Person:
    return profile(
        attributes={
            "name": "Zoë Ångström 李 🦊",
            "note": "a.b/c`d\\e \x00 \"'",
            "a key with spaces, dots . and `ticks`": 1,
            "nested": {"deep": {"list": [1, 2.5, "x", None, True, {"k": []}], "empty": {}}},
            "big": 2**53 + 1,
            "negative": -(2**63),
            "whole_double": 5.0,
            "small": 1e-300,
            "nothing": None,
            "since": "2024-02-29T00:00:00Z",
        },
        brands=("hallam",),
        products=("current_account", "isa"),
        flags=("vulnerable",),
        reachable=("email", "push"),
        audiences=("savers",),
        consents={
            "hallam:marketing:email": Consent(granted=True, at=NOW, source="web"),
            "*:marketing:*": Consent(granted=False, at=NOW - timedelta(days=400, microseconds=1), source="branch é"),
        },
        unique={"customer_no": "ab" * 32},
        features={"views_7d.0f3a1c": bytes(range(256)), "empty.000000": b""},
        triggered={"asked": (Entry(1_780_315_200_123, "5d41402abc4b"), Entry(1_780_401_600_000, ""))},
    )


def link(namespace: str, value: str, person_id: str = "p-1") -> Identifier:
    return Identifier(
        namespace=namespace, value=value, person_id=person_id, signal_id="s-1", source="web", at=NOW, rule="first_seen"
    )


def delivery(number: int = 1, person_id: str = "p-1", **changes) -> Delivery:
    fields = {
        "delivery_id": "v-" + digest("delivery", person_id, str(number)),
        "decision_id": "d-" + digest("decision", person_id, str(number)),
        "person_id": person_id,
        "revision": "sha256:00",
        "brand": "hallam",
        "issue": "grow",
        "group": "savings",
        "action": "isa",
        "treatment": "isa_email",
        "channel": "email",
        "purpose": "marketing",
        "model": "isa_email@email",
        "state": "reserved",
        "at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return Delivery(**{**fields, **changes})


def contact(of: Delivery, **changes) -> Contact:
    entry = Contact.of(of)
    return Contact(**{name: getattr(entry, name) for name in entry.__struct_fields__} | changes)


def parked(number: int = 1, **changes) -> Parked:
    fields = {
        "id": f"q-{number}",
        "function": "identity",
        "revision": "identity-00001",
        "topic": "signals-received",
        "reason": "not JSON: é",
        "kind": "undecodable",
        "at": NOW + timedelta(seconds=number),
        "data": b"\x00\xff{" + bytes([number]),
        "attributes": {"type": "signal.received", "": "empty name", "__reserved__": "x", "a.b/c": "é"},
    }
    return Parked(**{**fields, **changes})


def signal() -> Signal:
    return Signal(
        id="s-1", type="page_viewed", at=NOW, received_at=NOW, source="web", identifiers={"customer_no": "ab" * 32}
    )


def received(number: int = 1) -> SignalReceived:
    return SignalReceived(
        message_id=f"d-{number}:signal.received",
        decision_id=f"d-{number}",
        trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        occurred_at=NOW,
        signal=signal(),
    )


def record() -> DecisionRecord:
    return DecisionRecord(
        decision_id="d-1",
        person_id="p-1",
        revision="sha256:00",
        signal=signal(),
        profile=rich_profile().snapshot(),
        decided_at=NOW,
        reserved_at=NOW,
        result="all_withheld",
        slots=Slots(channels=("email",)),
    )


def row(kind: str = "decision", **changes) -> HistoryRow:
    fields = {"row_id": "r-1", "kind": kind, "occurred_at": NOW, "decision_id": "d-1", "outcome": "all_withheld"}
    return HistoryRow(**{**fields, **changes})


def revision(name: str = "the bank") -> Revision:
    """A revision in which nothing can be decided, told apart by its name."""
    return Revision(
        Catalogue(
            name=name,
            brands=(),
            issues=(),
            groups=(),
            exclusions=(),
            profile_schema={},
            context_schema={},
            channels=(),
            namespaces=(),
            sources=(),
            weights=Weights(),
            context_weights=(),
            rules=(),
            conditions=(),
            expressions={},
            actions=(),
        )
    )


def limited(*rules) -> Revision:
    """A revision of one action by e-mail, for a penny, and by text, for four, under these rules."""
    treatments = [
        Treatment(
            id=f"isa.{name}",
            channel=name,
            purpose="marketing",
            starting=Starting(propensity=0.1, evidence=10),
            content={},
        )
        for name in ("email", "sms")
    ]
    action = Action(
        id="isa",
        name="ISA",
        brand="hallam",
        issue="grow",
        group="savings",
        purpose="marketing",
        value=1.0,
        lever=1.0,
        treatments=tuple(treatments),
    )
    return Revision(
        msgspec.structs.replace(
            revision().catalogue,
            channels=(channel("email", price=0.01), channel("sms", price=0.04)),
            rules=rules,
            actions=(action,),
        )
    )


def deferral(number: int = 1, **changes) -> Deferral:
    fields = {
        "decision_id": f"d-{number}",
        "person_id": "p-1",
        "at": NOW,
        "deferred": Deferred(treatment="isa_email", rule="nights", until=NOW + timedelta(hours=number)),
        "signal": signal(),
    }
    return Deferral(**{**fields, **changes})


def channel(channel_id: str = "email", **changes) -> Channel:
    fields = {"id": channel_id, "name": "E-mail", "direction": "outbound", "medium": "html", "price": 0.01}
    return Channel(**{**fields, **changes})


def take(outcomes, outcome, of, entry=None):
    """Take one outcome in; whether it was taken before."""
    known = outcomes.observed([of.delivery_id]).get(of.delivery_id)
    taking = took(known.value if known else Observed(delivery_id=of.delivery_id), [outcome])
    if taking.new:
        outcomes.record([Recording(of, taking, known.version if known else None, entry)])
    return not taking.new


def create(persons, profile_, identifiers=()):
    """Create one person with its first identifiers."""
    create_all(persons, [(profile_, identifiers)])


def create_all(persons, people):
    """Create several persons at once."""
    persons.rewrite(creation(people))


def update(persons, person, identifiers=()):
    """Write a person as it was read and changed, and create identifiers."""
    persons.rewrite(Rewrite(persons=[person], created=identifiers))


def taught(increments: Iterable[Increment], bins: str = "") -> list[Counts]:
    """What one delivery that carries this teaches, by era."""
    lessons: defaultdict[Era | None, Lessons] = defaultdict(Lessons)
    teach(lessons.__getitem__, increments, bins)
    every = [each.counts(era) for era, each in lessons.items()]
    return [counts for counts in every if counts.positives or counts.negatives]
