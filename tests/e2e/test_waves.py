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


def test_a_wave_decides_on_each_person_of_an_audience_once_however_often_it_is_started(bank):
    audience, wave = f"a-{uuid.uuid4().hex[:8]}", f"w-{uuid.uuid4().hex[:8]}"
    people = bank.newcomers(5, audience=audience)
    executions = [start(bank, {"audience": audience, "wave": wave}) for _ in range(2)]

    done = [ended(bank, name) for name in executions]

    assert {each["state"] for each in done} == {"SUCCEEDED"}, done
    results = [json.loads(each["result"]) for each in done]
    assert [(each["accepted"], each["rejected"], each["pages"]) for each in results] == [(5, 0, 1)] * 2
    decisions = [decision_id("scheduler", f"{wave}-{person_id(each)}") for each in people]
    bank.settle(decisions)
    messages = bank.messages(decisions)
    sent = [decision for decision in decisions if bank.decided(decision).outcome == "reserved"]
    assert sent
    assert {len(messages[decision]) for decision in sent} == {1}


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
