"""What a scheduler starts: a wave, and a day weighed and sealed, run by our emulator over those of other services."""

from __future__ import annotations

import json
import uuid

import pytest

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
    assert results[1] == {"wave": wave, "state": "running", "nothing_done": True}
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
