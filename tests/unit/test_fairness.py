"""Selection rates of parts of persons, compared; and the gate that a bias does not pass."""

from __future__ import annotations

import random
import shutil
from itertools import product

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from cli.simulate import simulate
from shared.authoring import load
from shared.domain.batch.judging import judge
from shared.domain.batch.rates import Rates
from shared.domain.catalogue import Fairness, FairnessLimit, Revision
from shared.domain.measuring.parity import Rate, parity
from tests.e2e.platforms import ROOT

AT = ("--at", "2026-03-02T12:00:00Z")
CLOSE = 1e-9


def demographic_parity(selected, sensitive):
    """Ratio and difference as fairlearn defines them: of the least and largest mean of y_pred by sensitive feature."""
    rates = [
        sum(s for s, g in zip(selected, sensitive, strict=True) if g == group) / sensitive.count(group)
        for group in sorted(set(sensitive))
    ]
    return min(rates) / max(rates), max(rates) - min(rates)


@pytest.mark.parametrize("seed", range(5))
def test_ratio_and_difference_are_those_of_demographic_parity(seed):
    draws = random.Random(seed)
    sensitive = [draws.choice("abcd") + draws.choice("xy") for _ in range(400)]
    selected = [draws.random() < 0.1 + 0.1 * "abcd".index(group[0]) for group in sensitive]
    parts = {
        group: Rate(sensitive.count(group), sum(s for s, g in zip(selected, sensitive, strict=True) if g == group))
        for group in set(sensitive)
    }
    found = parity(parts)
    ratio, difference = demographic_parity(selected, sensitive)
    assert abs(found.ratio - ratio) < CLOSE
    assert abs(found.difference - difference) < CLOSE
    assert found.ratio_low <= found.ratio <= found.ratio_high
    assert found.difference_low <= found.difference <= found.difference_high


@pytest.mark.parametrize("seed", range(3))
def test_fairlearn_says_the_same_of_parts_and_of_pairs_of_them(seed):
    metrics = pytest.importorskip("fairlearn.metrics", reason="pip install -r requirements-measuring.txt")
    draws = random.Random(seed)
    persons = [(draws.choice(["a", "b", "c"]), draws.choice(["x", "y"])) for _ in range(500)]
    selected = [int(draws.random() < 0.15 + 0.2 * "abc".index(one) + 0.1 * (other == "x")) for one, other in persons]
    for sensitive in ([one for one, _ in persons], persons):
        parts = {
            part: Rate(sensitive.count(part), sum(s for s, of in zip(selected, sensitive, strict=True) if of == part))
            for part in set(sensitive)
        }
        found = parity({str(part): rate for part, rate in parts.items()})
        features = np.array([list(part) for part in sensitive])
        ratio = metrics.demographic_parity_ratio(selected, selected, sensitive_features=features)
        difference = metrics.demographic_parity_difference(selected, selected, sensitive_features=features)
        assert abs(found.ratio - ratio) < CLOSE
        assert abs(found.difference - difference) < CLOSE


def test_intervals_hold_for_persons_like_these():
    draws = random.Random(7)
    truth = {"a": 0.30, "b": 0.36, "c": 0.5}
    held = 0
    for _ in range(300):
        parts = {name: Rate(200, sum(draws.random() < rate for _ in range(200))) for name, rate in truth.items()}
        found = parity(parts)
        held += found.difference_low <= 0.2 <= found.difference_high and found.ratio_low <= 0.6 <= found.ratio_high
    assert held >= 285


def test_nobody_selected_has_no_ratio_and_everybody_one():
    assert parity({"a": Rate(10, 0), "b": Rate(10, 0)}).ratio is None
    assert parity({"a": Rate(10, 10), "b": Rate(10, 10)}).ratio == 1.0


def a_revision(tmp_path, *changes):
    folder = tmp_path / "draft"
    shutil.copytree(ROOT / "catalogue", folder)
    (folder / "gates.yaml").unlink()  # what else a change has to pass: test_releasing.py
    for file, before, after in changes:
        text = (folder / file).read_text()
        assert before in text
        (folder / file).write_text(text.replace(before, after))
    return str(folder)


@pytest.fixture
def persons(tmp_path):
    lines = [
        {
            "person_id": f"{age}-{marital}-{number}",
            "brands": ["northmoor"],
            "reachable": ["email"],
            "consents": ["marketing:email"],
            "attributes": {
                "age": age,
                "marital": marital,
                "credit_default": False,
                "residency": "uk",
                "balance": 2500.0,
                "income": 41000.0,
                "disposable_income": 900.0,
                "credit_score": 780,
                "arrears_days": 0,
                "savings_balance": 9000.0,
            },
            "contacts": [
                {
                    "treatment": "northmoor_scam_awareness.email",
                    "state": "sending",
                    "at": "2026-01-01T12:00:00Z",
                    "outcomes": {"delivered": "2026-01-01T12:00:01Z"},
                }
            ][: number % 2],
        }
        for age, marital, number in product((25, 50), ("single", "married"), range(60))
    ]
    lines += [{"person_id": "unknown", "brands": ["northmoor"]}]
    file = tmp_path / "persons.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    return str(file)


def run(*arguments):
    done = CliRunner().invoke(simulate, [*arguments, *AT])
    return done.exit_code, done.stdout if "--json" in arguments and not done.exit_code else done.output


def told(*arguments):
    done = CliRunner().invoke(simulate, [*arguments, "--json", *AT])
    assert done.exit_code == 0, done.output
    return msgspec.json.decode(done.stdout)  # what other threads say meanwhile goes to stderr


def test_rates_are_told_by_stage_issue_and_part(persons):
    found = {(e["stage"], e["issue"], e["attributes"]): e for e in told("--persons", persons)["fairness"]}
    policy, delivery = found["policy", "grow", "age"], found["delivery", "protect", "marital"]
    assert policy["parity"]["rates"] == {"45 to 60": 1.0, "under 30": 1.0}
    assert delivery["parity"]["rates"] == {"married": 0.5, "single": 0.5}
    pairs = found["policy", "grow", "age × marital"]  # noqa: RUF001
    assert (pairs["parity"], set(pairs["thin"].values())) == (None, {60})


def test_the_persons_behind_a_rate_are_named(persons):
    code, output = run("--persons", persons, "--who", "fairness:delivery/protect/marital/married")
    assert (code, len(output.split())) == (0, 60)
    assert all("-married-" in person for person in output.split())


def test_a_bias_does_not_pass_the_gate(persons, tmp_path):
    fair = ("fairness.yaml", "fewest: 100", "fewest: 50")
    bias = ("bank.yaml", "when: profile.age >= 18", 'when: profile.marital == "married"')
    assert run(a_revision(tmp_path / "fair", fair), "--persons", persons, "--gate")[0] == 0
    code, output = run(a_revision(tmp_path / "biased", fair, bias), "--persons", persons, "--gate")
    assert code == 1
    assert "Gates are not passed: fairness sold_alike." in output
    assert "broken: sold_alike, grow by marital after policy: ratio 0.000" in output


def test_a_limit_that_is_loosened_with_the_bias_still_counts(persons, tmp_path):
    fair = ("fairness.yaml", "fewest: 100", "fewest: 50")
    bias = ("bank.yaml", "when: profile.age >= 18", 'when: profile.marital == "married"')
    loose = ("fairness.yaml", "least_ratio: 0.8", "least_ratio: 0.0")
    before, after = a_revision(tmp_path / "a", fair), a_revision(tmp_path / "b", fair, bias, loose)
    assert run(after, "--persons", persons, "--gate")[0] == 0
    code, output = run(after, "--against", before, "--persons", persons, "--gate")
    assert (code, ", fairness sold_alike." in output) == (1, True)


def test_what_cannot_be_concluded_does_not_pass_either(persons):
    code, output = run("--persons", persons, "--gate")
    assert code == 1
    assert "not concluded: sold_alike, grow by age × marital" in output  # noqa: RUF001
    assert "too few to conclude: 45 to 60 × married (60)" in output  # noqa: RUF001


def test_two_processes_count_the_same(persons, monkeypatch):
    monkeypatch.setattr("cli.simulate.AT_ONCE", 50)
    assert told("--persons", persons, "--processes", "2") == told("--persons", persons)


def test_a_gate_without_limits_says_so(persons, tmp_path):
    folder = a_revision(tmp_path)
    (tmp_path / "draft" / "fairness.yaml").unlink()
    code, output = run(folder, "--persons", persons, "--gate")
    assert code == 1
    assert "neither gates nor limits of fairness" in output


@pytest.mark.parametrize(("selected", "verdict"), [(79, "broken"), (80, "kept")])
def test_a_limit_is_kept_up_to_its_number(selected, verdict):
    limit = FairnessLimit(
        id="alike", issue="grow", attributes=("marital",), after=("policy",), least_ratio=0.8, reason=""
    )
    revision = Revision(msgspec.structs.replace(load(ROOT / "catalogue").catalogue, fairness=Fairness(limits=(limit,))))
    rates = Rates(
        persons={"marital": {"single": 100, "married": 100}},
        selected={"policy/grow": {"marital": {"single": selected, "married": 100}}},
    )
    assert [each.verdict for each in judge(revision, rates)] == [verdict]
