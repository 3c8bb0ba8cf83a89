"""The past of a person's contacts: those that nobody claims, repeats or changes any more, in a compact form.

A contact keeps every time to the microsecond, and its facts as they were, which contacts of one treatment share. What
no longer fits (`contact_folding`) is merged: an entry then stands for several contacts of one treatment that came to
the same, all of them taken to be as recent as the latest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import astuple, force_setattr

from shared.domain.contact import AT_UNKNOWN, Contact
from shared.domain.outcome import ANSWERS, OutcomeName
from shared.domain.ready import ready
from shared.domain.rules import Dimension

FACTS: tuple[Dimension, ...] = ("brand", "issue", "group", "action", "treatment", "channel", "purpose")
facts_of = attrgetter(*FACTS)
"""What a contact is of, in that order."""

known_of = attrgetter("known")
"""The same of one of the past."""

_TREATMENT = FACTS.index("treatment")
_NAMES: tuple[OutcomeName, ...] = get_args(OutcomeName)
_CODES: dict[str, int] = {name: code for code, name in enumerate(_NAMES)}
_NO_RESPONSE = _CODES["no_response"]
_ANSWERS = frozenset([_CODES[name] for name in ANSWERS])

MERGED = 0
"""The key of an entry that stands for several contacts, of which none can be told apart any more."""


class Folded(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One contact of the past or several merged, as rules see them.

    Attributes:
        known: what it is of, in the order of `FACTS`. As stored, the number of that.
        key: of its delivery's id, by which a late outcome finds it; `MERGED` where it stands for several.
        sending: whether an attempt to send it began, so that it counts as sent at `at`.
        at: when it was reserved or shown, and once sending when that began; of several the latest.
        observed: outcome, by its number, to when it was first observed; of several the latest.
        stands_for: how many contacts.
        had: of several, how many had each outcome, by its number.
        since: of several, `at` of the first.
    """

    known: Any
    key: int
    sending: bool
    at: datetime
    observed: dict[int, datetime]
    stands_for: int = 1
    had: dict[int, int] | None = None
    since: datetime | None = None

    @classmethod
    def of(cls, contact: Contact) -> Folded:
        """A contact that counts, folded; nothing of what rules see is lost."""
        return cls(
            known=facts_of(contact),
            key=key_of(contact.delivery_id),
            sending=contact.state in ("sending", "reserved"),
            at=contact.at,
            observed={_CODES[name]: at for name, at in contact.outcomes.items() if name in _CODES},
        )

    @classmethod
    def several(
        cls,
        known: Mapping[str, str],
        at: datetime,
        outcomes: Mapping[str, datetime],
        numbers: Mapping[str, int],
        stands_for: int,
        since: datetime,
    ) -> Folded:
        """Several contacts of one treatment, by the words that `outcomes` and `numbers` have for them."""
        observed = {_CODES[name]: time for name, time in outcomes.items()}
        had = {_CODES[name]: number for name, number in numbers.items()}
        of = tuple([known[name] for name in FACTS])
        return cls(of, MERGED, sending=False, at=at, observed=observed, stands_for=stands_for, had=had, since=since)

    @property
    def delivery_id(self) -> str:
        """What stands for the delivery's id, which is not kept."""
        return f"{self.key:016x}"

    @property
    def treatment(self) -> str:
        """The treatment's full id."""
        return str(self.known[_TREATMENT])

    @property
    def state(self) -> Literal["sending", "presented"]:
        """As of a contact."""
        return "sending" if self.sending else "presented"

    @property
    def outcomes(self) -> dict[str, datetime]:
        """Outcome to when it was first observed; of several contacts the latest."""
        return {_NAMES[code]: at for code, at in self.observed.items()}

    @property
    def numbers(self) -> dict[str, int]:
        """Of several contacts, how many had each outcome."""
        return {_NAMES[code]: number for code, number in (self.had or {}).items()}

    def facts(self) -> dict[str, Any]:
        """What a rule's scope sees of it."""
        return dict(zip(FACTS, self.known, strict=True))

    def counts(self, _now: datetime) -> bool:
        """It is, for good: what lapsed or was released is not folded but dropped."""
        return True

    def when(self, outcome: str, _now: datetime) -> datetime | None:
        """When this outcome was observed, or the attempt to send began."""
        return self.at if self.sending and outcome == "sent" else self.observed.get(_CODES[outcome])

    def number(self, outcomes: Iterable[str]) -> int:
        """How many contacts had one of these outcomes, at most."""
        if self.had is None:
            return 1
        return min(self.stands_for, sum(self.had.get(_CODES[outcome], 0) for outcome in outcomes))

    def changed_by(self, late: Contact) -> Folded:
        """The same contact with what became of it since it was folded."""
        observed = dict(self.observed)
        for name, at in late.outcomes.items():
            code = _CODES[name]
            observed[code] = min(at, observed.get(code, at))
        if not _ANSWERS.isdisjoint(observed):
            observed.pop(_NO_RESPONSE, None)
        begun = late.state == "sending"
        at = max(self.at, late.at) if begun else self.at
        return Folded(self.known, self.key, self.sending or begun, at, observed)

    def merged_with(self, other: Folded) -> Folded:
        """One entry for both, as recent in everything as the later of the two."""
        observed, had = self._times(), self._had()
        for code, at in other._times().items():
            observed[code] = max(at, observed.get(code, at))
        for code, count in other._had().items():
            had[code] = had.get(code, 0) + count
        return Folded(
            self.known,
            key=MERGED,
            sending=False,
            at=max(self.at, other.at),
            observed=observed,
            stands_for=self.stands_for + other.stands_for,
            had=had,
            since=min(self.begun(), other.begun()),
        )

    def begun(self) -> datetime:
        """When it was reserved or shown; of several the first."""
        return self.since or self.at

    def last(self) -> datetime:
        """When anything was last heard of it."""
        return max(self.at, *self.observed.values()) if self.observed else self.at

    def _times(self) -> dict[int, datetime]:
        """Every outcome, that of sending included."""
        return {**self.observed, _CODES["sent"]: self.at} if self.sending else dict(self.observed)

    def _had(self) -> dict[int, int]:
        return dict.fromkeys(self._times(), 1) if self.had is None else dict(self.had)


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
        facts: list[list[int]] = []
        numbers: dict[tuple[str, ...], int] = {}
        rows = []
        for each in self.contacts:
            number = numbers.get(each.known)
            if number is None:
                number = numbers[each.known] = len(facts)
                facts.append([words.setdefault(word, len(words)) for word in each.known])
            rows.append((number, *astuple(each)[1:]))
        return msgspec.msgpack.encode((list(words), facts, rows, self.forgotten, self.forgotten_until))

    @classmethod
    def decode(cls, data: bytes) -> Past:
        """What `encode` gave."""
        wire = msgspec.msgpack.decode(data, type=ready(_Wire))
        words = wire.words
        facts = [itemgetter(*row)(words) for row in wire.facts]
        for each in wire.contacts:
            force_setattr(each, "known", facts[each.known])
        return cls(wire.contacts, wire.forgotten, wire.forgotten_until)

    @classmethod
    def together(cls, pasts: Iterable[Past]) -> Past:
        """Those of several persons as one: each entry as it is."""
        given = list(pasts)
        return cls(
            tuple(sorted((each for past in given for each in past.contacts), key=lambda each: (each.at, each.key))),
            sum(past.forgotten for past in given),
            max((past.forgotten_until for past in given if past.forgotten_until is not None), default=None),
        )

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


class _Wire(msgspec.Struct, frozen=True, array_like=True):
    """`Past` as it is stored. What a later version adds goes at the end, with a default."""

    words: list[str]
    facts: list[tuple[int, ...]]
    contacts: tuple[Folded, ...]
    forgotten: int = 0
    forgotten_until: datetime | None = None


NOTHING_PAST = Past()
