"""Contact pressure over weeks: the same persons decided day after day, each day with the contacts of those before, with
what became of these, and with what persons said of them.

Every person sends one signal a day. Whoever is given something responds before the next day, as `Behaviour` says, or
does not. Volumes and budgets stop nobody; what they would have to give is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from shared.domain.batch.allowances import Allowances
from shared.domain.batch.deciding import Batch, Decisions, Wave
from shared.domain.batch.packed import Flags
from shared.domain.batch.responding import Behaviour, after, draw_of
from shared.domain.batch.stopped import stopped_by_rule
from shared.domain.catalogue import facts
from shared.domain.contact import Contact
from shared.domain.exact import exact
from shared.domain.response import closing
from shared.domain.rules import Cap
from shared.domain.signal import Signal

DAYS = 7
WEEK = "week:"
"""What numbers of weeks begin with."""

_RESPONDS_AFTER = timedelta(minutes=30)
_MOST = 0.95


class Week(msgspec.Struct, kw_only=True):
    """A week of any many persons; those of several waves add up.

    Attributes:
        persons: how many there are.
        decisions: how many there were.
        nothing: of how many nothing was chosen.
        outcomes: of how many contacts each outcome became.
        contacts: number of contacts to how many persons had so many.
        capped: by the id of a cap, of how many persons it stopped something that they qualify for, on any day.
        capped_at_all: of how many any cap did.
        taken: by volume and budget, what they would have to give on each day, as `shared.domain.exact` adds it up.
    """

    persons: int = 0
    decisions: int = 0
    nothing: int = 0
    outcomes: dict[str, int] = {}
    contacts: dict[int, int] = {}
    capped: dict[str, int] = {}
    capped_at_all: int = 0
    taken: dict[str, list[int]] = {}

    def add(self, other: Week) -> None:
        """Take others in."""
        self.persons += other.persons
        self.decisions += other.decisions
        self.nothing += other.nothing
        self.capped_at_all += other.capped_at_all
        for number, persons in other.contacts.items():
            self.contacts[number] = self.contacts.get(number, 0) + persons
        for cap, persons in other.capped.items():
            self.capped[cap] = self.capped.get(cap, 0) + persons
        for outcome, contacts in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + contacts
        for rule, days in other.taken.items():
            self.taken[rule] = [a + b for a, b in zip(self.taken.get(rule, [0] * DAYS), days, strict=True)]

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


class Weeks(NamedTuple):
    """Weeks, and by number who is behind it: `week:2/reached`, `week:2/cap:ID`, `week:2/complaint`."""

    weeks: list[Week]
    persons: dict[str, Flags]


class _Open(NamedTuple):
    """A contact that may become no response, and when."""

    person: int
    key: str
    closes: datetime


def simulate_weeks(
    batch: Batch,
    wave: Wave,
    signal_of: Callable[[int, int], Signal],
    weeks: int,
    seed: int,
    behaviour: Behaviour,
) -> Weeks:
    """Decide day after day, and say what each week came to.

    Args:
        batch: of the first day.
        wave: the persons, of whom nothing changes but what they say on consent, and flags that follow.
        signal_of: what a person, by place, sends on a day, each with an id of its own.
        weeks: how many.
        seed: of what becomes of contacts.
        behaviour: how persons respond.
    """
    course = _Course(batch, wave, seed, behaviour)
    found = Weeks([], {})
    for number in range(weeks):
        week, persons = course.week(number, signal_of)
        found.weeks.append(week)
        found.persons.update({f"{WEEK}{number + 1}/{name}": flags for name, flags in persons.items()})
    return found


class _Course:
    """Persons and their contacts, as days go by."""

    def __init__(self, batch: Batch, wave: Wave, seed: int, behaviour: Behaviour) -> None:
        self._first = batch
        self._profiles = list(wave.profiles)
        self._histories = [msgspec.structs.replace(each, contacts=dict(each.contacts)) for each in wave.histories]
        self._seed = seed
        self._behaviour = behaviour
        self._open: list[_Open] = []
        catalogue = batch.policy.revision.catalogue
        self._caps = {rule.id for rule in catalogue.rules if isinstance(rule, Cap)}
        self._objections = catalogue.consent.objections
        self._allowances = Allowances(batch.policy)

    def week(self, number: int, signal_of: Callable[[int, int], Signal]) -> tuple[Week, dict[str, Flags]]:
        """Decide on seven days."""
        persons = len(self._profiles)
        had = np.zeros(persons, np.intp)
        behind: dict[str, Flags] = {}
        found = Week(persons=persons, decisions=DAYS * persons)
        for day in range(DAYS * number, DAYS * (number + 1)):
            batch = self._first.at(self._first.now + timedelta(days=day))
            self._close(batch)
            signals = [signal_of(person, day) for person in range(persons)]
            wave = Wave(tuple(self._profiles), signals, self._histories)
            decisions = batch(wave)
            for name, flags in stopped_by_rule(batch, wave, decisions).items():
                if name in self._caps:
                    _flagged(behind, f"cap:{name}", persons)[flags] = True
            given = (decisions.chosen.rows >= 0).sum(axis=1)
            had += given
            found.nothing += int((given == 0).sum())
            for name, amounts in self._allowances(decisions.chosen).items():
                found.taken.setdefault(name, []).append(exact(amounts))
            for person, outcome in self._contact(batch, decisions, signals):
                found.outcomes[outcome] = found.outcomes.get(outcome, 0) + 1
                _flagged(behind, outcome, persons)[person] = True
        counts = np.bincount(had)
        found.contacts = {many: int(counts[many]) for many in counts.nonzero()[0].tolist()}
        capped = {name: flags for name, flags in behind.items() if name.startswith("cap:")}
        found.capped = {name.removeprefix("cap:"): int(flags.sum()) for name, flags in capped.items()}
        found.capped_at_all = int(np.logical_or.reduce([*capped.values()]).sum()) if capped else 0
        behind["reached"] = had > 0
        return found, behind

    def _contact(self, batch: Batch, decisions: Decisions, signals: Sequence[Signal]) -> Iterator[tuple[int, str]]:
        """Put what was chosen into the histories, with what became of it, and say it: the person, and the outcome."""
        chosen, policy = decisions.chosen.rows, batch.policy
        for column in chosen.T:
            persons = (column >= 0).nonzero()[0]
            propensities = decisions.pairs.propensities[decisions.pairs.at(column[persons], persons)]
            for person, row, p in zip(persons.tolist(), column[persons].tolist(), propensities.tolist(), strict=True):
                action, treatment = policy.rows[row]
                channel = policy.revision.channels[treatment.channel]
                sends = channel.direction == "outbound"
                key = f"{signals[person].id}/{treatment.id}"
                draw = draw_of(self._seed, signals[person].id, treatment.id)
                answers = self._behaviour.outcomes(draw, p, sends=sends)
                outcomes = {"delivered" if sends else "impression": batch.now}
                outcomes |= {answer: batch.now + (n + 1) * _RESPONDS_AFTER for n, answer in enumerate(answers)}
                contact = Contact(
                    delivery_id=key,
                    decision_id=signals[person].id,
                    revision=policy.revision.id,
                    state="sending" if sends else "presented",
                    at=batch.now,
                    outcomes=outcomes,
                    **facts(action, treatment),
                )
                self._histories[person].contacts[key] = contact
                if not answers:
                    self._open.append(_Open(person, key, closing(channel, batch.now)))
                for answer in answers:
                    self._profiles[person] = after(
                        self._profiles[person], contact, answer, self._behaviour, self._objections
                    )
                    yield person, answer

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


def _flagged(behind: dict[str, Flags], name: str, persons: int) -> Flags:
    if name not in behind:
        behind[name] = np.zeros(persons, np.bool_)
    return behind[name]
