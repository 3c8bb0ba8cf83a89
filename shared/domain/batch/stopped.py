"""Whom the rules of contact policy stop, of what they qualify for."""

from __future__ import annotations

import numpy as np

from shared.domain.batch.deciding import Batch, Decisions, Wave
from shared.domain.batch.packed import Flags, unpacked
from shared.domain.contact_policy import Limits


def stopped_by_rule(batch: Batch, wave: Wave, decisions: Decisions) -> dict[str, Flags]:
    """By the id of each rule that stops anybody, of whom it stops something that they qualify for."""
    rules = batch.policy.contact_rules
    qualifies = unpacked(decisions.passing, len(decisions.results))
    stops = {rule.id: np.zeros(len(decisions.results), np.bool_) for rule in rules.rules}
    for number, rows, whose in decisions.standing.by_rule:
        stops[rules.rules[number].id][whose] |= qualifies[np.ix_(rows, whose)].any(axis=0)
    counted = decisions.standing.counted
    for number in np.unique(counted.rules).tolist():
        these = counted.rules == number
        rows, whose = counted.rows[these], counted.persons[these]
        stops[rules.rules[number].id][whose[qualifies[rows, whose]]] = True
    moments = batch.moments(wave)
    for person in decisions.alone:
        limits = Limits(rules, wave.profiles[person], wave.histories[person], moments[person])
        own = decisions.qualified(person)
        stopped = limits.by_rule()
        for number, rule in enumerate(rules.rules):
            stops[rule.id][person] = bool(stopped.get(number, 0) & own)
    return {name: flags for name, flags in stops.items() if flags.any()}
