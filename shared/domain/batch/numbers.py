"""What a wave comes to in numbers, each with the persons behind it.

A number is named by what it counts persons of: `issue:grow` are those who are given something of that issue,
`condition:action:northmoor_isa/eligibility/of_age` those who fall there, `rule:weekly_outbound` those of whom the rule
stops something that they qualify for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np

from shared.domain.batch.allowances import Allowances, each_of
from shared.domain.batch.deciding import Batch, Chosen, Decisions, Wave
from shared.domain.batch.falls import Falls
from shared.domain.batch.packed import Flags, Words, unpacked
from shared.domain.batch.stopped import stopped_by_rule
from shared.domain.classifier import Vector
from shared.domain.exact import exact, real

REACHED, CHANGED_BY_LEVERS = "reached", "levers:changed"
VALUE, VALUE_WITHOUT_LEVERS, COST = "value", "value_without_levers", "cost"
DIMENSIONS = ("brand", "issue", "channel", "action", "treatment")


class Behind(NamedTuple):
    """The numbers of one wave.

    Attributes:
        persons: by number, who is behind it.
        amounts: by what they are of, what each person adds: pounds, or contacts where a volume counts them.
        falls: by condition, how many actions and treatments fall there.
    """

    persons: dict[str, Flags]
    amounts: dict[str, Vector]
    falls: dict[str, int]


class Summary(msgspec.Struct, kw_only=True):
    """Numbers of any many persons; those of several waves add up.

    Attributes:
        persons: how many there are.
        counts: by number, how many are behind it.
        amounts: pounds by what they are of, and contacts by volume, as `shared.domain.exact` adds them up.
        falls: by condition, how many actions and treatments fall there.
    """

    persons: int = 0
    counts: dict[str, int] = {}
    amounts: dict[str, int] = {}
    falls: dict[str, int] = {}

    def add(self, other: Summary) -> None:
        """Take others in."""
        self.persons += other.persons
        for mine, theirs in (
            (self.counts, other.counts),
            (self.amounts, other.amounts),
            (self.falls, other.falls),
        ):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count

    def amount(self, name: str) -> float:
        """Pounds, or contacts of a volume."""
        return real(self.amounts.get(name, 0))


class Numbers:
    """Says numbers of waves, for one batch.

    Attributes:
        batch: whose waves.
    """

    def __init__(self, batch: Batch) -> None:
        """Know what the rows are of."""
        self.batch = batch
        policy = batch.policy
        self._names = [
            {
                "brand": action.brand,
                "issue": action.issue,
                "channel": treatment.channel,
                "action": action.id,
                "treatment": treatment.id,
            }
            for action, treatment in policy.rows
        ]
        self._falls = Falls(policy, batch.slots)
        self._allowances = Allowances(policy)

    def __call__(self, wave: Wave, decisions: Decisions) -> Behind:
        """The numbers of a wave that was decided."""
        found: dict[str, Flags] = {}
        results = np.array(decisions.results)
        for result in sorted(set(decisions.results)):
            found[f"result:{result}"] = results == result
        self._given(decisions.chosen, found)
        without = self.batch.without_levers(wave, decisions)
        changed = (np.sort(without.rows, axis=1) != np.sort(decisions.chosen.rows, axis=1)).any(axis=1)
        found[CHANGED_BY_LEVERS] = changed
        amounts = {
            VALUE: self._worth(decisions, decisions.chosen),
            VALUE_WITHOUT_LEVERS: self._worth(decisions, without),
            COST: each_of(decisions.chosen, self._allowances.prices),
            **self._allowances(decisions.chosen),
        }
        stopped = stopped_by_rule(self.batch, wave, decisions)
        found.update({f"rule:{name}": flags for name, flags in stopped.items()})
        return Behind(found, amounts, self._conditions(decisions, found))

    def _given(self, chosen: Chosen, found: dict[str, Flags]) -> None:
        """Who is given something, and of what."""
        persons = len(chosen.rows)
        found[REACHED] = np.asarray((chosen.rows >= 0).any(axis=1))
        for rows in chosen.rows.T:
            here = (rows >= 0).nonzero()[0]
            order = here[np.argsort(rows[here], kind="stable")]
            bounds = np.flatnonzero(np.diff(rows[order], prepend=-1, append=-1))
            for begin, end in pairwise(bounds):
                names = self._names[int(rows[order[begin]])]
                for dimension in DIMENSIONS:
                    name = f"{dimension}:{names[dimension]}"
                    found.setdefault(name, np.zeros(persons, np.bool_))[order[begin:end]] = True

    def _worth(self, decisions: Decisions, chosen: Chosen) -> Vector:
        """Pounds that are expected of what is chosen for each: P of acceptance times what an acceptance is worth."""
        pairs = decisions.pairs
        each: Vector = pairs.propensities * pairs.values
        total: Vector = np.zeros(len(chosen.rows))
        for rows in chosen.rows.T:
            persons = (rows >= 0).nonzero()[0]
            total[persons] += each[pairs.at(rows[persons], persons)]
        return total

    def _conditions(self, decisions: Decisions, found: dict[str, Flags]) -> dict[str, int]:
        """Who falls at each condition, and how often."""
        falls: dict[str, int] = {}
        catalogue = self.batch.policy.revision.catalogue
        fallen: dict[str, Words] = {}
        for index, words in self._falls(decisions.admitted, decisions.values):
            condition = catalogue.conditions[index]
            name = f"condition:{condition.level}/{condition.kind}/{condition.name}"
            fallen[name] = fallen[name] | words if name in fallen else words
            falls[name] = falls.get(name, 0) + int(np.bitwise_count(words).sum())
        found.update({name: unpacked(words, len(decisions.results)) for name, words in fallen.items()})
        return falls


def summed(behind: Behind, persons: int) -> Summary:
    """The numbers of a wave without who is behind them."""
    counts = {name: int(flags.sum()) for name, flags in behind.persons.items()}
    amounts = {name: exact(each) for name, each in behind.amounts.items()}
    return Summary(persons=persons, counts=counts, amounts=amounts, falls=behind.falls)


def who(behind: Behind, name: str, ids: Sequence[str]) -> list[str]:
    """The persons of a wave behind a number, or who add to an amount."""
    flags = behind.amounts[name] != 0.0 if name in behind.amounts else behind.persons.get(name)
    return [] if flags is None else [ids[place] for place in flags.nonzero()[0].tolist()]
