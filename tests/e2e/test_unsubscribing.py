"""Unsubscribing over HTTP: one click withdraws, and what is on its way or decided next does not go out."""

from __future__ import annotations

import re

import msgspec

from shared.domain.signal import digest
from shared.messages import ContactReserved
from shared.runtime.envelope import write
from tests.e2e.platforms import signal


def email(bank, sent, name):
    """A marketing e-mail that waits to be sent, for the person of one that was."""
    actions = bank.platform.bank.revision.actions
    [treatment] = [each for each in actions["northmoor_cash_isa"].treatments if each.channel == "email"]
    waiting = msgspec.structs.replace(
        sent,
        delivery_id="v-" + digest(name, sent.person_id),
        decision_id="d-" + digest(name, sent.person_id),
        treatment=treatment.id,
        channel="email",
        purpose="marketing",
        state="reserved",
        attempts=0,
    )
    bank.reserve(waiting)
    return waiting


def deliver(bank, delivery):
    reserved = ContactReserved(
        message_id=f"{delivery.decision_id}:contact.reserved",
        decision_id=delivery.decision_id,
        occurred_at=delivery.at,
        delivery=delivery,
    )
    body = write(msgspec.json.encode(reserved), {}, message_id="m", subscription="s")
    assert bank.push("delivery", body).status_code == 204
    return bank.ended(delivery.decision_id)


def consents_by(bank, person, channel):
    """Whether the next decision about a person finds a consent to the brand's marketing."""
    profile = bank.record(bank.send(signal(person))).profile
    return profile.consents_to(brand="northmoor", purpose="marketing", channel=channel)


def test_one_click_stops_what_is_on_its_way_and_what_is_decided_next(bank):
    [person] = bank.newcomers(1)
    first = bank.delivery(bank.ended(bank.send(signal(person))).delivery_id)
    received, on_its_way = email(bank, first, "received"), email(bank, first, "on its way")
    assert deliver(bank, received).outcome == "sent"
    link = bank.platform.bank.links("").unsubscribe(received.delivery_id)
    form = {"content-type": "application/x-www-form-urlencoded"}

    assert bank.call("feedback", "GET", link, key=False).status_code == 200
    assert consents_by(bank, person, "email")
    for _ in range(2):
        answer = bank.call("feedback", "POST", link, content=b"List-Unsubscribe=One-Click", headers=form, key=False)
        assert answer.status_code == 200

    bank.eventually(lambda: None if consents_by(bank, person, "email") else True, "the withdrawal")
    end = deliver(bank, on_its_way)
    assert end.outcome == "cancelled"
    assert bank.delivery(on_its_way.delivery_id).reason == "stopped by consent marketing_consent just before sending"
    assert consents_by(bank, person, "sms")


def test_what_a_message_carries_counts_its_opening_and_unsubscribes(bank):
    [person] = bank.newcomers(1)
    decision = bank.send(signal(person, "application_abandoned", properties={"product": "loan"}))
    sent = bank.delivery(bank.ended(decision).delivery_id)
    [message] = bank.messages([decision])[decision]
    assert (message["channel"], sent.purpose) == ("email", "marketing")
    base = bank.platform.endpoints["feedback"]
    body = message["body"]
    [picture] = re.findall(r'<img src="([^"]+)"', body["content"][0]["value"])
    [leave] = re.findall(r"^<(.+)>$", body["headers"]["List-Unsubscribe"])
    assert picture.startswith(f"{base}/o/")

    def opened():
        """What is followed within a second of sending is a machine's, so it is looked at again."""
        assert bank.call("feedback", "GET", picture.removeprefix(base), key=False).content[:3] == b"GIF"
        [contact] = [each for each in bank.contacts(person) if each.delivery_id == sent.delivery_id]
        return "impression" in contact.outcomes or None

    bank.eventually(opened, "the opening")
    said = body["headers"]["List-Unsubscribe-Post"].encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = bank.call("feedback", "POST", leave.removeprefix(base), content=said, headers=form, key=False)
    assert answer.status_code == 200
    bank.eventually(lambda: None if consents_by(bank, person, "email") else True, "the withdrawal")
