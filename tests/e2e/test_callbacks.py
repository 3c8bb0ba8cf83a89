"""What providers report, over HTTP, with the proofs that their secrets of Secret Manager give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import msgspec
from standardwebhooks import Webhook

from tests.e2e.platforms import signal


def secret(bank, name):
    platform = bank.platform
    credentials = platform.credentials if bank.kind == "embedded" else platform.local.credentials
    return platform.bank.source_secrets(credentials)[name]


def noted(bank, person, delivery):
    """What the contact history of a newcomer has of a delivery."""
    return next(set(each.outcomes) for each in bank.contacts(person) if each.delivery_id == delivery)


def signed(bank, event):
    body, now = msgspec.json.encode(event), datetime.now(UTC)
    signature = Webhook(secret(bank, "kairos-callback-messages")).sign("m-1", now, body.decode())
    headers = {
        "content-type": "application/json",
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return {"content": body, "headers": headers, "key": False}


def test_a_provider_that_signs_is_heard_once_and_nobody_else(bank):
    [person] = bank.newcomers(1)
    delivery = bank.ended(bank.send(signal(person))).delivery_id
    event = {"id": f"e-{person}", "type": "message.clicked", "data": {"delivery_id": delivery}}

    answers = [bank.call("feedback", "POST", "/v1/callbacks/messages", **signed(bank, event)) for _ in range(2)]
    forged = signed(bank, event)
    forged["content"] = msgspec.json.encode({**event, "type": "message.complained"})
    refused = bank.call("feedback", "POST", "/v1/callbacks/messages", **forged)

    assert [answer.status_code for answer in (*answers, refused)] == [202, 202, 401]
    assert [answer.json()["accepted"][0]["duplicate"] for answer in answers] == [False, True]
    assert noted(bank, person, delivery) == {"click"}


def test_a_bounce_of_a_message_known_by_its_providers_reference_stops_the_channel(bank):
    [person] = bank.newcomers(1)
    delivery = bank.delivery(bank.ended(bank.send(signal(person))).delivery_id)
    before = bank.record(bank.send(signal(person))).profile.reachable
    assert delivery.channel in before
    event = {"id": f"b-{person}", "type": "message.bounced", "data": {"message_id": delivery.reference}}

    answer = bank.call("feedback", "POST", "/v1/callbacks/messages", **signed(bank, event))

    assert answer.json()["accepted"][0]["delivery_id"] == delivery.delivery_id

    def stopped():
        return delivery.channel not in bank.record(bank.send(signal(person))).profile.reachable or None

    bank.eventually(stopped, "the bounce")
    later = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    moved = {"contact_point": {delivery.channel: {"granted": True, "at": later}}}
    at = {"at": later}
    assert bank.record(bank.send(signal(person, consent=moved, **at))).profile.reachable == before


def test_the_sandbox_reports_as_a_provider_does(bank):
    [person] = bank.newcomers(1)
    delivery = bank.ended(bank.send(signal(person))).delivery_id
    sandbox = bank.platform.endpoints["sandbox"]

    told = httpx.post(f"{sandbox}/events", json={"event": "clicked", "delivery_id": delivery}, trust_env=False)
    refused = httpx.post(f"{sandbox}/events", json={"event": "eaten", "delivery_id": delivery}, trust_env=False)

    assert (told.status_code, refused.status_code) == (202, 400)
    assert told.json()["accepted"][0]["outcome"] == "click"
    assert noted(bank, person, delivery) == {"click"}


def test_nobody_responds_until_somebody_does(bank):
    [person] = bank.newcomers(1)
    asked = {"identifiers": {"customer_no": person}, "brand": "northmoor", "channel": "web"}
    placements = bank.decide(asked)["placements"]
    delivery = next(treatment["delivery_id"] for each in placements for treatment in each["treatments"])
    platform = bank.platform
    credentials = platform.credentials if bank.kind == "embedded" else platform.local.credentials
    clock = {"authorization": f"Bearer {credentials.push_token}"}

    def tell(outcome, days):
        at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        report = {"outcome": outcome, "delivery_id": delivery, "at": at}
        assert bank.call("feedback", "POST", "/v1/outcomes", json=report).status_code == 202

    tell("impression", 2)
    assert bank.call("feedback", "POST", "/v1/sweep", key=False).status_code == 401
    assert bank.call("feedback", "POST", "/v1/sweep", headers=clock, key=False).status_code == 200
    assert noted(bank, person, delivery) == {"impression", "no_response"}
    tell("accept", 0)
    assert noted(bank, person, delivery) == {"impression", "accept"}
