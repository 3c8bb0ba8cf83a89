"""The analysis of a catalogue is sound: what it calls unreachable nobody reaches, what it calls implied never differs.

Both are tried on persons whose values lie around the constants of the conditions, evaluated as when deciding.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.authoring import _build, read
from shared.authoring.analysis.reach import Reach
from shared.authoring.problems import Problems
from shared.domain.catalogue import Revision
from shared.domain.policy.conditions import candidate
from shared.domain.policy.policy import Policy, Verdict
from shared.domain.profile import Profile
from shared.domain.signal import Signal

PLAIN = Path(__file__).parents[1] / "unit" / "authoring_cases" / "plain"
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
PERSONS = 100
REGIONS = ("north", "south", "east")
RESIDENCES = ("uk", "abroad")
PRODUCTS = ("saver", "loan")

numbers = st.integers(0, 4)
orders = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
atoms = st.one_of(
    st.builds("profile.age {} {}".format, orders, numbers),
    st.builds("{1}.5 {0} profile.balance".format, orders, numbers),
    st.builds("profile.balance {} {}.0".format, orders, numbers),
    st.builds("profile.visits in [{}, {}]".format, numbers, numbers),
    st.builds('profile.region {} "{}"'.format, st.sampled_from(("==", "!=")), st.sampled_from(REGIONS[:2])),
    st.builds('profile.residency {} "{}"'.format, st.sampled_from(("==", "!=")), st.sampled_from(RESIDENCES)),
    st.builds('"{}" in profile.products'.format, st.sampled_from(PRODUCTS)),
    st.builds('"{}" in profile.flags'.format, st.sampled_from(("minor", "vulnerable"))),
    st.builds("has(profile.{})".format, st.sampled_from(("age", "balance", "region"))),
    st.sampled_from(("profile.vip", "profile.income > profile.balance", 'action.brand == "red"', "has(action.risk)")),
    st.sampled_from(('treatment.channel == "web"', 'signal.type == "seen"', "signal.properties.n > 2", "true")),
)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=4,
)
conditions = st.lists(st.tuples(expressions, st.sampled_from(("drop", "drop", "allow"))), min_size=1, max_size=4)


def written(found: list[tuple[str, str]]) -> dict:
    return {
        "eligibility": [
            {"name": f"c{n}", "when": when, "reason": "No.", "on_missing": on_missing}
            for n, (when, on_missing) in enumerate(found)
        ]
    }


def catalogue(of_issue, of_treatments) -> dict[str, str]:
    """The plain bank with a treatment for each list of conditions; what is JSON is YAML too."""
    files = read(PLAIN)
    bank = yaml.safe_load(files["bank.yaml"])
    bank["groups"][0]["policy"] = {}
    bank["issues"][0]["policy"] = written([pair for pair in of_issue if "treatment." not in pair[0]])
    schema = yaml.safe_load(files["schema.yaml"])
    schema["signals"] = {"seen": {"description": "Seen.", "open": True}}
    actions = yaml.safe_load(files["actions/red.yaml"])
    (action,) = actions["actions"]
    web = {"channel": "web", "placement": "web.tile", "content": {"headline": "Save", "body": "Save."}}
    action["policy"] = {}
    action["treatments"] = [{**web, "id": f"t{n}", "policy": written(own)} for n, own in enumerate(of_treatments)]
    changed = {"bank.yaml": bank, "schema.yaml": schema, "actions/red.yaml": actions}
    return files | {name: json.dumps(value) for name, value in changed.items()}


def person(rng: random.Random) -> tuple[Profile, Signal]:
    values = {
        "age": rng.randrange(-1, 6),
        "visits": rng.randrange(-1, 6),
        "balance": rng.randrange(-2, 12) / 2,
        "income": rng.randrange(-2, 12) / 2,
        "residency": rng.choice(RESIDENCES),
        "region": rng.choice(REGIONS),
        "vip": rng.random() < 0.5,
    }
    profile = Profile(
        person_id="p-1",
        version=1,
        created_at=NOW,
        brands=("red",),
        products=tuple(p for p in PRODUCTS if rng.random() < 0.5),
        flags=("vulnerable",) if rng.random() < 0.3 else (),
        attributes={name: value for name, value in values.items() if rng.random() < 0.85},
    )
    properties = {"n": rng.choice((1, 3, 2.5, "text", None))} if rng.random() < 0.7 else {}
    kind = rng.choice(("seen", "else"))
    signal = Signal(id="s", type=kind, at=NOW, received_at=NOW, source="x", identifiers={}, properties=properties)
    return profile, signal


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions, st.lists(conditions, min_size=1, max_size=4), st.integers(0, 2**32))
def test_what_is_called_unreachable_is_never_reached_and_what_is_called_implied_never_differs(issue, treatments, seed):
    problems = Problems()
    revision = Revision(_build(catalogue(issue, treatments), problems, warns=False))
    assert all("nobody can reach" in problem.message for problem in problems.found), problems.found
    reach = Reach(revision.catalogue, {("profile", "residency"): RESIDENCES})
    unreachable = {
        treatment.id
        for found in reach.unreachable()
        for treatment in ((found.treatment,) if found.treatment else found.action.treatments)
    }
    implied = {found.condition for found in reach.implied()}
    policy = Policy(revision)
    rng = random.Random(seed)
    for _ in range(PERSONS):
        profile, signal = person(rng)
        situation = policy.situation(profile, signal, NOW)
        for action, treatment in policy.rows:
            chain = (*action.conditions, *treatment.conditions)
            seen = {**situation, **candidate(action, treatment)}
            passes = {number: lets_through(policy, number, seen) for number in chain}
            if treatment.id in unreachable and "vulnerable" not in profile.flags:
                assert not all(passes.values())
            if all(passed for number, passed in passes.items() if number not in implied):
                assert all(passes.values())


def lets_through(policy: Policy, number: int, seen) -> bool:
    condition = policy.revision.catalogue.conditions[number]
    verdict = policy.verdict(condition, seen)
    return verdict is Verdict.HOLDS or (verdict is Verdict.UNKNOWN and condition.on_missing == "allow")
