"""A simulation: persons, or decisions of the past, decided by one revision or by two, and what that comes to.

What comes of a wave is small, however many persons it has, and that of several waves adds up, in any order and to the
same however they are split: so waves may be decided in any process, of this machine or of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec

from shared.domain.batch.cases import Case, persons, records
from shared.domain.batch.deciding import Batch, Wave
from shared.domain.batch.differing import Moved, apart, moved
from shared.domain.batch.numbers import Behind, Numbers, Summary, summed, who
from shared.domain.batch.packed import Flags
from shared.domain.batch.persons import SOURCE
from shared.domain.batch.prohibited import Prohibited
from shared.domain.batch.rates import Rates, Rating
from shared.domain.batch.responding import Behaviour
from shared.domain.batch.weeks import Week, simulate_weeks
from shared.domain.catalogue import Revision
from shared.domain.contact_history import ContactHistory
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.retrace import full
from shared.domain.signal import Signal

AT_ONCE = 4096
"""Persons of a wave."""

_OF_EACH = datetime.min.replace(tzinfo=UTC)
"""No time: each case says its own."""


class Subject(Protocol):
    """A person who is decided on."""

    @property
    def person_id(self) -> str:
        """By whatever name the person is told."""

    def profile(self, now: datetime) -> Profile:
        """As a decision sees one."""

    def history(self, revision: Revision) -> ContactHistory:
        """The contacts before."""


class Asked(NamedTuple):
    """What every wave is asked; of decisions of the past no more than the revisions and what is wanted of them.

    Attributes:
        revisions: the canonical forms of one, or of the one before and the one after.
        slots: where treatments may appear.
        kind: the type of the signal that each person sends.
        context: of that signal.
        brand: whose it is, None for that of no brand in particular.
        now: when all are decided, UTC; None for decisions of the past, each at its own time.
        behind: the number whose persons are wanted, None for none.
        person: whose record is wanted, by the name of the case, None for nobody's.
        weeks: over how many contact pressure is simulated.
        seed: of what becomes of contacts meanwhile.
        behaviour: how persons respond meanwhile.
        counts: the models' evidence by model id; a missing one has none.
    """

    revisions: tuple[bytes, ...]
    slots: Slots = Slots(channels=())
    kind: str = "schedule"
    context: Mapping[str, Any] = {}
    brand: str | None = None
    now: datetime | None = None
    behind: str | None = None
    person: str | None = None
    weeks: int = 0
    seed: int = 0
    behaviour: Behaviour = Behaviour()
    counts: Mapping[str, Counts] = {}


class Came(msgspec.Struct, kw_only=True):
    """What a wave came to.

    Attributes:
        summaries: by revision, as they were asked.
        moved: between the two.
        rates: by revision, of the parts of protected attributes.
        weeks: by revision, contact pressure.
        behind: the names of the cases behind the number that was asked for, by revision.
        record: of the case that was asked for, as JSON, by the last revision; empty where it was not among them.
    """

    summaries: tuple[Summary, ...]
    moved: Moved
    rates: tuple[Rates, ...]
    weeks: tuple[list[Week], ...]
    behind: tuple[list[str], ...]
    record: str = ""

    @classmethod
    def nothing(cls, asked: Asked) -> Came:
        """What no wave comes to."""
        revisions = len(asked.revisions)
        return cls(
            summaries=tuple(Summary() for _ in range(revisions)),
            moved=Moved(),
            rates=tuple(Rates() for _ in range(revisions)),
            weeks=tuple([Week() for _ in range(asked.weeks)] for _ in range(revisions)),
            behind=tuple([] for _ in range(revisions)),
        )

    def add(self, other: Came) -> None:
        """Take another wave in."""
        for mine, theirs in zip(self.summaries, other.summaries, strict=True):
            mine.add(theirs)
        self.moved.add(other.moved)
        for rates, more in zip(self.rates, other.rates, strict=True):
            rates.add(more)
        for names, ids in zip(self.behind, other.behind, strict=True):
            names.extend(ids)
        for weeks, others in zip(self.weeks, other.weeks, strict=True):
            for week, one in zip(weeks, others, strict=True):
                week.add(one)
        self.record = max(self.record, other.record)


def added(asked: Asked, waves: Iterable[Came]) -> Came:
    """All waves as one."""
    total = Came.nothing(asked)
    for each in waves:
        total.add(each)
    return total


class Simulation:
    """Decides waves by one revision, or by two."""

    def __init__(self, asked: Asked, policies: Sequence[Policy] = ()) -> None:
        """Make the revisions ready, or take them as they were made ready before."""
        self._asked = asked
        self._policies = policies or [Policy(Revision.decode(each)) for each in asked.revisions]
        self._numbers: dict[Slots, list[Numbers]] = {}
        self._rating = [Rating(policy) for policy in self._policies]
        self._prohibited = [[Prohibited(judging, policy) for judging in self._policies] for policy in self._policies]

    def of_lines(self, lines: Sequence[bytes], first: int | None = None) -> Came:
        """Decide on lines, each of a person, or of a decision's record where decisions of the past are asked for.

        Args:
            lines: of JSON.
            first: the number of the first, for what is said of a wrong one; None where nobody knows it.

        Raises:
            InvalidError: a line is neither.
        """
        if self._asked.now is None:
            return self.of_cases(records(lines, first))
        return self(list(persons(lines, first)))

    def __call__(self, lines: Sequence[Subject]) -> Came:
        """Decide on some persons."""
        asked = self._asked
        assert asked.now is not None, "persons are decided on at a time"
        return self.of_cases(
            Case(
                line.person_id,
                line.profile(asked.now),
                self._signal(line, asked.now),
                asked.slots,
                asked.now,
                line.history,
            )
            for line in lines
        )

    def of_cases(self, cases: Iterable[Case]) -> Came:
        """Decide, together what is decided for the same slots."""
        by_slots: dict[Slots, list[Case]] = {}
        for case in cases:
            by_slots.setdefault(case.slots, []).append(case)
        found = Came.nothing(self._asked)
        for slots, some in by_slots.items():
            found.add(self._came(slots, some))
        return found

    def _came(self, slots: Slots, cases: Sequence[Case]) -> Came:
        asked = self._asked
        names = [case.name for case in cases]
        profiles = [case.profile for case in cases]
        signals = [case.signal for case in cases]
        moments = [case.at for case in cases]
        found: list[Behind] = []
        rates: list[Rates] = []
        weeks: list[list[Week]] = []
        record = ""
        for numbers, rating, prohibited in zip(self._of(slots), self._rating, self._prohibited, strict=True):
            batch, revision = numbers.batch, numbers.batch.policy.revision
            wave = Wave(profiles, signals, [case.history(revision) for case in cases], moments)
            decisions = batch(wave)
            found.append(numbers(wave, decisions))
            weeks.append(self._weeks(batch, wave, found[-1].persons))
            for judge in prohibited:
                for name, flags in judge(wave, decisions, moments).items():
                    known = found[-1].persons.get(name)
                    found[-1].persons[name] = flags if known is None else known | flags
            rates.append(rating(wave, decisions, found[-1]))
            selected = rating.behind(asked.behind, wave, decisions, found[-1]) if asked.behind else None
            if asked.behind and selected is not None:
                found[-1].persons[asked.behind] = selected
            if asked.person in names:
                made = batch.record(wave, names.index(asked.person))
                record = msgspec.json.encode(full(batch.policy, made)).decode()
        return Came(
            summaries=tuple(summed(each, len(names)) for each in found),
            moved=moved(found[0], found[-1], len(names)),
            rates=tuple(rates),
            weeks=tuple(weeks),
            behind=self._behind(found, names),
            record=record,
        )

    def _behind(self, found: Sequence[Behind], names: Sequence[str]) -> tuple[list[str], ...]:
        """The cases behind the number that is asked for; where two revisions differ in an amount, those who add less
        by the last one, and those who add more.
        """
        number = self._asked.behind
        if number is None:
            return tuple([] for _ in found)
        differing = apart(found[0], found[1], number) if len(found) == 2 else None
        if differing is None:
            return tuple(who(each, number, names) for each in found)
        return tuple([names[place] for place in flags.nonzero()[0].tolist()] for flags in differing)

    def _of(self, slots: Slots) -> list[Numbers]:
        """What decides for such slots, by revision."""
        if slots not in self._numbers:
            asked = self._asked
            batches = [Batch(policy, slots, asked.counts, asked.now or _OF_EACH) for policy in self._policies]
            self._numbers[slots] = [Numbers(batch) for batch in batches]
        return self._numbers[slots]

    def _weeks(self, batch: Batch, wave: Wave, persons: dict[str, Flags]) -> list[Week]:
        """Contact pressure, a signal of each person a day; who is behind its numbers goes to the others."""
        asked = self._asked

        def signal_of(person: int, day: int) -> Signal:
            signal, at = wave.signals[person], batch.now + timedelta(days=day)
            return msgspec.structs.replace(signal, id=f"{signal.id}/{day}", at=at, received_at=at)

        found = simulate_weeks(batch, wave, signal_of, asked.weeks, asked.seed, asked.behaviour)
        persons.update(found.persons)
        return found.weeks

    def _signal(self, line: Subject, now: datetime) -> Signal:
        asked = self._asked
        return Signal(
            id=line.person_id,
            type=asked.kind,
            at=now,
            received_at=now,
            source=SOURCE,
            identifiers={},
            brand=asked.brand,
            context=dict(asked.context),
        )
