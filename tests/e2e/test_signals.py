"""A signal on its way: from the source's own payload to the provider, and why not where not."""

from __future__ import annotations

import json
import secrets
import uuid
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulators.samples import load
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from tests.e2e.platforms import ROOT, is_reachable, signal

SAMPLES = {(s.source, s.name): s for s in load(ROOT / "catalogue" / "samples") if s.customer_no}
CHAIN = ("ingest", "identity", "eligibility", "arbitration", "suppression", "delivery", "feedback")


def the_message(bank, decision):
    """The one message of a decision, once its delivery has ended well."""
    end = bank.ended(decision)
    assert end.outcome == "sent", end
    [message] = bank.messages([decision])[decision]
    assert message["delivery_id"] == end.delivery_id
    return message


def test_a_canonical_signal_becomes_a_message_of_the_treatment_that_its_record_chose(bank):
    [person] = bank.newcomers(1)

    decision = bank.send(signal(person, "application_abandoned", brand="northmoor", properties={"product": "loan"}))

    message, record = the_message(bank, decision), bank.record(decision)
    [chosen] = record.chosen
    assert (message["delivery_id"], message["channel"]) == (chosen.delivery_id, chosen.treatment.rpartition(".")[2])
    assert message["headers"]["idempotency-key"] == chosen.delivery_id
    assert person.lower() in message["to"] or person[1:] in message["to"]
    action, treatment = bank.platform.bank.revision.treatments[chosen.treatment]
    begins = [text.partition("{")[0].strip() for text in treatment.content.values()]
    said = json.dumps(message["body"], ensure_ascii=False)
    assert any(len(text) > 5 and text in said for text in begins), (action.id, begins, said)
    assert record.signal.type == "application_abandoned"
    assert person not in json.dumps(record.signal.identifiers)


@pytest.mark.parametrize("source", ["segment", "adobe-xdm"])
def test_every_real_payload_is_taken_and_ends_in_a_decision_or_says_why_there_is_none(bank, source):
    samples = [sample for (sent_by, _), sample in SAMPLES.items() if sent_by == source]
    people = bank.newcomers(len(samples))
    decisions = []
    for sample, person in zip(samples, people, strict=True):
        body = sample.body.replace(sample.customer_no.encode(), person.encode())
        answer = bank.call(
            "ingest", "POST", f"/v1/sources/{source}", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 202, (sample.name, answer.text)
        [accepted] = answer.json()["accepted"]
        decisions.append(accepted["decision_id"])

    bank.settle(decisions)

    results = [bank.decided(decision).outcome for decision in set(decisions)]
    assert set(results) <= {"reserved", "late_signal", "no_trigger", "all_withheld"}, results
    received = bank.messages(decisions)
    for decision in set(decisions):
        assert len(received[decision]) == (bank.decided(decision).outcome == "reserved")


def test_a_real_segment_call_becomes_a_message(bank):
    [person] = bank.newcomers(1)
    sample = SAMPLES["segment", "connections__spec__ecommerce__index__04.json"]
    call = {**json.loads(sample.body), "userId": person, "messageId": str(uuid.uuid4())}

    decision = bank.send(call, "segment")

    assert the_message(bank, decision)["body"]["content"]
    assert bank.record(decision).signal.source == "segment"


def test_a_real_experience_event_of_today_becomes_a_message(bank):
    [person] = bank.newcomers(1)
    name = "extensions__adobe__experience__campaign__experienceevent.example.click.json"
    sample = SAMPLES["adobe-xdm", name]
    text = sample.body.decode().replace(sample.customer_no, person)
    event = json.loads(text)
    [at] = [field for field in ("timestamp", "xdm:timestamp") if field in event]
    event[at] = datetime.now(UTC).isoformat()
    event["_id" if "_id" in event else "@id"] = str(uuid.uuid4())

    decision = bank.send(event, "adobe-xdm")

    assert the_message(bank, decision)["body"]["content"]
    assert bank.record(decision).signal.source == "adobe-xdm"


def test_one_trace_leads_from_the_request_through_every_function(bank, customer, monkeypatch, capsys):
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")  # the embedded functions log in this process
    trace = secrets.token_hex(16)

    answer = bank.call(
        "ingest",
        "POST",
        "/v1/signals",
        json=signal(customer()),
        headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"},
    )

    assert answer.headers["traceparent"].split("-")[1] == trace
    [accepted] = answer.json()["accepted"]
    assert bank.ended(accepted["decision_id"]).outcome == "sent"
    heard = []

    def functions_that_logged_it():
        heard.append(capsys.readouterr().out)
        logs = "".join(heard) + "".join(log.read_text() for log in log_files(bank))
        lines = [json.loads(line) for line in logs.splitlines() if line.startswith("{") and trace in line]
        named = {line["message"].partition(" took ")[0] for line in lines}
        return True if named == set(CHAIN[1:]) else None

    bank.eventually(functions_that_logged_it, f"each of {CHAIN[1:]} logs trace {trace}")


def log_files(bank) -> list[Path]:
    """Where the functions' processes write, none where they have no process of their own."""
    if bank.kind == "embedded":
        return []
    return [bank.platform.supervisor.log(name) for name in CHAIN]


def test_a_decision_is_read_back_with_its_explanation(bank, customer):
    decision = bank.send(signal(customer()))
    row = bank.decided(decision)

    def read(path):
        answer = bank.call("decide", "GET", f"/v1/decisions/{decision}{path}")
        assert answer.status_code in {200, 404}, answer.text
        return answer if answer.status_code == 200 else None

    record = bank.eventually(lambda: read(""), "the record in the history")
    explanation = bank.eventually(lambda: read("/explanation"), "the explanation")

    kept = json.loads(row.record)
    assert {name: record.json()[name] for name in kept} == kept
    assert len(record.json()["ranked"]) == int.from_bytes(b64decode(kept["candidate_rows"])).bit_count()
    assert record.json()["decision_id"] == explanation.json()["decision_id"] == decision
    chosen = record.json()["chosen"][0]["treatment"]
    assert chosen in json.dumps(explanation.json())
    dropped = [(drop["action"], drop["condition"]) for drop in record.json()["drops"]]
    assert dropped
    assert dropped == [(drop["action"], drop["condition"]) for drop in explanation.json()["dropped"]]


def test_withdrawn_consent_stops_marketing_by_the_signal_that_brings_it(bank):
    [person] = bank.newcomers(1)
    channels = {"channel": "web", "identifiers": {"customer_no": person}}
    assert marketing(bank, bank.decide(channels | {"placements": [{"id": "web.home.hero", "count": 20}]}))

    decision = bank.send(signal(person, consent={"marketing": False}))

    bank.settle([decision])
    record = bank.record(decision)
    assert all(purpose(bank, chosen.treatment) != "marketing" for chosen in record.chosen)
    stopped = {w.treatment for w in record.withheld if w.kind == "consent"}
    assert stopped
    assert not marketing(bank, bank.decide(channels | {"placements": [{"id": "web.home.hero", "count": 20}]}))


def purpose(bank, treatment):
    return bank.platform.bank.revision.treatment(treatment)[1].purpose


def marketing(bank, answer):
    shown = [t["treatment"] for placement in answer["placements"] for t in placement["treatments"]]
    return [treatment for treatment in shown if purpose(bank, treatment) == "marketing"]


def test_signals_of_one_new_person_at_once_make_one_person(bank):
    nobody = {"customer_no": f"new-{uuid.uuid4()}", "cookie_id": f"ck-{uuid.uuid4()}"}

    decisions = bank.send_at_once([signal("", identifiers=nobody) for _ in range(12)], threads=12)

    assert len({bank.decided(decision).person_id for decision in decisions}) == 1


def test_a_signal_that_points_at_two_persons_goes_on_with_the_stronger_and_says_so(bank):
    strong, weak = bank.newcomers(2)
    whose = [bank.decided(bank.send(signal(person))).person_id for person in (strong, weak)]

    both = {"customer_no": strong, "email": f"{weak.lower()}@newcomers.example"}
    record = bank.record(bank.send(signal(strong, identifiers=both)))

    assert record.person_id == whose[0]
    [conflict] = record.conflicts
    assert (conflict.namespace, conflict.person_id) == ("email_sha256", whose[1])
    assert bank.decided(bank.send(signal(weak))).person_id == whose[1]


def test_a_decision_reads_what_its_own_signal_made_of_the_features_and_replays(bank):
    [person] = bank.newcomers(1)
    first, second, third = ({"category": each} for each in ("savings", "loans", "savings"))
    bank.decided(bank.send(signal(person, properties=first)))
    bank.decided(bank.send(signal(person, properties=second)))
    twice = signal(person, properties=third)

    decision = bank.send(twice)
    bank.send(twice)

    record = bank.record(decision)
    read = record.profile.attributes
    assert (read["savings_views_7d"], read["sections_viewed_30d"]) == (2, 2)
    assert replay(Policy(bank.platform.bank.revision), record).agrees
    assert bank.record(bank.send(signal(person))).profile.attributes["savings_views_7d"] == 2


def test_what_no_trigger_takes_ends_at_identity_and_is_no_decision(bank):
    [person] = bank.newcomers(1)

    row = bank.decided(bank.send(signal(person, "newsletter_read")))

    assert (row.kind, row.outcome, row.writes) == ("signal", "no_trigger", 0)


def test_a_late_signal_updates_the_profile_and_starts_no_decision(bank):
    [person] = bank.newcomers(1)
    late = datetime.now(UTC) - timedelta(hours=25)

    decision = bank.send(signal(person, at=late.isoformat(), consent={"targeted_support": {"email": False}}))

    row = bank.decided(decision)
    assert (row.kind, row.outcome) == ("signal", "late_signal")
    after = bank.record(bank.send(signal(person)))
    assert after.profile.consents["*:targeted_support:email"].granted  # a word of today's outweighs a late one
    assert bank.call("decide", "GET", f"/v1/decisions/{decision}").status_code == 404
    assert not bank.messages([decision])[decision]


def test_a_signal_of_23_hours_ago_is_decided_on(bank, customer):
    decision = bank.send(signal(customer(), at=(datetime.now(UTC) - timedelta(hours=23)).isoformat()))

    assert bank.decided(decision).kind == "decision"


def test_a_signal_from_the_future_is_taken_as_of_its_receipt(bank, customer):
    decision = bank.send(signal(customer(), at=(datetime.now(UTC) + timedelta(hours=1)).isoformat()))

    seen = bank.record(decision).signal
    assert seen.flags == ("clock_skew",)
    assert seen.at == seen.received_at


@pytest.mark.parametrize("flag", ["deceased", "minor", "fraud_marker", "do_not_decision", "objects_to_profiling"])
def test_who_is_excluded_gets_nothing(bank, customer, flag):
    person = customer(lambda row: row["flags"] == flag)

    record = bank.record(bank.send(signal(person)))

    assert (record.result, record.excluded_by) == ("excluded", flag)
    assert not bank.messages([record.decision_id])[record.decision_id]
    shown = bank.decide({"identifiers": {"customer_no": person}, "channel": "web"})
    assert [placement["treatments"] for placement in shown["placements"]] == [[]]


def test_a_vulnerable_customer_gets_service_messages_only(bank, customer):
    person = customer(lambda row: row["flags"] == "vulnerable" and is_reachable(row) and "northmoor" in row["brands"])

    decisions = [bank.send(signal(person)) for _ in range(4)]
    decisions.append(bank.send(signal(person, "breach_notified")))

    bank.settle(decisions)
    chosen = [c.treatment for decision in decisions for c in bank.record(decision).chosen]
    assert {purpose(bank, treatment) for treatment in chosen} == {"service", "regulatory"}
    asked = {"identifiers": {"customer_no": person}, "channel": "web", "placements": [{"id": "web.home.hero"}]}
    assert not marketing(bank, bank.decide(asked))
