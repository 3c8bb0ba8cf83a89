"""A population whose true response rates are known: the customers of the sample bank, many times over, each with a
probability of accepting each treatment that nobody tells the platform.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cli.platform import ROOT
from emulators.seed import read_customers
from shared.authoring import load
from shared.domain.catalogue import Arm, Experiment, Revision
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import digest

SPREAD = 1.0
"""How far, in log odds, the true rate of a treatment lies from what its author declared."""

TASTE = 0.7
"""How far, in log odds, each trait of a person moves it."""

Vector = NDArray[np.float64]


class Population(NamedTuple):
    """Persons, and what is true of them.

    Attributes:
        policy: the sample bank, as it would be if it explored.
        persons: as decisions read them.
        rates: the probability that each accepts each row, persons by rows.
    """

    policy: Policy
    persons: list[Profile]
    rates: Vector


def population(persons: int, now: datetime, *, random_share: float = 0.0) -> Population:
    """The sample bank's customers until there are so many persons; a share of them may be left to chance, by an
    experiment.
    """
    revision = load(ROOT / "catalogue")
    arms = (Arm(id="random", share=random_share, ranks_by="chance"),)
    experiments = (Experiment(id="standing", reason="Worth.", arms=arms),) if random_share else ()
    catalogue = msgspec.structs.replace(revision.catalogue, exploration="thompson", experiments=experiments)
    policy = Policy(Revision(catalogue))
    known = read_customers(ROOT / "catalogue" / "samples" / "customers.csv", catalogue.profile_schema, now)
    people: list[Profile] = []
    for number in range(persons):
        profile = known[number % len(known)].profile
        person_id = "p-" + digest("bandit", str(number))[:24]
        people.append(msgspec.structs.replace(profile, person_id=person_id))
    return Population(policy, people, _rates(policy, people))


def _rates(policy: Policy, people: list[Profile]) -> Vector:
    declared = np.array([t.starting.propensity for _, t in policy.rows])
    base = np.log(declared / (1.0 - declared)) + SPREAD * np.array([_normal(t.id) for _, t in policy.rows])
    tastes = np.array([[TASTE * _normal(t.id, str(trait)) for _, t in policy.rows] for trait in range(3)])
    traits = np.array([_traits(person) for person in people])
    return np.asarray(1.0 / (1.0 + np.exp(-(base + (traits - 0.5) @ tastes))))


def _traits(person: Profile) -> tuple[float, float, float]:
    known = person.attributes
    income, logins = known.get("income") or 0.0, known.get("logins_90d") or 0
    return float(bool(known.get("has_app"))), float(income > 30_000), float(logins >= 10)


def _normal(*of: str) -> float:
    """A normal number that is always the same of the same names."""
    found = hashlib.sha256("|".join(of).encode()).digest()
    one, other = (int.from_bytes(part, "big") / 2**64 for part in (found[:8], found[8:16]))
    return math.sqrt(-2.0 * math.log(1.0 - one)) * math.cos(2.0 * math.pi * other)
