"""What a scheduler starts: a wave, and a day weighed and sealed, run by our emulator over those of other services."""

from __future__ import annotations

import json
import uuid

import pytest

from emulators.provisioning import bigquery_client
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from shared.domain.signal import decision_id
from tests.e2e.platforms import person_id, signal

pytestmark = pytest.mark.emulators


@pytest.fixture
def bank(request):
    return request.getfixturevalue("on_emulators")


def start(bank, argument, workflow="outbound"):
    """Start one as Cloud Scheduler does; the execution's name."""
    project = bank.platform.local.project
    path = f"/v1/projects/{project}/locations/europe-west2/workflows/{workflow}/executions"
    answer = bank.call("workflows", "POST", path, json={"argument": json.dumps(argument)}, key=False)
    assert answer.status_code == 200, answer.text
    return answer.json()["name"]


def ended(bank, name):
    """The execution, when it has ended."""

    def found():
        execution = bank.call("workflows", "GET", f"/v1/{name}", key=False).json()
        return execution if execution["state"] != "ACTIVE" else None

    return bank.eventually(found, f"the end of {name}")


def sent_first(bank, name):
    """Wait until the first page of a wave is sent."""

    def found():
        answer = bank.call("waves", "GET", f"/v1/waves/{name}")
        return (answer.status_code == 200 and answer.json().get("sent") == 1) or None

    bank.eventually(found, f"the first page of {name}")


def steer(bank, name, verb, **body):
    answer = bank.call("waves", "POST", f"/v1/waves/{name}/{verb}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names():
    return f"a-{uuid.uuid4().hex[:8]}", f"w-{uuid.uuid4().hex[:8]}"


def decisions_of(wave, people):
    return [decision_id("scheduler", f"{wave}-{person_id(each)}") for each in people]


def test_a_wave_decides_on_each_person_of_an_audience_once_however_often_it_is_started(bank):
    audience, wave = names()
    people = bank.newcomers(5, audience=audience)
    executions = [start(bank, {"audience": audience, "wave": wave, "page_persons": 2}) for _ in range(2)]

    done = [ended(bank, name) for name in executions]

    assert {each["state"] for each in done} == {"SUCCEEDED"}, done
    results = sorted((json.loads(each["result"]) for each in done), key=lambda result: "nothing_done" in result)
    assert results[1].pop("state") in {"running", "done"}  # as the other was by then
    assert results[1] == {"wave": wave, "nothing_done": True}
    decisions = decisions_of(wave, people)
    bank.settle(decisions)
    messages = bank.messages(decisions)
    sent = [decision for decision in decisions if bank.decided(decision).outcome == "reserved"]
    assert sent
    assert {len(messages[decision]) for decision in sent} == {1}
    assert (results[0]["state"], results[0]["persons"], results[0]["pages"], results[0]["accepted"]) == (
        "done",
        5,
        3,
        5,
    )
    reconciled = results[0]["reconciled"]
    assert (reconciled["accepted"], reconciled["decided"]) == (5, 5)
    assert reconciled["outcomes"]["reserved"] == len(sent)
    assert "in_flight" not in reconciled

    again = json.loads(ended(bank, start(bank, {"audience": audience, "wave": wave}))["result"])
    assert again == {"wave": wave, "state": "done", "nothing_done": True}


def test_a_wave_whose_execution_is_killed_goes_on_from_its_last_page(bank):
    audience, wave = names()
    people = bank.newcomers(5, audience=audience)
    argument = {"audience": audience, "wave": wave, "page_persons": 2, "per_minute": 1}
    killed = start(bank, argument)
    sent_first(bank, wave)

    answer = bank.call("workflows", "POST", f"/v1/{killed}:cancel", json={}, key=False)
    assert answer.status_code == 200, answer.text
    assert json.loads(ended(bank, start(bank, argument))["result"])["nothing_done"], "it may still be alive"
    assert steer(bank, wave, "pause")["state"] == "paused"
    assert json.loads(ended(bank, start(bank, argument))["result"])["state"] == "paused"
    steer(bank, wave, "resume", per_minute=6000)
    done = json.loads(ended(bank, start(bank, {"audience": audience, "wave": wave}))["result"])

    assert (done["state"], done["accepted"], done["reconciled"]["decided"]) == ("done", 5, 5)
    steered = [(step["what"], step["by"], step.get("per_minute")) for step in done["steered"]]
    assert steered == [("paused", "local", None), ("resumed", "local", 6000)]
    decisions = decisions_of(wave, people)
    bank.settle(decisions)
    assert max(len(found) for found in bank.messages(decisions).values()) == 1


def test_a_wave_that_is_cancelled_ends_and_cannot_be_resumed(bank):
    audience, wave = names()
    people = bank.newcomers(4, audience=audience)
    running = start(bank, {"audience": audience, "wave": wave, "page_persons": 2, "per_minute": 60})
    sent_first(bank, wave)

    steer(bank, wave, "cancel")

    done = json.loads(ended(bank, running)["result"])
    assert (done["state"], done["sent"]) == ("cancelled", 1)
    assert bank.call("waves", "POST", f"/v1/waves/{wave}/resume", json={}).status_code == 400
    bank.settle(decisions_of(wave, sorted(people, key=person_id)[:2]))


def looked(bank, people, group, day):
    """Rows of the history, of clicks of some people on offers of a group, as if they had come on a day long ago."""
    client = bigquery_client(bank.platform.local.emulators["bigquery"], bank.platform.local.project)
    rows = [
        {
            "row_id": f"o-{group}-{person}",
            "kind": "outcome",
            "occurred_at": f"{day}T10:00:00Z",
            "person_id": person_id(person),
            "outcome": "click",
            "group_id": group,
        }
        for person in people
    ]
    assert client.insert_rows_json(f"{client.project}.kairos.history", rows) == []


def test_scarce_texts_go_by_a_plan_to_an_audience_that_bigquery_finds(bank):
    group, wave = names()
    people = bank.newcomers(6)
    looked(bank, people, group, "2024-02-29")
    asked = {"audience": "looked_and_left", "wave": wave, "until": "2024-03-01T00:00:00Z", "per_minute": 60000}

    refused = ended(bank, start(bank, {**asked, "parameters": {"grp": group}}))
    done = json.loads(ended(bank, start(bank, {**asked, "parameters": {"group": group}}))["result"])

    assert "is no parameter of this audience: group" in refused["error"]["payload"]
    assert (done["state"], done["persons"], done["accepted"]) == ("done", 6, 6), done
    assert (done["since"], done["until"]) == ("2024-02-16T00:00:00Z", "2024-03-01T00:00:00Z")
    plan = done["plan"]
    assert (plan["planned"], plan["missing"]) == ({"sms": 6}, {"sms": 994}), (
        "a thousand at least, whoever can be reached"
    )
    assert plan["worth"] == pytest.approx(plan["bound"])
    decisions = decisions_of(wave, people)
    bank.settle(decisions)
    records = [bank.record(decision) for decision in decisions]
    assert {record.slots.channels[0] for record in records} <= {"email", "push", "sms"}
    assert {tuple(record.signal.properties["channels"]) for record in records} == {
        record.slots.channels for record in records
    }
    treatments = bank.platform.bank.revision.treatments
    assert {treatments[record.chosen[0].treatment][1].channel for record in records} == {"sms"}
    assert done["reconciled"]["channels"] == {"sms": 6}
    policy = Policy(bank.platform.bank.revision)
    assert all(replay(policy, record).agrees for record in records)


def test_a_wave_without_an_audience_fails_and_says_what_it_wants(bank):
    failed = ended(bank, start(bank, {}))
    assert failed["state"] == "FAILED"
    assert "Start it with the name of an audience" in failed["error"]["payload"]


def test_a_day_is_weighed_and_sealed_by_its_workflows_and_holds(bank):
    [person] = bank.newcomers(1)
    row = bank.decided(bank.send(signal(person)))
    day = str(row.occurred_at.date())

    weighed = ended(bank, start(bank, {"day": day}, "weigh"))
    done = ended(bank, start(bank, {"day": day}, "seal"))

    assert weighed["state"] == "SUCCEEDED", weighed
    result = json.loads(weighed["result"])
    assert (result["day"], result["decisions"] > 0) == (day, True)

    assert done["state"] == "SUCCEEDED", done
    assert json.loads(done["result"])["day"] == day
