"""Waves decided: for each person of one what `alone.record` would say of that person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.domain.batch.alone import Asked, record
from shared.domain.batch.conditions import Conditions
from shared.domain.batch.contacts import Rules, Standing, grouped
from shared.domain.batch.filling import Filling
from shared.domain.batch.packed import Flags, Places, Words, packed, places, rows_at, unpacked, words_of
from shared.domain.batch.scoring import Pairs, Scorer
from shared.domain.batch.values import Values
from shared.domain.classifier import Vector
from shared.domain.contact_history import ContactHistory
from shared.domain.decision import DecisionRecord, Result
from shared.domain.engagement import Slots
from shared.domain.experiments import AS_USUAL
from shared.domain.policy.conditions import stopping
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.replay import is_offer
from shared.domain.signal import Signal, decision_id


class Wave(NamedTuple):
    """Persons who are decided on together: each with what happened, and the contacts so far.

    Attributes:
        moments: when each is decided, UTC; None where all are when the batch says.
    """

    profiles: Sequence[Profile]
    signals: Sequence[Signal]
    histories: Sequence[ContactHistory]
    moments: Sequence[datetime] | None = None

    def part(self, begin: int, end: int) -> Wave:
        """Those from one place until before another."""
        moments = None if self.moments is None else self.moments[begin:end]
        return Wave(self.profiles[begin:end], self.signals[begin:end], self.histories[begin:end], moments)

    def asked(self, person: int) -> Asked:
        """One of them."""
        return Asked(self.profiles[person], self.signals[person], self.histories[person])


class Chosen(NamedTuple):
    """What was chosen for each person of a wave.

    Attributes:
        rows: in the order of being taken, -1 where no more was.
        parts: the number of the placement that each fills, among those asked for.
    """

    rows: NDArray[np.intp]
    parts: NDArray[np.intp]


class Decisions(NamedTuple):
    """What a wave came to; a person is a place in it, a treatment its row in the policy.

    Attributes:
        values: what was read of the persons.
        admitted: the persons of each row as far as no condition says, as bits.
        passing: those that qualify.
        pairs: the same as pairs, with what they rank by.
        standing: what contact policy said before anything was chosen.
        chosen: what came of it.
        results: how each decision ended.
        alone: the records of those that were decided alone.
        otherwise: whose treatments rank otherwise, because of the arm of an experiment.
    """

    values: Values
    admitted: Words
    passing: Words
    pairs: Pairs
    standing: Standing
    chosen: Chosen
    results: list[Result]
    alone: dict[int, DecisionRecord]
    otherwise: Flags

    def qualified(self, person: int) -> Rows:
        """The rows that a person qualifies for."""
        return rows_at(unpacked(self.passing, len(self.results))[:, person])

    def of(self, person: int) -> Places:
        """Where a person's pairs are, by row."""
        found: Places = (self.pairs.persons == person).nonzero()[0]
        return found


class Batch:
    """Decides waves of one kind of request by one revision and the evidence of one moment."""

    def __init__(
        self, policy: Policy, slots: Slots, counts: Mapping[str, Counts], now: datetime, *, off: Rows = 0
    ) -> None:
        """Work out what does not depend on persons.

        Args:
            policy: the compiled revision.
            slots: where treatments may appear.
            counts: the models' evidence by model id; a missing one has none.
            now: when all are decided, UTC, unless a wave says it of each.
            off: rows that are switched off, as if there were none of them.
        """
        self.policy = policy
        self._off = off
        self.slots = slots
        self.counts = counts
        self.now = now
        self._sends = not is_offer(policy.revision, slots)
        self._size = len(policy.rows)
        self._conditions = Conditions(self._size, *stopping(policy.revision.catalogue))
        self._scorer = Scorer(policy, counts)
        self._reads = self._conditions.reads | self._scorer.reads
        self._rules = Rules(policy)
        self._filling = Filling(policy, self._rules, slots, sends=self._sends)

    def at(self, now: datetime) -> Batch:
        """The same at another moment."""
        other = copy(self)
        other.now = now
        return other

    def __call__(self, wave: Wave) -> Decisions:
        """Decide."""
        moments = self.moments(wave)
        values = Values(self.policy, wave.profiles, wave.signals, moments, self._reads)
        admitted, excluded = self._admitted(wave)
        passing = admitted.copy()
        self._conditions.narrow(passing, values)
        decisions = self._ids(wave) if self.policy.factors.explores else ()
        pairs = self._scorer(passing, values, decisions)
        standing = self._rules.standing(wave.profiles, wave.histories, moments)
        otherwise = self._otherwise(wave)
        qualifies = np.zeros(len(values), np.bool_)
        qualifies[pairs.persons] = True
        chosen, records = self._chosen(wave, pairs, pairs.priorities, standing, qualifies, otherwise)
        results = self._results(chosen.rows, qualifies, excluded)
        for person, made in records.items():
            results[person] = made.result
        return Decisions(values, admitted, passing, pairs, standing, chosen, results, records, otherwise)

    def without_levers(self, wave: Wave, decisions: Decisions) -> Chosen:
        """What would have been chosen if every lever were 1."""
        factors, pairs = self.policy.factors, decisions.pairs
        if all(lever == 1.0 for lever in factors.levers):
            return decisions.chosen
        qualifies = np.zeros(len(decisions.results), np.bool_)
        qualifies[pairs.persons] = True
        qualifies &= ~decisions.otherwise
        nobody = np.zeros_like(qualifies)
        chosen, _ = self._chosen(wave, pairs, pairs.bare, decisions.standing, qualifies, nobody, levers=False)
        chosen.rows[decisions.otherwise] = decisions.chosen.rows[decisions.otherwise]
        return chosen

    def _chosen(
        self,
        wave: Wave,
        pairs: Pairs,
        priorities: Vector,
        standing: Standing,
        qualifies: Flags,
        otherwise: Flags,
        *,
        levers: bool = True,
    ) -> tuple[Chosen, dict[int, DecisionRecord]]:
        """What is chosen, and the records of those that are decided alone."""
        filled = self._filling(pairs, priorities, standing, len(qualifies))
        lifts = self._rules.lifts and filled.rows.shape[1] > 1
        alone = (filled.alone | otherwise | self._filling.alone | lifts) & qualifies
        records = {}
        for person in alone.nonzero()[0].tolist():
            asked = wave.asked(person)
            made = record(self.policy, asked, self.slots, self.counts, self.moments(wave)[person], levers=levers)
            records[person] = made
            self._take(made, person, filled.rows, filled.parts)
        return Chosen(filled.rows, filled.parts), records

    def record(self, wave: Wave, person: int) -> DecisionRecord:
        """The whole record of one person's decision."""
        return record(self.policy, wave.asked(person), self.slots, self.counts, self.moments(wave)[person])

    def moments(self, wave: Wave) -> Sequence[datetime]:
        """When each person of a wave is decided."""
        return wave.moments if wave.moments is not None else [self.now] * len(wave.profiles)

    def _admitted(self, wave: Wave) -> tuple[Words, Flags]:
        """The persons of each row as far as no condition says, and who is excluded altogether."""
        policy, masks = self.policy, self.policy.masks
        flags = {exclusion.flag for exclusion in policy.revision.catalogue.exclusions}
        everywhere = masks.slots(self.slots.channels, self.slots.placements) & ~self._off
        moments = self.moments(wave)
        active = {moment: masks.active(moment) for moment in set(moments)}
        keys: list[Any] = [
            None
            if profile.flags and not flags.isdisjoint(profile.flags)
            else (signal.brand, profile.brands if signal.brand is None else (), profile.reachable, active[moment])
            for profile, signal, moment in zip(wave.profiles, wave.signals, moments, strict=True)
        ]
        passing = np.zeros((self._size, words_of(len(keys))), np.uint64)
        excluded = np.zeros(len(keys), np.bool_)
        for key, whose in grouped(keys):
            if key is None:
                excluded[whose] = True
                continue
            brand, brands, _, now_active = key
            may = (brand,) if brand else brands or tuple(policy.revision.brands)
            rows = everywhere & now_active & masks.brands(may) & masks.reachable(wave.profiles[int(whose[0])])
            these = np.zeros(len(keys), np.bool_)
            these[whose] = True
            passing[places(rows, self._size)] |= packed(these)
        return passing, excluded

    def _otherwise(self, wave: Wave) -> Flags:
        """Whose treatments rank otherwise, because of the arm of an experiment that they are in."""
        experiments = self.policy.experiments
        if not self.policy.revision.catalogue.experiments:
            return np.zeros(len(wave.profiles), np.bool_)
        ways = [experiments.way(experiments.arms(profile.person_id)) for profile in wave.profiles]
        return np.array([way is not AS_USUAL for way in ways], np.bool_)

    @staticmethod
    def _ids(wave: Wave) -> list[str]:
        return [decision_id(signal.source, signal.id) for signal in wave.signals]

    def _results(self, rows: NDArray[np.intp], qualifies: Flags, excluded: Flags) -> list[Result]:
        chosen: Result = "reserved" if self._sends else "offered"
        words: list[Result] = ["nothing_qualified", "excluded", "all_withheld", chosen]
        has = rows[:, 0] >= 0 if rows.shape[1] else np.zeros(len(rows), np.bool_)
        numbers = np.where(qualifies, np.where(has, 3, 2), np.where(excluded, 1, 0))
        return [words[number] for number in numbers.tolist()]

    def _take(self, made: DecisionRecord, person: int, rows: NDArray[np.intp], parts: NDArray[np.intp]) -> None:
        """Put what somebody was decided alone in the place of what the wave came to."""
        placements = [placement for placement, _ in self.slots.wanted()]
        rows[person], parts[person] = -1, -1
        for n, chosen in enumerate(made.chosen):
            rows[person, n] = self.policy.row(chosen.treatment)
            parts[person, n] = placements.index(chosen.placement if self.slots.placements else None)
