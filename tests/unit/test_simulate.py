"""`kairos simulate` over a few persons."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from random import Random

import msgspec
import pytest
from click.testing import CliRunner

from cli.simulate import simulate
from shared.domain.batch.deciding import Batch
from shared.domain.monitoring import Snapshot
from shared.domain.propensity import Counts
from tests.e2e.platforms import ROOT
from tests.fault.world import NOW, bank_policy
from tests.property.test_batch import slots_of, wave_of

AT = ("--at", "2026-03-02T12:00:00Z")
KNOWN = {
    "age": 41,
    "credit_default": False,
    "residency": "uk",
    "balance": 2500.0,
    "income": 41000.0,
    "credit_score": 780,
}
PERSONS = [
    {
        "person_id": f"p{number}",
        "brands": ["northmoor"],
        "reachable": ["email"],
        "consents": ["marketing:email"],
        "attributes": {**KNOWN, "credit_score": 500 + 10 * number},
    }
    for number in range(20)
] + [{"person_id": "gone", "flags": ["deceased"]}]


@pytest.fixture
def persons(tmp_path):
    file = tmp_path / "persons.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, PERSONS)))
    return str(file)


def run(*arguments):
    at = () if "--history" in arguments and "--persons" not in arguments else AT
    done = CliRunner().invoke(simulate, [*arguments, *at])
    return done.exit_code, done.stdout if "--json" in arguments and not done.exit_code else done.output


def told(*arguments):
    code, output = run(*arguments, "--json")
    assert code == 0, output
    return msgspec.json.decode(output)


def test_one_revision_says_who_gets_what(persons):
    after = told("--persons", persons)["after"]
    assert after["persons"] == len(PERSONS)
    assert after["counts"]["result:excluded"] == 1
    assert after["counts"]["reached"] == after["counts"]["brand:northmoor"] == after["counts"]["channel:email"] > 0
    assert run("--persons", persons, "--who", "result:excluded") == (0, "gone\n")


def test_what_models_have_learnt_counts_with_a_snapshot(persons, tmp_path):
    learnt = tmp_path / "models.json"
    model = "northmoor_scam_awareness.email@email"
    learnt.write_bytes(msgspec.json.encode(Snapshot(taken_at=0.0, counts={model: Counts(positives=9000)})))
    before, after = (told("--persons", persons, *more)["after"] for more in ((), ("--snapshot", str(learnt))))
    assert after["sums"]["value"] > before["sums"]["value"]


def test_a_record_is_that_of_the_person_asked_for(persons):
    code, output = run("--persons", persons, "--record", "p7")
    record = msgspec.json.decode(output)
    assert (code, record["person_id"], record["profile"]["attributes"]["credit_score"]) == (0, "p7", 570)


def test_two_revisions_differ_where_the_change_is(persons, tmp_path):
    draft = tmp_path / "draft"
    shutil.copytree(ROOT / "catalogue", draft)
    bank = draft / "bank.yaml"
    bank.write_text(bank.read_text().replace("profile.credit_score >= 560", "profile.credit_score >= 600"))
    channels = draft / "channels.yaml"
    channels.write_text(channels.read_text().replace("price: 0.004", "price: 0.006"))
    found = told(str(draft), "--against", str(ROOT / "catalogue"), "--persons", persons)
    [fall] = [each for each in found["differences"] if each["name"].endswith("credit_score_accepted")]
    assert (fall["after"] - fall["before"], fall["gained"], fall["lost"]) == (4, 4, 0)
    [cost] = [each for each in found["amounts"] if each["name"] == "cost"]
    reached = found["after"]["counts"]["reached"]
    assert (cost["more"], cost["less"]) == (reached, 0)
    assert cost["after"] - cost["before"] == pytest.approx(0.002 * reached)
    assert cost["low"] < 0.002 * reached < cost["high"]
    _, output = run(str(draft), "--against", str(ROOT / "catalogue"), "--persons", persons, "--who", "cost")
    assert [each.split()[0] for each in output.splitlines()] == ["came"] * reached
    assert not told("--against", str(ROOT / "catalogue"), "--persons", persons)["differences"]


def test_an_attribute_that_nobody_declares_is_named(tmp_path):
    persons = tmp_path / "persons.jsonl"
    persons.write_text('{"person_id": "ada", "attributes": {"age": 41, "agee": 41}}\n{"person_id": "ben"}')
    code, output = run("--persons", str(persons))
    assert (code, output.splitlines()[0]) == (
        0,
        "! schema.yaml declares no agee: nothing can read what persons have of it",
    )
    assert "2 persons by revision" in output


def test_two_processes_come_to_the_same(persons, monkeypatch):
    monkeypatch.setattr("cli.simulate.AT_ONCE", 5)
    assert run("--persons", persons, "--processes", "2", "--json") == run("--persons", persons, "--json")


def test_decisions_of_the_past_are_made_again_as_they_were_asked_for(tmp_path):
    chance = Random(1)
    policy = bank_policy()
    records = []
    for number in range(4):  # what was asked for, each of several persons at a moment of their own
        slots, wave = slots_of(policy, chance), wave_of(policy, chance, 8)
        batch = Batch(policy, slots, {}, NOW)
        waves = [batch.record(wave._replace(moments=[NOW + timedelta(hours=number)] * 8), each) for each in range(8)]
        records += [msgspec.structs.replace(each, decision_id=f"d-{number}{n}") for n, each in enumerate(waves)]
    history = tmp_path / "history.jsonl"
    history.write_bytes(b"\n".join(map(msgspec.json.encode, records)))
    after = told("--history", str(history))["after"]
    assert after["persons"] == len(records)
    results = Counter(each.result for each in records)
    assert {name: n for name, n in after["counts"].items() if name.startswith("result:")} == {
        f"result:{name}": n for name, n in results.items()
    }
    excluded = {f"{each.person_id}/{each.decision_id}" for each in records if each.result == "excluded"}
    code, output = run("--history", str(history), "--who", "result:excluded")
    assert (code, set(output.split())) == (0, excluded)
    given = Counter(each for record in records for each in {chosen.treatment for chosen in record.chosen})
    assert {name: n for name, n in after["counts"].items() if name.startswith("treatment:")} == {
        f"treatment:{name}": n for name, n in given.items()
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--channel", "fax"), "no inbound channel fax"),
        (("--placement", "web.home.hero"), "A placement is on a channel"),
        (("--channel", "web", "--placement", "web.attic"), "web has no placement web.attic"),
        (("--brand", "acme"), "There is no brand acme."),
        (("--channel", "web", "--context", "pgae=x"), "There is no context pgae."),
        (("--weeks", "1", "--raises", "complain=open_complaint"), "complain=open_complaint is no outcome"),
        (("--channel", "web", "--placement", "web.home.hero=0"), "web has no placement web.home.hero=0"),
        (("--channel", "web", *["--placement", "web.home.hero"] * 2), "A placement is named twice."),
        (("--who", "issue:none"), "There is no number issue:none"),
        (("--record", "nobody"), "has no person nobody"),
        (("--history", __file__), "With --history there is no --persons, --at."),
    ],
)
def test_what_is_wrong_is_said(persons, arguments, says):
    code, output = run("--persons", persons, *arguments)
    assert code == 1
    assert says in output


def test_a_line_that_is_no_person_is_named(tmp_path):
    file = tmp_path / "persons.jsonl"
    file.write_text('{"person_id": "a"}\n{"person": "b"}\n')
    code, output = run("--persons", str(file))
    assert code == 1
    assert "line 2 of the persons" in output
