"""A simulation: persons decided on by one revision, or by two, and what that comes to.

What comes of a wave is small, however many persons it has, and that of several waves adds up: so waves may be decided
in any process, of this machine or of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec

from shared.domain.batch.deciding import Batch, Wave
from shared.domain.batch.differing import Moved, moved
from shared.domain.batch.numbers import Behind, Numbers, Summary, summed, who
from shared.domain.batch.persons import SOURCE
from shared.domain.batch.prohibited import Prohibited
from shared.domain.batch.rates import Rates, Rating
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
    """What every wave is asked.

    Attributes:
        revisions: the canonical forms of one, or of the one before and the one after.
        slots: where treatments may appear.
        kind: the type of the signal that each person sends.
        context: of that signal.
        brand: whose it is, None for that of no brand in particular.
        now: when all are decided, UTC.
        behind: the number whose persons are wanted, None for none.
        person: whose record is wanted, None for nobody's.
        weeks: over how many contact pressure is simulated.
        seed: of what is accepted meanwhile.
        counts: the models' evidence by model id; a missing one has none.
    """

    revisions: tuple[bytes, ...]
    slots: Slots
    kind: str
    context: dict[str, Any]
    brand: str | None
    now: datetime
    behind: str | None = None
    person: str | None = None
    weeks: int = 0
    seed: int = 0
    counts: Mapping[str, Counts] = {}


class Came(msgspec.Struct, kw_only=True):
    """What a wave came to.

    Attributes:
        summaries: by revision, as they were asked.
        moved: between the two.
        rates: by revision, of the parts of protected attributes.
        weeks: by revision, contact pressure.
        behind: the persons behind the number that was asked for, by revision.
        record: of the person who was asked for, as JSON, by the last revision.
    """

    summaries: tuple[Summary, ...]
    moved: Moved
    rates: tuple[Rates, ...]
    weeks: tuple[list[Week], ...]
    behind: tuple[list[str], ...] = ()
    record: bytes = b""

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
        for names, ids in zip(self.behind, other.behind, strict=False):
            names.extend(ids)
        for weeks, others in zip(self.weeks, other.weeks, strict=True):
            for week, one in zip(weeks, others, strict=True):
                week.add(one)
        self.record = self.record or other.record


def added(asked: Asked, waves: Iterable[Came]) -> Came:
    """All waves as one."""
    total = Came.nothing(asked)
    for each in waves:
        total.add(each)
    return total


class Simulation:
    """Decides waves by one revision, or by two."""

    def __init__(self, asked: Asked) -> None:
        """Make the revisions ready."""
        self._asked = asked
        policies = [Policy(Revision.decode(each)) for each in asked.revisions]
        self._batches = [Batch(policy, asked.slots, asked.counts, asked.now) for policy in policies]
        self._numbers = [Numbers(batch) for batch in self._batches]
        self._rating = [Rating(policy) for policy in policies]
        self._prohibited = [[Prohibited(judging, policy) for judging in policies] for policy in policies]

    def __call__(self, lines: Sequence[Subject]) -> Came:
        """Decide on some persons."""
        asked = self._asked
        profiles = [line.profile(asked.now) for line in lines]
        signals = [self._signal(line) for line in lines]
        found: list[Behind] = []
        rates: list[Rates] = []
        weeks: list[list[Week]] = []
        record = b""
        for batch, numbers, rating, prohibited in zip(
            self._batches, self._numbers, self._rating, self._prohibited, strict=True
        ):
            revision = batch.policy.revision
            wave = Wave(profiles, signals, [line.history(revision) for line in lines])
            decisions = batch(wave)
            found.append(numbers(wave, decisions))
            for judge in prohibited:
                for name, flags in judge(wave, decisions, asked.now).items():
                    known = found[-1].persons.get(name)
                    found[-1].persons[name] = flags if known is None else known | flags
            rates.append(rating(wave, decisions, found[-1]))
            weeks.append(self._weeks(batch, wave, lines))
            for person, profile in enumerate(profiles):
                if profile.person_id == asked.person:
                    record = msgspec.json.encode(full(batch.policy, batch.record(wave, person)))
        ids = [profile.person_id for profile in profiles]
        return Came(
            summaries=tuple(summed(each, len(ids)) for each in found),
            moved=moved(found[0], found[-1], len(ids)),
            rates=tuple(rates),
            weeks=tuple(weeks),
            behind=tuple(who(each, asked.behind, ids) for each in found) if asked.behind else (),
            record=record,
        )

    def _weeks(self, batch: Batch, wave: Wave, lines: Sequence[Subject]) -> list[Week]:
        """Contact pressure, a signal of each person a day."""
        asked = self._asked

        def signal_of(person: int, day: int) -> Signal:
            at = asked.now + timedelta(days=day)
            return msgspec.structs.replace(
                wave.signals[person], id=f"{lines[person].person_id}/{day}", at=at, received_at=at
            )

        return simulate_weeks(batch, wave.profiles, wave.histories, signal_of, asked.weeks, asked.seed)

    def _signal(self, line: Subject) -> Signal:
        asked = self._asked
        return Signal(
            id=line.person_id,
            type=asked.kind,
            at=asked.now,
            received_at=asked.now,
            source=SOURCE,
            identifiers={},
            brand=asked.brand,
            context=asked.context,
        )
