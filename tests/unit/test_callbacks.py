"""Callbacks of providers: authenticated as declared, mapped by their formats, each event once, of whichever message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import yaml
from standardwebhooks import Webhook
from werkzeug.test import Client
from werkzeug.wrappers import Request

from functions.feedback.callbacks import callback_routes
from functions.feedback.calling_back import TakeCallbacks
from functions.feedback.reading import Event, Readers, events
from functions.feedback.taking import TakeOutcomes
from shared.adapters.memory import Secrets
from shared.domain.errors import InvalidError
from shared.runtime.door import Door
from shared.runtime.door.tokens import Issuers
from shared.runtime.service import Service, always_ready
from tests.contract.samples import delivery
from tests.e2e.platforms import ROOT
from tests.fault.world import NOW, World, bank_revision, ordinary

WEBHOOK = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = {"x-api-key": "key of the provider"}
LATER = NOW + timedelta(hours=1)
CALLBACKS = bank_revision().callbacks


class Reported:
    """A world in which messages were sent on each channel, and a provider before its door."""

    def __init__(self) -> None:
        self.world = World(customers=[ordinary()])
        secrets = Secrets()
        for callback in CALLBACKS.values():
            for way in callback.authentication:
                secrets.add(way.secret, WEBHOOK.encode() if "messages" in way.secret else b"key of the provider")
        self.world.now = LATER
        take = TakeOutcomes(self.world.catalogues, self.world.plain["outcomes"], self.world.queue)
        taking = TakeCallbacks(self.world.catalogues, self.world.plain["contacts"], take)
        door = Door(secrets, lambda: self.world.now, Issuers())
        routes = callback_routes(taking, self.world.catalogues, door, self.world.meter, lambda: self.world.now)
        self.client = Client(Request.application(Service("feedback", routes, ready=always_ready)))

    def sent(self, channel="email", reference=None, number=1):
        """A message that was sent, which its provider calls by a reference."""
        of = delivery(number, channel=channel, model=f"isa@{channel}").claimed(NOW)
        version = self.world.plain["contacts"].claim(of, None)
        end = of.settled("sent", NOW, reference=reference)
        self.world.plain["contacts"].settle(end, version, release=False)
        return end

    def report(self, provider, body, *, query="", headers=KEY, **options):
        return self.client.post(f"/v1/callbacks/{provider}{query}", json=body, headers=headers, **options)

    def observed(self, of):
        found = self.world.plain["outcomes"].observed([of.delivery_id]).get(of.delivery_id)
        return found.value.first() if found else {}


@pytest.fixture
def reported():
    return Reported()


def click(of, number=1, **fields):
    at = int(datetime(2026, 3, 2, 12, 30, tzinfo=UTC).timestamp())
    return {"event": "click", "sg_event_id": f"e-{number}", "timestamp": at, "delivery_id": of.delivery_id, **fields}


def test_an_event_is_an_outcome_of_the_delivery_that_the_message_names(reported):
    of = reported.sent()
    answer = reported.report("sendgrid", [click(of)])
    assert answer.status_code == 202
    [accepted] = answer.json["accepted"]
    assert (accepted["outcome"], accepted["delivery_id"], accepted["duplicate"]) == ("click", of.delivery_id, False)
    assert reported.observed(of) == {"click": datetime(2026, 3, 2, 12, 30, tzinfo=UTC)}
    assert reported.world.models.counts()[of.model].positives == 1


def test_an_event_that_comes_again_is_counted_once_and_another_is_another(reported):
    of = reported.sent()
    for _ in range(2):
        answer = reported.report("sendgrid", [click(of), click(of), click(of, 2)])
    assert [each["duplicate"] for each in answer.json["accepted"]] == [True, True, True]
    known = reported.world.plain["outcomes"].observed([of.delivery_id])[of.delivery_id].value
    assert len(known.outcomes) == 2
    assert reported.world.models.counts()[of.model].positives == 1


def test_a_message_is_known_by_its_providers_reference(reported):
    of, other = reported.sent(reference="m-1"), reported.sent(reference="m-2", number=2)
    bounce = {"event": "bounce", "sg_event_id": "e-1", "timestamp": click(of)["timestamp"]}
    answer = reported.report("sendgrid", [{**bounce, "sg_message_id": "m-2.filter0.1.2"}])
    assert answer.status_code == 202
    assert (set(reported.observed(other)), reported.observed(of)) == ({"bounce"}, {})


def test_a_text_messages_status_is_a_form_at_an_address_that_names_the_delivery(reported):
    of = reported.sent("sms")
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+447700900123"}
    for _ in range(2):
        answer = reported.client.post(
            f"/v1/callbacks/twilio?delivery_id={of.delivery_id}", data=form, auth=("key of the provider", "")
        )
        assert answer.status_code == 202, answer.text
    assert reported.observed(of) == {"delivered": LATER}
    assert answer.json["accepted"][0]["duplicate"]


def test_what_is_no_outcome_is_ignored_and_what_cannot_be_read_spoils_nothing(reported):
    of = reported.sent()
    body = [{"event": "processed", "sg_event_id": "e-9"}, {"event": "open"}, 7, click(of)]
    answer = reported.report("sendgrid", body)
    assert answer.status_code == 202
    assert answer.json["ignored"] == [0]
    assert [(each["index"], each["problem"]["status"]) for each in answer.json["rejected"]] == [(1, 400), (2, 400)]
    assert [each["index"] for each in answer.json["accepted"]] == [3]


def test_an_event_of_no_time_that_there_was_or_worth_what_nothing_is_spoils_no_report(reported):
    of = reported.sent()
    odd = {"type": "message.converted", "timestamp": NOW.isoformat(), "data": {"delivery_id": of.delivery_id}}
    form, reader = Readers().of(bank_revision(), CALLBACKS["messages"])
    for changed in ({"timestamp": "1970-01-01T00:00:00Z"}, {"data": {**odd["data"], "value": 1e300}}):
        [found] = events(
            form, reader, CALLBACKS["messages"], json.dumps({**odd, **changed}).encode(), {}, LATER
        ).values()
        assert isinstance(found, InvalidError)
        assert found.field in ("at", "value")


def test_a_message_that_was_just_sent_is_asked_for_again_and_one_of_long_ago_is_nobodys(reported):
    old = click(delivery(7), timestamp=int((LATER - timedelta(hours=2)).timestamp()))
    assert reported.report("sendgrid", [old]).json["rejected"][0]["problem"]["status"] == 404
    of = reported.sent()
    new = {**click(of, 2), "timestamp": int(LATER.timestamp())}
    nobodys = {**new, "delivery_id": delivery(7).delivery_id}
    assert reported.report("sendgrid", [nobodys]).json["rejected"][0]["problem"]["status"] == 404
    answer = reported.report("sendgrid", [click(of), {**new, "delivery_id": "", "sg_message_id": "m-9.x"}])
    assert answer.status_code == 503
    assert set(reported.observed(of)) == {"click"}


def test_a_provider_speaks_of_its_channels_alone(reported):
    text = reported.sent("sms")
    answer = reported.report("sendgrid", [click(text)])
    assert answer.json["rejected"][0]["problem"]["status"] == 404
    assert reported.observed(text) == {}


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "another"}])
def test_who_does_not_prove_to_be_the_provider_is_not_heard(reported, headers):
    of = reported.sent()
    for provider in ("sendgrid", "messages", "nobody"):
        assert reported.report(provider, [click(of)], headers=headers).status_code == 401
    assert reported.observed(of) == {}


def test_a_signed_webhook_is_taken_and_a_forged_one_is_not(reported):
    reported.world.now = datetime.now(UTC)
    of = reported.sent(reference="sandbox-7")
    event = {"type": "message.complained", "timestamp": NOW.isoformat(), "data": {"message_id": "sandbox-7"}}
    body = json.dumps(event)
    at = datetime.now(UTC)
    signed = {
        "webhook-id": "w-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(WEBHOOK).sign("w-1", at, body),
        "content-type": "application/json",
    }
    forged = body.replace("complained", "clicked")
    assert reported.client.post("/v1/callbacks/messages", data=forged, headers=signed).status_code == 401
    assert reported.client.post("/v1/callbacks/messages", data=body, headers=signed).status_code == 202
    assert set(reported.observed(of)) == {"complaint"}
    [(topic, data, _)] = reported.world.queue.waiting
    assert topic == "signals-received"
    assert json.loads(data)["signal"]["consent"][0]["granted"] is False


def examples():
    for callback in CALLBACKS.values():
        file = ROOT / "catalogue" / "examples" / f"{callback.format}.yaml"
        for example in yaml.safe_load(file.read_text())["examples"]:
            yield pytest.param(callback.id, example["given"], id=f"{callback.id}: {example['name']}")


@pytest.mark.parametrize(("provider", "given"), list(examples()))
def test_every_example_of_the_catalogue_is_read_as_events_of_messages(reported, provider, given):
    body = msgspec.json.decode(msgspec.json.encode(given))
    callback = CALLBACKS[provider]
    revision = bank_revision()
    form, reader = Readers().of(revision, callback)
    found = events(form, reader, callback, msgspec.json.encode(body), {}, LATER)
    assert any(isinstance(each, Event) or each is None for each in found.values())
    assert all(isinstance(each, Event) or each is None for each in found.values())
