"""Days simulated one after another, each with the contacts of those before."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cli.simulate import simulate
from shared.domain.batch.responding import Behaviour
from shared.domain.batch.weeks import Week
from tests.fault.world import bank_revision

PERSONS = [
    {
        "person_id": f"p{number}",
        "brands": ["northmoor"],
        "reachable": ["email"],
        "consents": ["marketing:email"],
        "attributes": {"age": 41, "residency": "uk", "balance": 2500.0, "income": 41000.0, "credit_score": 780},
    }
    for number in range(30)
] + [{"person_id": "gone", "flags": ["deceased"]}]


@pytest.fixture(scope="module")
def persons(tmp_path_factory):
    file = tmp_path_factory.mktemp("pressure") / "persons.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, PERSONS)))
    file.with_name("revision.json").write_bytes(bank_revision().catalogue.canonical())
    return str(file)


def asked(persons, *arguments):
    revision = str(Path(persons).with_name("revision.json"))
    options = (revision, "--persons", persons, "--at", "2026-03-02T12:00:00Z", "--weeks", "2")
    done = CliRunner().invoke(simulate, [*options, *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def weeks(persons, *arguments):
    return msgspec.json.decode(asked(persons, "--json", *arguments))["weeks"]


def test_caps_hold_over_the_days_and_everything_is_counted(persons):
    for week in weeks(persons):
        contacts = {int(number): many for number, many in week["contacts"].items()}
        assert sum(contacts.values()) == week["persons"] == len(PERSONS)
        assert max(contacts) <= 2
        assert week["decisions"] - week["nothing"] == sum(number * many for number, many in contacts.items())
        assert week["capped"]["weekly_outbound"] <= week["capped_at_all"] <= len(PERSONS) - 1


def test_the_same_seed_gives_the_same_whoever_is_decided_together(persons, monkeypatch):
    together = weeks(persons, "--seed", "3")
    monkeypatch.setattr("cli.simulate.AT_ONCE", 8)
    assert weeks(persons, "--seed", "3", "--processes", "2") == together
    assert weeks(persons, "--seed", "4") != together


def who(persons, number, *arguments):
    return set(asked(persons, "--who", number, *arguments).split())


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("objection", ()),  # the right to object is exercised: excluded from then on
        ("dismiss", ("--raises", "dismiss=do_not_decision")),
    ],
)
def test_what_persons_say_counts_on_the_days_after(persons, outcome, more):
    shares = ("--outcome", f"{outcome}=1", *more)
    said = who(persons, f"week:1/{outcome}", *shares)
    assert len(said) > 10
    assert not said & who(persons, "week:2/reached", *shares)


def test_a_complaint_withdraws_consent_and_is_of_no_other_purpose(persons):
    first, second = weeks(persons, "--outcome", "complaint=1")
    quiet = weeks(persons, "--outcome", "complaint=0", "--outcome", "dismiss=0")[1]
    assert first["outcomes"]["complaint"] > 10
    assert second["pressure"]["mean"] < quiet["pressure"]["mean"]
    assert "complaint" not in quiet["outcomes"]


def test_what_becomes_of_contacts_is_that_of_propensity_and_shares():
    behaviour = Behaviour(accept=0.25, dismiss=0.1, complaint=0.2, unsubscribe=0.3, objection=0.0)
    draws = [(n + 0.5) / 1000 for n in range(1000)]
    sent = Counter(behaviour.outcomes(draw, 0.4, sends=True) for draw in draws)
    assert sent == {
        ("click", "accept"): 100,
        ("click",): 300,
        ("dismiss",): 60,
        ("complaint",): 120,
        ("unsubscribe",): 180,
        (): 240,
    }
    asked_for = Counter(behaviour.outcomes(draw, 0.4, sends=False) for draw in draws)
    assert asked_for[()] == 240 + 180


def test_what_is_no_share_is_said(persons):
    done = CliRunner().invoke(simulate, ["--persons", persons, "--outcome", "shouts=2"])
    assert (done.exit_code, "unknown field `shouts`" in done.output) == (1, True)


def test_a_week_in_a_few_numbers():
    week = Week(persons=100, decisions=700, nothing=590, contacts={0: 10, 1: 84, 2: 5, 6: 1}, capped_at_all=5)
    found = week.pressure
    assert (found.mean, found.p95, found.most, found.reach, found.at_caps) == (1.0, 2, 6, 0.9, 0.05)
    assert found.no_action == 590 / 700
