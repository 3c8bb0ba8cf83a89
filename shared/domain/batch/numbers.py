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

from shared.domain.batch.deciding import Batch, Chosen, Decisions, Wave
from shared.domain.batch.falls import Falls
from shared.domain.batch.packed import Flags, Words, places, unpacked
from shared.domain.batch.stopped import stopped_by_rule
from shared.domain.classifier import Vector
from shared.domain.policy.rows import Rows
from shared.domain.rules import Volume

REACHED, CHANGED_BY_LEVERS = "reached", "levers:changed"
VALUE, VALUE_WITHOUT_LEVERS, COST = "value", "value_without_levers", "cost"
DIMENSIONS = ("brand", "issue", "channel", "action", "treatment")


class Behind(NamedTuple):
    """The numbers of one wave.

    Attributes:
        persons: by number, who is behind it.
        sums: of pounds and of falls.
    """

    persons: dict[str, Flags]
    sums: dict[str, float]


class Summary(msgspec.Struct, kw_only=True):
    """Numbers of any many persons; those of several waves add up.

    Attributes:
        persons: how many there are.
        counts: by number, how many are behind it.
        sums: pounds by what they are of, and falls by condition.
    """

    persons: int = 0
    counts: dict[str, int] = {}
    sums: dict[str, float] = {}

    def add(self, other: Summary) -> None:
        """Take others in."""
        self.persons += other.persons
        for name, count in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        for name, amount in other.sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + amount


class Numbers:
    """Says numbers of waves, for one batch."""

    def __init__(self, batch: Batch) -> None:
        """Know what the rows are of."""
        self._batch = batch
        policy = batch.policy
        self._prices = np.array(policy.factors.prices, np.float64)
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
        rules = policy.contact_rules
        self._allowances = [(rule, _flags(rules.judged[n], len(policy.rows))) for n, rule in rules.allowances]

    def __call__(self, wave: Wave, decisions: Decisions) -> Behind:
        """The numbers of a wave that was decided."""
        found: dict[str, Flags] = {}
        results = np.array(decisions.results)
        for result in sorted(set(decisions.results)):
            found[f"result:{result}"] = results == result
        self._given(decisions.chosen, found)
        without = self._batch.without_levers(wave, decisions)
        changed = (np.sort(without.rows, axis=1) != np.sort(decisions.chosen.rows, axis=1)).any(axis=1)
        found[CHANGED_BY_LEVERS] = changed
        sums = {
            VALUE: self._worth(decisions, decisions.chosen),
            VALUE_WITHOUT_LEVERS: self._worth(decisions, without),
            COST: float(self._prices[decisions.chosen.rows[decisions.chosen.rows >= 0]].sum()),
        }
        self._takes(decisions.chosen, sums)
        stopped = stopped_by_rule(self._batch, wave, decisions)
        found.update({f"rule:{name}": flags for name, flags in stopped.items()})
        self._conditions(decisions, found, sums)
        return Behind(found, sums)

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

    def _worth(self, decisions: Decisions, chosen: Chosen) -> float:
        """Pounds that are expected of what is chosen: P of acceptance times what an acceptance is worth."""
        pairs = decisions.pairs
        total = 0.0
        each: Vector = pairs.propensities * pairs.values
        for rows in chosen.rows.T:
            persons = (rows >= 0).nonzero()[0]
            total += float(each[pairs.at(rows[persons], persons)].sum())
        return total

    def _takes(self, chosen: Chosen, sums: dict[str, float]) -> None:
        """What volumes and budgets would have to give."""
        rows = chosen.rows[chosen.rows >= 0]
        for rule, judged in self._allowances:
            own = rows[judged[rows]]
            if isinstance(rule, Volume):
                sums[f"volume:{rule.id}"] = float(len(own))
            else:
                sums[f"budget:{rule.id}"] = float(self._prices[own].sum())

    def _conditions(self, decisions: Decisions, found: dict[str, Flags], sums: dict[str, float]) -> None:
        """Who falls at each condition, and how often."""
        catalogue = self._batch.policy.revision.catalogue
        fallen: dict[str, Words] = {}
        for index, words in self._falls(decisions.admitted, decisions.values):
            condition = catalogue.conditions[index]
            name = f"condition:{condition.level}/{condition.kind}/{condition.name}"
            fallen[name] = fallen[name] | words if name in fallen else words
            sums[name] = sums.get(name, 0.0) + float(np.bitwise_count(words).sum())
        found.update({name: unpacked(words, len(decisions.results)) for name, words in fallen.items()})


def _flags(rows: Rows, size: int) -> Flags:
    found = np.zeros(size, np.bool_)
    found[places(rows, size)] = True
    return found


def summed(behind: Behind, persons: int) -> Summary:
    """The numbers of a wave without who is behind them."""
    counts = {name: int(flags.sum()) for name, flags in behind.persons.items()}
    return Summary(persons=persons, counts=counts, sums=behind.sums)


def who(behind: Behind, name: str, ids: Sequence[str]) -> list[str]:
    """The persons of a wave behind a number."""
    flags = behind.persons.get(name)
    return [] if flags is None else [ids[place] for place in flags.nonzero()[0].tolist()]
