"""`bandit.lift`: whether what the platform measures of itself is true. Persons are parted by the platform's own hash,
half of them left to chance; each gets one treatment. What next best action is worth more than chance is known of every
person, by the true rates of what either gives; what the report says of it, in acceptances and in pounds, has to hold
that within its interval.

Runs differ in who is parted how, and in who accepts: what a person is given in either arm is decided once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from cli.bench.bandit.platform import Platform
from cli.bench.bandit.population import Population, Vector, population
from cli.bench.bandit.regret import BEGUN
from shared.adapters.envelope import envelope
from shared.adapters.memory import DecisionHistory, Store, new_sealer
from shared.adapters.memory.measuring import Measures
from shared.domain.catalogue import Experiment
from shared.domain.delivery import Delivery
from shared.domain.experiments import Experiments
from shared.domain.measuring.report import REST, Comparison, arms_of, report
from shared.domain.propensity import Counts as Evidence
from shared.messages import HistoryRow
from shared.messages.rows import outcome_row
from shared.ports.measuring import Period

ARM = "random"


class Given(NamedTuple):
    """What every person is given in either arm, and how probably each accepts it; 0 of nothing."""

    rows: dict[str, list[HistoryRow]]
    deliveries: dict[str, list[Delivery | None]]
    rates: dict[str, Vector]

    def truth(self, measure: str) -> float:
        """How much more next best action is worth a person than chance."""
        worth = {
            arm: np.array([delivery.value if delivery and measure == "pounds" else 1.0 for delivery in deliveries])
            for arm, deliveries in self.deliveries.items()
        }
        return float((self.rates[REST] * worth[REST]).mean() - (self.rates[ARM] * worth[ARM]).mean())


def given(people: Population, evidence: Mapping[str, Evidence]) -> Given:
    """Decide for everybody as usual and by chance, by what the models have learnt."""
    rows: dict[str, list[HistoryRow]] = {}
    deliveries: dict[str, list[Delivery | None]] = {}
    rates: dict[str, Vector] = {}
    for arm, arms in ((REST, ()), (ARM, (f"standing={ARM}",))):
        platform = Platform(people.policy, evidence)
        rows[arm], deliveries[arm], known = [], [], []
        for number, person in enumerate(people.persons):
            _, delivery = platform.decide(person, number, BEGUN, arms=arms)
            rows[arm].append(platform.rows[-1])
            deliveries[arm].append(delivery)
            known.append(people.rates[number, people.policy.row(delivery.treatment)] if delivery else 0.0)
        rates[arm] = np.array(known)
    return Given(rows, deliveries, rates)


def run(people: Population, known: Given, number: int) -> bool:
    """Whether the report of one run holds the truth within its interval."""
    draw = np.random.default_rng(number)
    catalogue = people.policy.revision.catalogue
    [standing] = catalogue.experiments
    experiment: Experiment = msgspec.structs.replace(standing, id=f"run_{number}")
    catalogue = msgspec.structs.replace(catalogue, experiments=(experiment,), rules=())
    assigned = Experiments(catalogue, (), ())
    history = DecisionHistory(new_sealer(Store()))
    throws = draw.random(len(people.persons))
    for place, person in enumerate(people.persons):
        arms = assigned.arms(person.person_id)
        arm = ARM if arms else REST
        row = known.rows[arm][place]
        told = msgspec.structs.replace(row, arms=" ".join(arms) or None, record=None)
        history.deliver(*envelope(told))
        delivery = known.deliveries[arm][place]
        if delivery is not None and throws[place] < known.rates[arm][place]:
            accepted = outcome_row(delivery, "click", BEGUN + timedelta(hours=1), row_id=f"o-{place}")
            history.deliver(*envelope(accepted))
    period = Period(BEGUN - timedelta(days=1), BEGUN, BEGUN + timedelta(days=1))
    arms_ = arms_of(catalogue, experiment.id)
    totals = Measures(history).arms(arms_, period)
    found = report(arms_, totals, {"web": "inbound"}, period.since, period.until)
    whole = [each for each in found.comparisons if not each.channel and not each.issue]
    return bool(whole) and all(_holds(each, known.truth(each.measure)) for each in whole)


def _holds(comparison: Comparison, truth: float) -> bool:
    found = comparison.difference
    return found is not None and found.low <= truth <= found.high


def runs(count: int, persons: int, evidence: Mapping[str, Evidence], tell: Callable[[str], None]) -> int:
    """In how many of some runs the report is true."""
    tell(f"bandit: {persons} persons decided for in either arm")
    people = population(persons, BEGUN, random_share=0.5)
    known = given(people, evidence)
    tell(f"bandit: {count} experiments on them")
    return sum(run(people, known, number) for number in range(count))
