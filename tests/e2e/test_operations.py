"""What keeps the platform whole, as workflows run it over the functions, whoever dies in the middle."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from emulators.provisioning import bigquery_client
from shared.adapters.envelope import envelope
from shared.domain.signal import Signal, decision_id, digest
from shared.messages import SignalReceived
from shared.ports import Parked
from shared.runtime.world import utc_now
from tests.e2e.platforms import person_id, signal
from tests.e2e.test_waves import ended, start

pytestmark = pytest.mark.emulators


@pytest.fixture
def bank(request):
    return request.getfixturevalue("on_emulators")


def result(bank, name):
    """What an execution came to."""
    execution = ended(bank, name)
    assert execution["state"] == "SUCCEEDED", execution
    return json.loads(execution["result"])


def parked_signal(customer, reason):
    """A signal that identity gave up for a reason, and the decision that it would have come to."""
    given = signal_of(customer)
    decision = decision_id(given.source, given.id)
    received = SignalReceived(
        message_id=f"{decision}:signal.received", decision_id=decision, occurred_at=given.received_at, signal=given
    )
    sent = envelope(received)
    return decision, Parked(
        id=f"q-{decision}",
        function="identity",
        revision="",
        topic=sent.topic,
        reason=reason,
        kind="dead_letter",
        at=utc_now(),
        data=sent.data,
        attributes=sent.attributes,
    )


def signal_of(customer):
    """A signal of a newcomer, as ingest lets it in."""
    now = utc_now()
    return Signal(
        id=uuid.uuid4().hex,
        type="page_viewed",
        at=now,
        received_at=now,
        source="test",
        identifiers={"person_id": person_id(customer)},
    )


def test_what_was_parked_goes_back_by_its_reason(bank):
    reason = f"the mill {uuid.uuid4().hex} stood still"
    wanted = [parked_signal(customer, reason) for customer in bank.newcomers(2)]
    _, other = parked_signal(bank.newcomers(1)[0], "something else")
    for parked in (*(each for _, each in wanted), other):
        bank.park(parked)

    done = result(bank, start(bank, {"reason": reason[4:-6], "per_second": 100}, "redrive"))

    assert (done["redriven"], done["refused"]) == (2, 0)
    assert all(bank.decided(decision) for decision, _ in wanted)
    left = {each.id for each in bank.parked()}
    assert other.id in left
    assert not left & {each.id for _, each in wanted}
    assert redrive(bank, reason="something else") == 1


def redrive(bank, **wanted):
    """Have operations put back what is wanted, as the workflow does; how many."""
    return bank.call("operations", "POST", "/v1/redrives", json=wanted).json()["redriven"]


def insert(bank, table, **row):
    """Write a row into the warehouse, as Pub/Sub does."""
    local = bank.platform.local
    client = bigquery_client(local.emulators["bigquery"], local.project)
    assert client.insert_rows_json(f"{local.project}.kairos.{table}", [row]) == []


def test_a_day_adds_up_until_something_is_lost(bank):
    day = f"2025-{uuid.uuid4().int % 12 + 1:02}-{uuid.uuid4().int % 28 + 1:02}"
    one, other = (f"d-{uuid.uuid4().hex}" for _ in range(2))
    insert(bank, "accepted", decision_id=one, occurred_at=f"{day}T09:00:00Z")
    told = {"row_id": one, "decision_id": one, "outcome": "nothing_qualified", "kind": "decision"}
    insert(bank, "history", **told, occurred_at=f"{day}T09:00:01Z")

    found = bank.call("operations", "POST", f"/v1/days/{day}/reconciliation").json()
    assert (found["accepted"], found["decided"], found["agrees"]) == (1, 1, True)

    insert(bank, "accepted", decision_id=other, occurred_at=f"{day}T09:00:00Z")
    failed = ended(bank, start(bank, {"day": day}, "reconcile"))
    assert (failed["state"], failed["error"]["payload"]) == ("FAILED", f'"the signals of {day} do not add up"')


def email(bank, sent, name):
    """An e-mail that is reserved for the person of a message that was sent, and of whose reservation nobody heard."""
    actions = bank.platform.bank.revision.actions
    [treatment] = [each for each in actions["northmoor_cash_isa"].treatments if each.channel == "email"]
    waiting = msgspec.structs.replace(
        sent,
        delivery_id="v-" + digest(name, sent.person_id),
        decision_id="d-" + digest(name, sent.person_id),
        treatment=treatment.id,
        channel="email",
        state="reserved",
        attempts=0,
    )
    bank.reserve(waiting)
    return waiting


def test_what_came_to_no_end_is_swept_and_sent_once(bank):
    [person] = bank.newcomers(1)
    sent = bank.delivery(bank.ended(bank.send(signal(person))).delivery_id)
    hour_ago = utc_now() - timedelta(hours=1)
    lost, abandoned = email(bank, sent, "its message was lost"), email(bank, sent, "who sent it died")
    told = {"row_id": lost.decision_id, "decision_id": lost.decision_id, "kind": "decision", "outcome": "reserved"}
    whose = {"delivery_id": lost.delivery_id, "person_id": lost.person_id}
    insert(bank, "history", **told, **whose, occurred_at=hour_ago.isoformat())
    bank.claim(abandoned.claimed(hour_ago))

    swept = [result(bank, start(bank, {"pause_seconds": 0}, "sweep")) for _ in range(2)]

    assert swept[0]["deliveries"] >= 1
    assert swept[0]["outbox"] >= 1
    assert {bank.ended(each.decision_id).outcome for each in (lost, abandoned)} == {"sent"}
    got = [each["delivery_id"] for each in bank.received()]
    assert [got.count(each.delivery_id) for each in (lost, abandoned)] == [1, 1]


FOREST = {
    "kind": "linear",
    "name": "forest",
    "trained_until": "2020-02-20",
    "intercept": -2.0,
    "features": [{"reads": "channel", "equals": "email"}],
    "coefficients": [0.1],
}


def test_a_person_is_handed_over_and_erased(bank):
    [person] = bank.newcomers(1)
    asked = {"person": person_id(person), "case": "DSR-2026/17"}

    exports = [result(bank, start(bank, asked, "export")) for _ in range(2)]
    held = bank.call("privacy", "GET", f"/v1/exports/{exports[0]['id']}").json()
    erasures = [result(bank, start(bank, {**asked, "wait": False}, "erase")) for _ in range(2)]

    assert exports[0]["id"] == exports[1]["id"]
    assert held["profile"]["person_id"] == person_id(person)
    assert len({each["erasure"]["id"] for each in erasures}) == 1
    assert erasures[0]["erasure"]["erased"]["handovers"] == 1
    assert bank.call("privacy", "GET", f"/v1/exports/{exports[0]['id']}").status_code == 404


def test_workflows_go_on_when_the_functions_that_they_call_are_killed_in_the_middle(bank):
    reason, today = f"killed {uuid.uuid4().hex}", str(utc_now().date())
    one, other = bank.newcomers(2)
    wanted = [parked_signal(customer, reason) for customer in (one, other)]
    for _, parked in wanted:
        bank.park(parked)
    arguments = {
        "redrive": {"reason": reason},
        "reconcile": {"day": "2024-05-05"},
        "weigh": {"day": "2024-05-05"},
        "seal": {"day": "2024-05-05"},
        "sweep": {"pause_seconds": 0},
        "learn": {"day": today},
        "measure": {"day": today},
        "export": {"person": person_id(one), "case": "DSR-1"},
        "erase": {"person": person_id(other), "case": "DSR-2", "wait": False},
    }
    killed = ("operations", "records", "privacy")
    assert bank.call("records", "POST", "/v1/challengers", json=FOREST).status_code == 200

    executions = {name: start(bank, argument, name) for name, argument in arguments.items()}
    for name in killed:
        bank.platform.kill(name)
    with ThreadPoolExecutor(len(killed)) as pool:
        list(pool.map(bank.platform.restart, killed))

    came = {name: result(bank, execution) for name, execution in executions.items()}
    assert came["redrive"]["redriven"] <= 2  # what was put back just when the answer was lost is not counted
    assert not [each for each in bank.parked() if each.reason == reason]
    assert came["reconcile"]["agrees"]
    assert (came["learn"]["day"], came["learn"]["challengers"], came["learn"]["unheld"]) == (today, 1, [])
    assert bank.call("records", "GET", f"/v1/learning/{today}").json()["models"] == came["learn"]["models"] > 0
    assert came["measure"]["kept"] == [today, today[:7]]
    kept = bank.call("records", "GET", f"/v1/measures/kept/{today[:7]}").json()
    assert kept["report"]["experiment"] == "standing"
    assert bank.call("records", "DELETE", "/v1/challengers/forest").status_code == 200
    assert came["erase"]["erasure"]["case"] == "DSR-2"


def test_executions_go_on_when_what_runs_them_is_killed_in_the_middle(bank):
    reason = f"cut off {uuid.uuid4().hex}"
    wanted = [parked_signal(customer, reason) for customer in bank.newcomers(6)]
    for _, parked in wanted:
        bank.park(parked)

    def left():
        return {each.id for each in bank.parked() if each.reason == reason}

    going = start(bank, {"reason": reason, "per_second": 2}, "redrive")
    waiting = start(bank, {"person": person_id(bank.newcomers(1)[0]), "case": "DSR-3"}, "erase")
    bank.eventually(lambda: len(left()) < 6 or None, "the first of them to go back")
    assert left()

    bank.platform.kill("workflows")
    bank.platform.restart("workflows")

    assert result(bank, going)["redriven"] >= 5  # again, an answer may have been lost
    assert not left()
    found = bank.call("workflows", "GET", f"/v1/{waiting}", key=False).json()
    assert found["state"] == "ACTIVE"
    cancelled = bank.call("workflows", "POST", f"/v1/{waiting}:cancel", json={}, key=False).json()
    assert cancelled["state"] == "CANCELLED"
