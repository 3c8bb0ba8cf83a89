"""Contact pressure over weeks: the same persons decided day after day, each day with the contacts of those before.

Every person sends one signal a day. Whoever is given something accepts it with the probability that it was ranked by,
before the next day; whoever does not, does not respond. Volumes and budgets stop nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from shared.domain.batch.deciding import Batch, Decisions, Wave
from shared.domain.batch.packed import Flags
from shared.domain.batch.stopped import stopped_by_rule
from shared.domain.catalogue import facts
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.profile import Profile
from shared.domain.response import closing
from shared.domain.rules import Cap
from shared.domain.signal import Signal

DAYS = 7
_ACCEPTS_AFTER = timedelta(hours=1)
_WHOLE = 2.0**64
_MOST = 0.95


class Week(msgspec.Struct, kw_only=True):
    """A week of any many persons; those of several waves add up.

    Attributes:
        persons: how many there are.
        decisions: how many there were.
        nothing: of how many nothing was chosen.
        accepted: how many contacts were accepted.
        contacts: number of contacts to how many persons had so many.
        capped: by the id of a cap, of how many persons it stopped something that they qualify for, on any day.
        capped_at_all: of how many any cap did.
    """

    persons: int = 0
    decisions: int = 0
    nothing: int = 0
    accepted: int = 0
    contacts: dict[int, int] = {}
    capped: dict[str, int] = {}
    capped_at_all: int = 0

    def add(self, other: Week) -> None:
        """Take others in."""
        self.persons += other.persons
        self.decisions += other.decisions
        self.nothing += other.nothing
        self.accepted += other.accepted
        self.capped_at_all += other.capped_at_all
        for number, persons in other.contacts.items():
            self.contacts[number] = self.contacts.get(number, 0) + persons
        for cap, persons in other.capped.items():
            self.capped[cap] = self.capped.get(cap, 0) + persons

    @property
    def pressure(self) -> Pressure:
        """What a person of the week had, and how many had anything."""
        persons = max(self.persons, 1)
        seen, p95 = 0, 0
        for number, many in sorted(self.contacts.items()):
            if seen < _MOST * self.persons:
                p95 = number
            seen += many
        return Pressure(
            mean=sum(number * many for number, many in self.contacts.items()) / persons,
            p95=p95,
            most=max(self.contacts, default=0),
            reach=(self.persons - self.contacts.get(0, 0)) / persons,
            no_action=self.nothing / max(self.decisions, 1),
            at_caps=self.capped_at_all / persons,
        )


class Pressure(msgspec.Struct, frozen=True, kw_only=True):
    """A week in a few numbers.

    Attributes:
        mean, p95, most: contacts of a person; 95 % of persons have no more than `p95`.
        reach: share of persons with a contact.
        no_action: share of decisions that chose nothing.
        at_caps: share of persons of whom a cap stopped something.
    """

    mean: float
    p95: int
    most: int
    reach: float
    no_action: float
    at_caps: float


class _Open(NamedTuple):
    """A contact that may become no response, and when."""

    person: int
    key: str
    closes: datetime


def simulate_weeks(
    batch: Batch,
    profiles: Sequence[Profile],
    histories: Sequence[ContactHistory],
    signal_of: Callable[[int, int], Signal],
    weeks: int,
    seed: int,
) -> list[Week]:
    """Decide day after day, and say what each week came to.

    Args:
        batch: of the first day.
        profiles: the persons, who stay as they are.
        histories: their contacts so far.
        signal_of: what a person, by place, sends on a day, each with an id of its own.
        weeks: how many.
        seed: of what is accepted.
    """
    course = _Course(batch, profiles, histories, seed)
    return [course.week(number, signal_of) for number in range(weeks)]


class _Course:
    """Persons and their contacts, as days go by."""

    def __init__(
        self, batch: Batch, profiles: Sequence[Profile], histories: Sequence[ContactHistory], seed: int
    ) -> None:
        self._first = batch
        self._profiles = profiles
        self._histories = [msgspec.structs.replace(each, contacts=dict(each.contacts)) for each in histories]
        self._seed = seed
        self._open: list[_Open] = []
        self._caps = [rule.id for rule in batch.policy.revision.catalogue.rules if isinstance(rule, Cap)]

    def week(self, number: int, signal_of: Callable[[int, int], Signal]) -> Week:
        """Decide on seven days."""
        persons = len(self._profiles)
        had = np.zeros(persons, np.intp)
        capped: dict[str, Flags] = {}
        found = Week(persons=persons, decisions=DAYS * persons)
        for day in range(DAYS * number, DAYS * (number + 1)):
            batch = self._first.at(self._first.now + timedelta(days=day))
            self._close(batch)
            signals = [signal_of(person, day) for person in range(persons)]
            wave = Wave(self._profiles, signals, self._histories)
            decisions = batch(wave)
            for name, flags in stopped_by_rule(batch, wave, decisions).items():
                if name in self._caps:
                    capped[name] = capped[name] | flags if name in capped else flags
            given = (decisions.chosen.rows >= 0).sum(axis=1)
            had += given
            found.nothing += int((given == 0).sum())
            found.accepted += self._contact(batch, decisions, signals)
        counts = np.bincount(had)
        found.contacts = {many: int(counts[many]) for many in counts.nonzero()[0].tolist()}
        found.capped = {name: int(flags.sum()) for name, flags in capped.items()}
        found.capped_at_all = int(np.logical_or.reduce([*capped.values()]).sum()) if capped else 0
        return found

    def _contact(self, batch: Batch, decisions: Decisions, signals: Sequence[Signal]) -> int:
        """Put what was chosen into the histories, with what became of it, and say how much was accepted."""
        accepted = 0
        chosen, policy = decisions.chosen.rows, batch.policy
        for column in chosen.T:
            persons = (column >= 0).nonzero()[0]
            propensities = decisions.pairs.propensities[decisions.pairs.at(column[persons], persons)]
            for person, row, p in zip(persons.tolist(), column[persons].tolist(), propensities.tolist(), strict=True):
                action, treatment = policy.rows[row]
                channel = policy.revision.channels[treatment.channel]
                sends = channel.direction == "outbound"
                accepts = self._draw(signals[person].id, treatment.id) < p
                outcomes = {"delivered" if sends else "impression": batch.now}
                key = f"{signals[person].id}/{treatment.id}"
                if accepts:
                    accepted += 1
                    outcomes["accept"] = batch.now + _ACCEPTS_AFTER
                else:
                    self._open.append(_Open(person, key, closing(channel, batch.now)))
                self._histories[person].contacts[key] = Contact(
                    delivery_id=key,
                    decision_id=signals[person].id,
                    revision=policy.revision.id,
                    state="sending" if sends else "presented",
                    at=batch.now,
                    outcomes=outcomes,
                    **facts(action, treatment),
                )
        return accepted

    def _close(self, batch: Batch) -> None:
        """Let contacts whose window has passed become no response."""
        still = []
        for each in self._open:
            if each.closes > batch.now:
                still.append(each)
                continue
            contacts = self._histories[each.person].contacts
            contact = contacts[each.key]
            outcomes = {**contact.outcomes, "no_response": each.closes}
            contacts[each.key] = msgspec.structs.replace(contact, outcomes=outcomes)
        self._open = still

    def _draw(self, signal: str, treatment: str) -> float:
        """From 0 to 1, the same for the same decision and treatment whoever is decided together."""
        text = f"{self._seed}|{signal}|{treatment}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / _WHOLE
