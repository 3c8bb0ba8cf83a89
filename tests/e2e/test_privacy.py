"""A customer asks what is held, and to be erased, over HTTP and on the command line."""

from __future__ import annotations

import json
import uuid

import pytest
from click.testing import CliRunner

from cli import platform
from cli.main import kairos
from shared.domain.erasure import ERASED
from tests.e2e.platforms import signal


@pytest.fixture
def kairos_(bank, monkeypatch):
    """The command line against the platform that runs."""
    state = bank.platform._file.path.parent
    monkeypatch.setattr(platform, "STATE", state)

    def run(*arguments, fails=False):
        result = CliRunner().invoke(kairos, list(arguments))
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    return run


def test_everything_that_is_held_is_handed_over(bank, kairos_, tmp_path):
    [person] = bank.newcomers(1)
    decision = bank.send(signal(person))
    [message] = bank.messages([bank.ended(decision).decision_id])[decision]
    report = {"outcome": "click", "delivery_id": message["delivery_id"]}
    assert bank.call("feedback", "POST", "/v1/outcomes", json=report).status_code == 202
    file = tmp_path / "held.json"
    file.touch(mode=0o644)

    def handed_over():
        said = kairos_("person", "export", f"customer_no={person}", "--case", "DSR-1", "--to", str(file))
        held = json.loads(file.read_text())
        return (said, held) if len(held["history"]) >= 3 else None

    said, held = bank.eventually(handed_over, "the decision, its end and the click in the history")
    assert held["profile"]["attributes"]["residency"]
    assert held["contact_points"]["email"] == f"{person.lower()}@newcomers.example"
    assert {each["namespace"] for each in held["identifiers"]} == {"customer_no", "email_sha256", "phone_sha256"}
    assert [each["delivery_id"] for each in held["deliveries"]] == [message["delivery_id"]]
    assert [each["outcome"] for each in held["outcomes"]] == ["click"]
    told = next(row for row in held["history"] if row["kind"] == "decision")
    assert held["profile"]["attributes"].items() <= told["record"]["profile"]["attributes"].items()
    assert held["person_id"] in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [file]
    nowhere = str(tmp_path / "no" / "held.json")
    said = kairos_("person", "export", f"customer_no={person}", "--case", "DSR-1", "--to", nowhere, fails=True)
    assert "cannot be written" in said


def test_whoever_is_erased_is_known_to_nobody_and_their_decisions_still_verify(bank, kairos_):
    [person] = bank.newcomers(1)
    decision = bank.send(signal(person))
    day = str(bank.ended(decision).occurred_at.date())

    def known():
        return bank.call("decide", "GET", f"/v1/decisions/{decision}").status_code == 200 or None

    bank.eventually(known, "the decision in the history")
    kairos_("seal", "--day", day)

    said = json.loads(kairos_("person", "erase", f"customer_no={person}", "--case", "DSR-2", "--json"))

    erased, remaining = said["erasure"]["erased"], said["remaining"]
    assert {"profiles", "identifiers", "deliveries", "contacts", "contact_points"} <= set(erased)
    assert said["erasure"]["by"]
    assert "person_ids" not in said["erasure"]
    assert {"Firestore, backups", "Pub/Sub", "quarantine"} <= {each["where"] for each in remaining}
    if bank.kind == "emulators":  # a process looks once a minute which keys were destroyed, and when it starts
        for function in ("decide", "records"):
            bank.platform.restart(function)
    assert bank.call("decide", "GET", f"/v1/decisions/{decision}").status_code == 410
    late = bank.decided(bank.send(signal(person, type="late")))
    assert (late.kind, late.outcome, late.person_id, late.record) == ("signal", ERASED, None, None)
    asked = {"identifiers": {"customer_no": person}, "channel": "web", "placements": [{"id": "web.home.hero"}]}
    assert [placement["treatments"] for placement in bank.decide(asked)["placements"]] == [[]]
    assert "410" in kairos_("person", "export", f"customer_no={person}", "--case", "DSR-3", fails=True)
    again = json.loads(kairos_("person", "erase", f"customer_no={person}", "--case", "DSR-2", "--json"))
    assert again["erasure"]["id"] == said["erasure"]["id"]
    assert "not finished" in kairos_("person", "erase", "--resume")
    verified = json.loads(kairos_("verify", "--day", day, "--json"))
    assert verified["agrees"], verified
    replayed = json.loads(CliRunner().invoke(kairos, ["replay", "--day", day, "--json"]).stdout)
    assert replayed["erased"] >= 1


def test_what_was_decided_on_somebody_while_taken_for_another_is_handed_over_and_erased_with_them(bank, kairos_):
    [number] = bank.newcomers(1)
    customer, lead = {"customer_no": number}, {"crm_id": f"crm-{uuid.uuid4()}"}
    for identifiers in (customer, lead, {**customer, **lead}):
        bank.decide({"identifiers": identifiers, "channel": "web"})
    decision = bank.decide({"identifiers": lead, "channel": "web"})["decision_id"]
    apart = {"one": customer, "other": lead, "reason": "two of one name", "do": True}
    assert bank.call("persons", "POST", "/v1/persons/unmerge", json=apart).status_code == 200

    def decided_on(whose):
        answer = bank.call("privacy", "POST", "/v1/persons/export", json={"identifiers": whose, "case": "DSR-4"})
        assert answer.status_code == 200, answer.text
        return {each["decision_id"]: each["record"] for each in answer.json()["history"]}

    of_lead = bank.eventually(lambda: decision in (told := decided_on(lead)) and told, "the decision in the history")
    assert of_lead[decision]["signal"]["identifiers"]
    assert "profile" not in of_lead[decision]
    assert len(of_lead) == 2
    assert len(decided_on(customer)) == 2
    assert decision not in decided_on(customer)

    kairos_("person", "erase", f"crm_id={lead['crm_id']}", "--case", "DSR-5")
    if bank.kind == "emulators":
        for function in ("decide", "privacy"):
            bank.platform.restart(function)
    assert bank.call("decide", "GET", f"/v1/decisions/{decision}").status_code == 410
    assert len(decided_on(customer)) == 2


def test_nobody_is_handed_over_or_erased_without_an_operators_key(bank):
    body = {"identifiers": {"customer_no": "C000101"}, "case": "DSR-1"}
    for path in ("/v1/persons/export", "/v1/erasures", "/v1/readmissions"):
        assert bank.call("privacy", "POST", path, json=body, key=False).status_code == 401
    assert (
        bank.call("privacy", "POST", "/v1/persons/export", json={"identifiers": {}, "case": "DSR-1"}).status_code == 400
    )
    stranger = {"identifiers": {"customer_no": "X999999"}, "case": "DSR-1"}
    assert bank.call("privacy", "POST", "/v1/erasures", json=stranger).status_code == 404
