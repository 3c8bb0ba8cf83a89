"""What providers report, over HTTP, with the proofs that their secrets of Secret Manager give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
