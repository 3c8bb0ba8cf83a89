"""The past of a person's contacts: those that nobody claims, repeats or changes any more, in a compact form.

A contact keeps every time to the microsecond, and its facts as they were, which contacts of one treatment share. What
no longer fits (`contact_folding`) is merged: an entry then stands for several contacts of one treatment that came to
the same, all of them taken to be as recent as the latest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import msgspec

from shared.domain.outcome import OutcomeName

if TYPE_CHECKING:
    from shared.domain.contact_history import Contact

FACTS = ("brand", "issue", "group", "action", "treatment", "channel", "purpose")
_NAMES: tuple[OutcomeName, ...] = get_args(OutcomeName)
_CODES: dict[str, int] = {name: code for code, name in enumerate(_NAMES)}

AT_UNKNOWN = datetime.max.replace(tzinfo=UTC)
"""The time of a contact of which nothing is known but outcomes that came after it was folded."""

_Facts = tuple[int, int, int, int, int, int, int]

MERGED = 0
"""The key of an entry that stands for several contacts, of which none can be told apart any more."""


class Folded(msgspec.Struct, frozen=True, gc=False):
    """One contact of the past or several merged, as rules see them.

    Attributes:
        known: what a rule's scope sees of it; shared, not to be changed.
        key: of its delivery's id, by which a late outcome finds it; `MERGED` where it stands for several.
        sending: whether an attempt to send it began, so that it counts as sent at `at`.
        at: when it was reserved or shown, and once sending when that began; of several the latest.
        observed: outcome, by its number, to when it was first observed; of several the latest.
        stands_for: how many contacts.
        since: `at` of the earliest of them, where it stands for several.
    """

    known: dict[str, Any]
    key: int
    sending: bool
    at: datetime
    observed: dict[int, datetime]
    stands_for: int = 1
    since: datetime | None = None

    @classmethod
    def of(cls, contact: Contact) -> Folded:
        """A contact that counts, folded; nothing of what rules see is lost."""
        return cls(
            known=contact.facts(),
            key=key_of(contact.delivery_id),
            sending=contact.state in ("sending", "reserved"),
            at=contact.at,
            observed={_CODES[name]: at for name, at in contact.outcomes.items() if name in _CODES},
            stands_for=contact.stands_for,
        )

    @property
    def delivery_id(self) -> str:
        """What stands for the delivery's id, which is not kept."""
        return f"{self.key:016x}"

    @property
    def treatment(self) -> str:
        """The treatment's full id."""
        return str(self.known["treatment"])

    @property
    def state(self) -> Literal["sending", "presented"]:
        """As of a contact."""
        return "sending" if self.sending else "presented"

    @property
    def outcomes(self) -> dict[str, datetime]:
        """Outcome to when it was first observed; of several contacts the latest."""
        return {_NAMES[code]: at for code, at in self.observed.items()}

    def facts(self) -> dict[str, Any]:
        """What a rule's scope sees of it."""
        return self.known

    def counts(self, _now: datetime) -> bool:
        """It does, for good: what lapsed or was released is not folded but dropped."""
        return True

    def when(self, outcome: str, _now: datetime) -> datetime | None:
        """When this outcome was observed, or the attempt to send began."""
        return self.at if self.sending and outcome == "sent" else self.observed.get(_CODES[outcome])

    def times(self) -> dict[int, datetime]:
        """Every outcome that it had, by its number, that of sending included."""
        return {**self.observed, _CODES["sent"]: self.at} if self.sending else self.observed

    def changed_by(self, late: Contact) -> Folded:
        """The same contact with what became of it since it was folded."""
        observed = dict(self.observed)
        for name, at in late.outcomes.items():
            code = _CODES[name]
            observed[code] = min(at, observed.get(code, at))
        begun = late.state == "sending"
        return Folded(
            self.known, self.key, self.sending or begun, max(self.at, late.at) if begun else self.at, observed
        )

    def merged_with(self, other: Folded) -> Folded:
        """One entry for both, as recent in everything as the later of the two."""
        observed = dict(self.observed)
        for code, at in other.observed.items():
            observed[code] = max(at, observed.get(code, at))
        return Folded(
            known=self.known,
            key=MERGED,
            sending=self.sending or other.sending,
            at=max(self.at, other.at),
            observed=observed,
            stands_for=self.stands_for + other.stands_for,
            since=min(self.begun(), other.begun()),
        )

    def begun(self) -> datetime:
        """When it was reserved or shown; of several the first."""
        return self.since or self.at

    def last(self) -> datetime:
        """When anything was last heard of it."""
        return max(self.at, *self.observed.values()) if self.observed else self.at


class Past(msgspec.Struct, frozen=True):
    """All contacts of the past.

    Attributes:
        contacts: by time.
        forgotten: how many are not among them any more.
        forgotten_until: the last time at which one of those came to anything.
    """

    contacts: tuple[Folded, ...] = ()
    forgotten: int = 0
    forgotten_until: datetime | None = None

    def encode(self) -> bytes:
        """MessagePack: words, facts as numbers of words, contacts as numbers of facts."""
        words: dict[str, int] = {}
        facts: dict[_Facts, int] = {}
        numbers: dict[int, int] = {}
        rows = []
        for each in self.contacts:
            number = numbers.get(id(each.known))
            if number is None:
                row = cast("_Facts", tuple(words.setdefault(each.known[name], len(words)) for name in FACTS))
                number = numbers[id(each.known)] = facts.setdefault(row, len(facts))
            rows.append(_Row(number, each.key, each.sending, each.at, each.observed, each.stands_for, each.since))
        return msgspec.msgpack.encode(_Wire(list(words), list(facts), rows, self.forgotten, self.forgotten_until))

    @classmethod
    def decode(cls, data: bytes) -> Past:
        """What `encode` gave."""
        wire = msgspec.msgpack.decode(data, type=_Wire)
        words = wire.words
        facts = [dict(zip(FACTS, [words[number] for number in row], strict=True)) for row in wire.facts]
        contacts = tuple(
            [
                Folded(facts[row.facts], row.key, row.sending, row.at, row.observed, row.stands_for, row.since)
                for row in wire.contacts
            ]
        )
        return cls(contacts, wire.forgotten, wire.forgotten_until)

    def find(self, delivery_id: str) -> Folded | None:
        """The contact of a delivery, None where it is not there or merged with others."""
        key = key_of(delivery_id)
        return next((each for each in self.contacts if each.key == key), None)

    def those_of(self, delivery_ids: Iterable[str]) -> list[str]:
        """Those of these deliveries whose contacts are there."""
        keys = {each.key for each in self.contacts}
        return [delivery_id for delivery_id in delivery_ids if key_of(delivery_id) in keys]

    def before(self, delivery_id: str, at: datetime) -> Past:
        """The contacts there were at `at`, without that of this delivery."""
        key = key_of(delivery_id)
        return Past(tuple([each for each in self.contacts if each.at <= at and each.key != key]))

    def with_late(self, late: Iterable[Contact]) -> Past:
        """The same with what came after contacts were folded; of a contact that was merged, as a contact of its own."""
        changes = {key_of(contact.delivery_id): contact for contact in late}
        if not changes:
            return self
        contacts = []
        for each in self.contacts:
            change = changes.pop(each.key, None)
            if change is None:
                contacts.append(each)
            elif change.state != "released":
                contacts.append(each.changed_by(change))
        contacts += [_alone(contact) for contact in changes.values() if contact.state != "released"]
        return self.of(contacts)

    def of(self, contacts: Iterable[Folded], *, forgotten: Iterable[Folded] = ()) -> Past:
        """The same past with these contacts and without those."""
        gone = tuple(forgotten)
        until = [each.last() for each in gone] + ([self.forgotten_until] if self.forgotten_until else [])
        return Past(
            tuple(sorted(contacts, key=lambda each: (each.at, each.key))),
            self.forgotten + sum(each.stands_for for each in gone),
            max(until, default=None),
        )


def _alone(late: Contact) -> Folded:
    """What came late of a contact that cannot be told apart any more: it begins with its first outcome."""
    contact = Folded.of(late)
    return msgspec.structs.replace(contact, at=min(contact.observed.values())) if late.at == AT_UNKNOWN else contact


def key_of(delivery_id: str) -> int:
    """The 64 bits by which a folded contact is found again."""
    return int.from_bytes(hashlib.sha256(delivery_id.encode(errors="surrogatepass")).digest()[:8], "big") or 1


class _Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`Folded` with the number of its facts."""

    facts: int
    key: int
    sending: bool
    at: datetime
    observed: dict[int, datetime]
    stands_for: int
    since: datetime | None


class _Wire(msgspec.Struct, frozen=True, array_like=True):
    """`Past` as it is stored. What a later version adds goes at the end, with a default."""

    words: list[str]
    facts: list[_Facts]
    contacts: list[_Row]
    forgotten: int = 0
    forgotten_until: datetime | None = None


NOTHING_PAST = Past()
