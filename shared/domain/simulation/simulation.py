"""A simulation: lots of lines decided by one revision or by two, and what they come to, which is small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.domain.batch.deciding import Batch, Wave
from shared.domain.batch.differing import Moved, moved
from shared.domain.batch.numbers import Behind, Numbers, Summary, summed, who
from shared.domain.batch.rates import Rates, Rating
from shared.domain.batch.weeks import Week, simulate_weeks
from shared.domain.catalogue import Revision
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_read import ContactRead
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts
from shared.domain.retrace import full
from shared.domain.signal import Signal
from shared.domain.simulation.cases import Case, Occasion, of_persons, of_records

AT_ONCE = 4096
"""Lines that are decided together."""


class Asked(NamedTuple):
    """What is asked of all lines.

    Attributes:
        revisions: the canonical forms of one, or of the one before and the one after.
        occasion: what persons are decided on by; None where lines are records of decisions, which say it themselves.
        behind: the number whose persons are wanted, None for none.
        case: whose record is wanted, by the case's name, None for nobody's.
        weeks: over how many contact pressure is simulated.
        seed: of what is accepted meanwhile.
        counts: the models' evidence by model id; a missing one has none.
    """

    revisions: tuple[bytes, ...]
    occasion: Occasion | None
    behind: str | None = None
    case: str | None = None
    weeks: int = 0
    seed: int = 0
    counts: Mapping[str, Counts] = {}


class Came(msgspec.Struct, kw_only=True):
    """What lines came to; those of several lots add up, in any order.

    Attributes:
        summaries: by revision, as they were asked.
        moved: between the two.
        rates: by revision, of the parts of protected attributes.
        weeks: by revision, contact pressure.
        behind: the cases behind the number that was asked for, by revision.
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
        """What no lines come to."""
        each = range(len(asked.revisions))
        return cls(
            summaries=tuple(Summary() for _ in each),
            moved=Moved(),
            rates=tuple(Rates() for _ in each),
            weeks=tuple([Week() for _ in range(asked.weeks)] for _ in each),
            behind=tuple([] for _ in each),
        )

    def add(self, other: Came) -> None:
        """Take others in."""
        for summary, more_summary in zip(self.summaries, other.summaries, strict=True):
            summary.add(more_summary)
        self.moved.add(other.moved)
        for rates, more_rates in zip(self.rates, other.rates, strict=True):
            rates.add(more_rates)
        for weeks, more_weeks in zip(self.weeks, other.weeks, strict=True):
            for week, more_week in zip(weeks, more_weeks, strict=True):
                week.add(more_week)
        for names, more_names in zip(self.behind, other.behind, strict=True):
            names.extend(more_names)
        self.record = max(self.record, other.record)


class Simulation:
    """Decides lots of lines by one revision, or by two."""

    def __init__(self, asked: Asked) -> None:
        """Make the revisions ready."""
        self._asked = asked
        self._policies = [Policy(Revision.decode(each)) for each in asked.revisions]
        self._rating = [Rating(policy) for policy in self._policies]
        self._numbers: dict[Slots, list[Numbers]] = {}

    def __call__(self, lines: Sequence[bytes], first: int | None = None) -> Came:
        """Decide.

        Args:
            lines: each of a person, or of a decision's record.
            first: the number of the first, for what is said of a wrong one; None where nobody knows it.

        Raises:
            InvalidError: a line is neither.
        """
        occasion = self._asked.occasion
        cases = of_records(lines, first) if occasion is None else of_persons(lines, occasion, first)
        by_slots: dict[Slots, list[Case]] = {}
        for case in cases:
            by_slots.setdefault(case.slots, []).append(case)
        found = Came.nothing(self._asked)
        for slots, some in by_slots.items():
            found.add(self._came(slots, some))
        return found

    def _came(self, slots: Slots, cases: Sequence[Case]) -> Came:
        asked = self._asked
        profiles = [case.profile for case in cases]
        signals = [case.signal for case in cases]
        moments = [case.at for case in cases]
        names = [case.name for case in cases]
        behind: list[Behind] = []
        rates: list[Rates] = []
        weeks: list[list[Week]] = []
        record = ""
        for numbers, rating in zip(self._of(slots), self._rating, strict=True):
            batch, revision = numbers.batch, numbers.batch.policy.revision
            wave = Wave(profiles, signals, [_history(case.read, revision) for case in cases], moments)
            decisions = batch(wave)
            behind.append(numbers(wave, decisions))
            rates.append(rating(wave, decisions, behind[-1]))
            weeks.append(self._weeks(batch, wave))
            if asked.case in names:
                made = batch.record(wave, names.index(asked.case))
                record = msgspec.json.encode(full(batch.policy, made)).decode()
        return Came(
            summaries=tuple(summed(each, len(names)) for each in behind),
            moved=moved(behind[0], behind[-1], len(names)),
            rates=tuple(rates),
            weeks=tuple(weeks),
            behind=tuple(who(each, asked.behind, names) if asked.behind else [] for each in behind),
            record=record,
        )

    def _of(self, slots: Slots) -> list[Numbers]:
        """What decides for such slots, by revision."""
        if slots not in self._numbers:
            asked = self._asked
            now = _OF_EACH if asked.occasion is None else asked.occasion.now
            batches = [Batch(policy, slots, asked.counts, now) for policy in self._policies]
            self._numbers[slots] = [Numbers(batch) for batch in batches]
        return self._numbers[slots]

    def _weeks(self, batch: Batch, wave: Wave) -> list[Week]:
        """Contact pressure, a signal of each person a day."""

        def signal_of(person: int, day: int) -> Signal:
            signal, at = wave.signals[person], batch.now + timedelta(days=day)
            return msgspec.structs.replace(signal, id=f"{signal.id}/{day}", at=at, received_at=at)

        return simulate_weeks(batch, wave.profiles, wave.histories, signal_of, self._asked.weeks, self._asked.seed)


def _history(read: ContactRead, revision: Revision) -> ContactHistory:
    return read.history(revision) if read.contacts else _NO_CONTACTS


_NO_CONTACTS = ContactHistory()
_OF_EACH = datetime.min.replace(tzinfo=UTC)
"""No moment: each record says its own."""
