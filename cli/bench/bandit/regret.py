"""`bandit.regret`: what is lost by not knowing the true rates: by the platform, by a Thompson sampler of another
library on the same stream, and by chance.

A decision's regret is the true priority of the best treatment that it might have given, less that of the one it gave: a
true priority is the formula's, by the true rate instead of P. The other library's sampler chooses among the same
treatments, begins with the same declared rates and evidence, is told C, V and L, and learns from the same persons: with
one throw for each decision, by which whatever is given is accepted or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from cli.bench.bandit.platform import Platform
from cli.bench.bandit.population import Population, Vector, population
from shared.domain.arbitration import scoring
from shared.domain.catalogue import facts
from shared.domain.decision import DecisionRecord
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import each_of
from shared.domain.propensity import Counts
from shared.domain.ranking import unpacked
from shared.domain.rules import Cap, in_scope
from shared.domain.selected import open_to

BEGUN = datetime(2026, 1, 5, 12, tzinfo=UTC)
EVERY = timedelta(minutes=4)
PEER = "bayesianbandits"
UNIFORM = "uniform"


class Choice(NamedTuple):
    """One decision that had a choice.

    Attributes:
        rows: of which one might be given.
        truth: their true priorities.
        worth: the same without the rate.
        given: the place among them of what was given.
        throw: accepted is what has a greater rate than this.
    """

    rows: list[int]
    truth: Vector
    worth: Vector
    rates: Vector
    given: int
    throw: float


class Stream(NamedTuple):
    """What came of a stream of decisions.

    Attributes:
        choices: those that had a choice.
        broken: limits that were passed, by the rule's id.
        decisions: all of them.
        evidence: what the models have learnt.
    """

    choices: list[Choice]
    broken: dict[str, int]
    decisions: int
    evidence: Mapping[str, Counts]


def run(decisions: int, persons: int, tell: Callable[[str], None]) -> tuple[Population, Stream]:
    """Let the platform decide and learn."""
    people = population(persons, BEGUN)
    platform, draw = Platform(people.policy), np.random.default_rng(20260105)
    shown: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    choices: list[Choice] = []
    broken: dict[str, int] = defaultdict(int)
    for number in range(decisions):
        now = BEGUN + number * EVERY
        place = int(draw.integers(persons))
        throw = float(draw.random())
        person = people.persons[place]
        record, delivery = platform.decide(person, number, now)
        if record is None or delivery is None:
            continue
        row = people.policy.row(delivery.treatment)
        for rule in _passed(people.policy, shown, person.person_id, row, now):
            broken[rule] += 1
        choice = _choice(people, record, place, row, throw)
        if choice is not None:
            choices.append(choice)
        platform.answer(delivery, now, accepted=throw < people.rates[place, row])
        if (number + 1) % 5000 == 0:
            tell(f"bandit: {number + 1} decisions")
    return people, Stream(choices, dict(broken), decisions, platform.evidence())


def _choice(people: Population, record: DecisionRecord, place: int, row: int, throw: float) -> Choice | None:
    policy = people.policy
    rows = list(each_of(open_to(policy, record)))
    if len(rows) < 2 or row not in rows:
        return None
    candidates = unpacked(record.candidate_rows)
    every = list(each_of(candidates))
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    scored = scoring(policy, candidates, people.rates[place, every].tolist(), situation, "")
    priorities = dict(zip(scored.treatments, scored.priorities, strict=True))
    truth = np.array([priorities[policy.rows[each][1].id] for each in rows])
    rates = people.rates[place, rows]
    return Choice(rows, truth, truth / rates, rates, rows.index(row), throw)


def _passed(
    policy: Policy, shown: dict[tuple[str, str], list[datetime]], person: str, row: int, now: datetime
) -> list[str]:
    """Rolling caps on what is seen that this treatment passes, counted plainly from what was shown."""
    known: dict[str, Any] = dict(facts(*policy.rows[row]))
    broken = []
    for rule in policy.revision.catalogue.rules:
        if not isinstance(rule, Cap) or rule.calendar or "impression" not in rule.outcomes:
            continue
        if not in_scope(rule.scope, known):
            continue
        seen = shown[person, f"{rule.id}:{known[rule.per] if rule.per else ''}"]
        since = now - timedelta(seconds=rule.window_seconds)
        if sum(at > since for at in seen) >= rule.limit:
            broken.append(rule.id)
        seen.append(now)
    return broken


def regrets(choices: Sequence[Choice], given: Sequence[int]) -> Vector:
    """What each decision lost."""
    pairs = zip(choices, given, strict=True)
    return np.array([choice.truth.max() - choice.truth[place] for choice, place in pairs])


def uniform(choices: Sequence[Choice]) -> Vector:
    """What each would have lost on average by chance."""
    return np.array([choice.truth.max() - choice.truth.mean() for choice in choices])


def has_peer() -> bool:
    """Whether the other library is installed."""
    return find_spec(PEER) is not None


def of_peer(people: Population, choices: Sequence[Choice]) -> list[int]:
    """What the other library's Thompson sampler gives on the same stream, learning as it goes."""
    from bayesianbandits import DirichletClassifier

    learners: list[Any] = []
    for _, treatment in people.policy.rows:
        p, e = treatment.starting.propensity, treatment.starting.evidence
        learners.append(DirichletClassifier({0: (1.0 - p) * e, 1: p * e}, random_state=len(learners)))
    alone = np.array([[1.0]])
    given = []
    for choice in choices:
        drawn = [float(learners[row].sample(alone, size=1)[0, 0, 1]) for row in choice.rows]
        place = int(np.argmax(np.array(drawn) * choice.worth))
        given.append(place)
        learners[choice.rows[place]].partial_fit(alone, np.array([int(choice.throw < choice.rates[place])]))
    return given
