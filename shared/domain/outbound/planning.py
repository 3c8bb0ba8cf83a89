"""The plan of a wave: what each channel is worth for each person, and who gets the scarce ones.

What a channel is worth for a person is the priority of what a decision with that channel alone would choose: engagement
policy, arbitration and contact policy asked, by the engine that decides many together. A person is left to their own
decision where that is not for the plan to say: a notice must go out, or an experiment has another way to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.domain.batch.deciding import Batch, Decisions, Wave
from shared.domain.contact_history import ContactHistory
from shared.domain.engagement import Slots
from shared.domain.governance.switches import NOTHING_OFF, SwitchedOff
from shared.domain.outbound.distribution import NOBODY, Volume, distribute
from shared.domain.outbound.opening import SCHEDULE
from shared.domain.outbound.wave import NOTHING, OPEN, SOURCE, OutboundWave, Page, Plan, properties, signal_id
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.propensity import Counts
from shared.domain.signal import Signal


class Valuing:
    """Says what channels are worth, by the evidence of one moment, for each person by the revision that decides."""

    def __init__(
        self,
        channels: Sequence[str],
        deciding: Callable[[str], Policy],
        counts: Mapping[str, Counts],
        now: datetime,
        off: Sequence[SwitchedOff] = NOTHING_OFF,
    ) -> None:
        """Value some channels.

        Args:
            channels: in the order of the numbers that pages have.
            deciding: gives the revision that decides for a person: what is live, or a canary.
            counts: the models' evidence.
            now: when all are valued, UTC.
            off: what is switched off, and worth nothing.
        """
        self._channels = channels
        self._deciding = deciding
        self._counts = counts
        self._now = now
        self._off = off
        self._engines: dict[str, _Engine] = {}

    def __call__(
        self,
        wave: OutboundWave,
        pages: Sequence[Page],
        people: Mapping[str, Person],
        histories: Mapping[str, ContactHistory],
    ) -> list[Page]:
        """Pages with what each channel is worth for each person; nothing for those who are not known any more."""
        everybody = [person_id for page in pages for person_id in page.person_ids]
        worth = np.full((len(everybody), len(self._channels)), -1.0)
        decided = np.full(len(everybody), OPEN, np.uint8)
        for engine, whose in self._parted(everybody, people):
            ids = [everybody[n] for n in whose]
            worth[whose], decided[whose] = engine(
                Wave(
                    [engine.policy.features.seen(people[each], self._now) for each in ids],
                    [self._signal(wave, each) for each in ids],
                    [histories[each] for each in ids],
                )
            )
        ends = np.cumsum([len(page.person_ids) for page in pages])[:-1]
        return [
            msgspec.structs.replace(page, worth=own.tobytes(), decided=word.tobytes())
            for page, own, word in zip(pages, np.split(worth, ends), np.split(decided, ends), strict=True)
        ]

    def _parted(self, everybody: Sequence[str], people: Mapping[str, Person]) -> list[tuple[_Engine, list[int]]]:
        """The places of the persons who are known, by the revision that decides for them."""
        found: dict[str, list[int]] = {}
        for n, person_id in enumerate(everybody):
            person = people.get(person_id)
            if person is None:
                continue
            policy = self._deciding(person.person_id)
            if policy.revision.id not in self._engines:
                self._engines[policy.revision.id] = _Engine(policy, self._channels, self._counts, self._now, self._off)
            found.setdefault(policy.revision.id, []).append(n)
        return [(self._engines[revision], whose) for revision, whose in found.items()]

    def _signal(self, wave: OutboundWave, person_id: str) -> Signal:
        return Signal(
            id=signal_id(wave.id, person_id),
            type=SCHEDULE,
            at=self._now,
            received_at=self._now,
            source=SOURCE,
            identifiers={"person_id": person_id},
            properties=properties(wave, None),
        )


class _Engine:
    """Values channels by one revision."""

    def __init__(
        self,
        policy: Policy,
        channels: Sequence[str],
        counts: Mapping[str, Counts],
        now: datetime,
        off: Sequence[SwitchedOff],
    ) -> None:
        self.policy = policy
        self._off = rows = policy.contact_rules.switched(off)
        self._number = {channel: n for n, channel in enumerate(channels)}
        self._whole = Batch(policy, Slots(channels=policy.revision.outbound), counts, now, off=rows)
        self._alone = [Batch(policy, Slots(channels=(channel,)), counts, now, off=rows) for channel in channels]

    def __call__(self, asked: Wave) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """What each channel is worth for each person, and which those take who are left to their own decision."""
        worth = np.stack([self._priorities(batch(asked)) for batch in self._alone], axis=1)
        return worth, self._decided(self._whole(asked))

    def _chosen(self, decisions: Decisions) -> NDArray[np.intp]:
        """The row that each person gets, now or when quiet hours end; -1 where there is none."""
        rows = decisions.chosen.rows
        chosen = rows[:, 0].copy() if rows.shape[1] else np.full(len(rows), -1, np.intp)
        for person, made in decisions.alone.items():
            if made.deferred is not None:
                chosen[person] = self.policy.row(made.deferred.treatment)
            if self._off >> max(int(chosen[person]), 0) & 1:  # who is decided alone is not asked about switches
                chosen[person] = -1
        return chosen

    def _priorities(self, decisions: Decisions) -> NDArray[np.float64]:
        chosen = self._chosen(decisions)
        whose = (chosen >= 0).nonzero()[0]
        found = np.full(len(chosen), -1.0)
        found[whose] = decisions.pairs.priorities[decisions.pairs.at(chosen[whose], whose)]
        return found

    def _decided(self, decisions: Decisions) -> NDArray[np.uint8]:
        """Of those who are left to their own decision, the number of the channel that it takes."""
        chosen, mandatory = self._chosen(decisions), self.policy.factors.mandatory
        found = np.full(len(chosen), OPEN, np.uint8)
        for person, row in enumerate(chosen.tolist()):
            if decisions.otherwise[person] or (row >= 0 and mandatory >> row & 1):
                channel = self.policy.rows[row][1].channel if row >= 0 else ""
                found[person] = self._number.get(channel, NOTHING)
        return found


def plan(plan: Plan, pages: Sequence[Page]) -> tuple[Plan, list[Page]]:
    """Give the scarce channels to whom they are worth most.

    Args:
        plan: the revision, the channels, and the volumes of the limited ones.
        pages: with what each channel is worth.
    """
    size = len(plan.channels)
    worth = np.concatenate([np.frombuffer(page.worth).reshape(-1, size) for page in pages])
    decided = np.concatenate([np.frombuffer(page.decided, np.uint8) for page in pages])
    taken = np.bincount(decided[decided < size], minlength=size).tolist()
    volumes = [
        _remaining(plan.limited[channel], taken[n]) if channel in plan.limited else Volume()
        for n, channel in enumerate(plan.channels)
    ]
    own = decided == OPEN
    found = distribute(worth[own], volumes)
    channels = np.full(len(worth), OPEN, np.uint8)
    channels[own] = np.where(found.channels == NOBODY, OPEN, found.channels)
    counts = np.bincount(found.channels[found.channels >= 0], minlength=size).tolist()
    limited = [(n, channel) for n, channel in enumerate(plan.channels) if channel in plan.limited]
    made = msgspec.structs.replace(
        plan,
        planned={channel: counts[n] + taken[n] for n, channel in limited},
        decided=int((~own).sum()),
        prices={channel: found.prices[n] for n, channel in limited if not found.missing[n]},
        worth=found.total,
        bound=found.bound,
        missing={channel: found.missing[n] for n, channel in limited if found.missing[n]},
    )
    parts = np.split(channels, np.cumsum([len(page.person_ids) for page in pages])[:-1])
    return made, [
        msgspec.structs.replace(page, channels=part.tobytes()) for page, part in zip(pages, parts, strict=True)
    ]


def _remaining(limit: tuple[int | None, int], taken: int) -> Volume:
    most, least = limit
    return Volume(None if most is None else max(0, most - taken), max(0, least - taken))
