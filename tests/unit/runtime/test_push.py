"""The boundary to Pub/Sub: every way a message can end, and the one right answer to each."""

from __future__ import annotations

import json

import msgspec
import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.adapters import memory
from shared.domain.errors import (
    AlreadyExistsError,
    ErasedError,
    InvalidError,
    KairosError,
    NotFoundError,
    PermanentError,
    StaleError,
    TransientError,
)
from shared.messages import SignalReceived, TreatmentDelivered
from shared.runtime import envelope, trace
from shared.runtime.metering import RequestMeter
from shared.runtime.push import MAX_PUSH_BYTES, PARKED_BYTES, Push
from shared.runtime.settings import Pushed
from tests.contract.samples import NOW, delivery, received, row

TOKEN = "the token of this subscription"
SETTINGS = Pushed(google_cloud_project="bank", k_service="identity", k_revision="identity-00007", push_token=TOKEN)
MESSAGE = msgspec.json.encode(received())


class Published:
    """The port `Publisher`, counting as the real one does."""

    def __init__(self, meter):
        self.messages, self.error, self._meter = [], None, meter

    def publish(self, messages):
        if self.error:
            raise self.error
        self.messages += messages
        self._meter.add(messages=len(messages))


class Away:
    """The port `Quarantine`, which does not answer."""

    def park(self, parked):
        raise TransientError("the quarantine is away")


class Door:
    """A push endpoint whose handler is `handle`."""

    def __init__(self, handle=lambda message, now: (), quarantine=None):
        self.meter = RequestMeter()
        self.published = Published(self.meter)
        self.quarantine = quarantine or memory.Quarantine(memory.Store())
        self.push = Push(
            SignalReceived,
            handle,
            publisher=self.published,
            quarantine=self.quarantine,
            meter=self.meter,
            clock=lambda: NOW,
            settings=SETTINGS,
        )

    def deliver(self, data=MESSAGE, **attributes):
        return self.push.deliver(envelope.write(data, attributes, message_id="1", subscription="identity"))

    def request(self, body=b"", **options):
        return self.push(Request(EnvironBuilder(path="/", method="POST", data=body, **options).get_environ()))


def raising(error):
    def handle(message, now):
        raise error

    return handle


def logged(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (None, 204, None),
        (ErasedError("whoever it was"), 204, None),
        (PermanentError("never"), 204, "permanent"),
        (InvalidError("is wrong", field="signal.at"), 204, "permanent"),
        (NotFoundError("no such treatment"), 204, "permanent"),
        (TransientError("later"), 503, None),
        (StaleError("changed meanwhile"), 503, None),
        (AlreadyExistsError("unexpected here"), 500, None),
        (KairosError("of no kind"), 500, None),
        (ValueError("a mistake of ours"), 500, None),
        (RecursionError(), 500, None),
        (MemoryError(), 500, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_has_one_answer(error, status, kind):
    door = Door(raising(error) if error else lambda message, now: ())

    answer = door.deliver()

    assert answer.status_code == status
    assert [parked.kind for parked in door.quarantine.list()] == ([kind] if kind else [])
    assert not door.published.messages
    if status != 204:
        assert answer.content_type == "application/problem+json"
        assert "mistake of ours" not in answer.get_data(as_text=True)


def test_what_is_parked_says_what_where_why_and_by_whom():
    door = Door(raising(InvalidError("is wrong", field="signal.at")))

    door.deliver(colour="red")

    [parked] = door.quarantine.list()
    assert (parked.function, parked.revision, parked.topic) == ("identity", "identity-00007", "signals-received")
    assert (parked.reason, parked.at) == ("signal.at: is wrong", NOW)
    assert (parked.data, parked.attributes, parked.truncated) == (MESSAGE, {"colour": "red"}, False)


def test_what_comes_again_is_parked_once_and_other_bytes_beside_it():
    door = Door(raising(PermanentError("never")))

    for data in (MESSAGE, MESSAGE, MESSAGE + b" "):
        door.deliver(data)

    assert len(door.quarantine.list()) == 2


def test_of_what_is_too_large_to_keep_the_beginning_is_kept():
    door = Door()

    door.deliver(b"x" * (PARKED_BYTES + 1))

    [parked] = door.quarantine.list()
    assert (len(parked.data), parked.truncated) == (PARKED_BYTES, True)


def test_an_endless_reason_is_cut():
    door = Door(raising(PermanentError("x" * 10_000)))

    door.deliver()

    assert len(door.quarantine.list()[0].reason) == 1000


@pytest.mark.parametrize("data", [b"rubbish", MESSAGE], ids=["undecodable", "permanent"])
def test_nothing_is_acknowledged_that_could_not_be_parked(data):
    door = Door(raising(PermanentError("never")), quarantine=Away())

    assert door.deliver(data).status_code == 503


def test_a_message_of_another_type_is_undecodable_and_its_handler_not_asked():
    asked = []
    door = Door(lambda message, now: asked.append(message) or ())
    other = TreatmentDelivered(message_id="m", decision_id="d", occurred_at=NOW, delivery=delivery())

    assert door.deliver(msgspec.json.encode(other)).status_code == 204

    assert [parked.kind for parked in door.quarantine.list()] == ["undecodable"]
    assert not asked


def test_a_handler_gets_the_message_and_the_time():
    given = []

    Door(lambda message, now: given.append((message, now)) or ()).deliver()

    assert given == [(received(), NOW)]


def test_what_goes_on_carries_what_came_and_what_was_spent_here():
    outgoing = received(2)

    def handle(message, now):
        door.meter.add(reads=2, writes=1)
        return outgoing, row()

    door = Door(handle)
    came = msgspec.json.encode(msgspec.structs.replace(received(), usage={"reads": 3, "bytes": 10}))
    door.deliver(came)

    message, history = door.published.messages
    assert (message.usage.reads, message.usage.writes, message.usage.messages) == (5, 1, 2)
    assert message.usage.bytes == 10 + len(came) + len(row().record or "")
    assert (history.reads, history.writes, history.messages) == (5, 1, 2)


def test_one_message_pays_nothing_of_another():
    door = Door(lambda message, now: (door.meter.add(reads=1), (received(2),))[1])

    door.deliver()
    door.deliver()

    assert [message.usage.reads for message in door.published.messages] == [1, 1]


@pytest.mark.parametrize(
    ("error", "status"), [(TransientError("away"), 503), (PermanentError("too large"), 204), (OSError("no"), 500)]
)
def test_what_cannot_be_published_is_answered_like_what_cannot_be_handled(error, status):
    door = Door(lambda message, now: (received(2),))
    door.published.error = error

    assert door.deliver().status_code == status


def test_a_trace_goes_on_in_what_is_published():
    door = Door(lambda message, now: (received(2),))

    trace.continue_from("00-" + "1" * 32 + "-" + "2" * 16 + "-01")
    door.deliver(traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")

    assert trace.ids(door.published.messages[0].trace).trace == "a" * 32


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 401),
        ({"query_string": {"token": "wrong"}}, 401),
        ({"query_string": {"token": TOKEN + " "}}, 401),
        ({"headers": {"authorization": "Bearer wrong"}}, 401),
        ({"query_string": {"token": TOKEN}}, 204),
        ({"headers": {"authorization": f"Bearer {TOKEN}"}}, 204),
    ],
)
def test_only_its_own_subscription_may_push(options, status):
    door = Door(raising(PermanentError("never")))

    answer = door.request(envelope.write(MESSAGE, {}, message_id="1", subscription="identity"), **options)

    assert answer.status_code == status
    assert len(door.quarantine.list()) == (status == 204)


def test_more_than_pubsub_can_push_is_refused_unread():
    door = Door()
    environment = EnvironBuilder(path="/", method="POST", query_string={"token": TOKEN}).get_environ()
    environment["CONTENT_LENGTH"] = str(MAX_PUSH_BYTES + 1)

    assert door.push(Request(environment)).status_code == 413


@pytest.mark.parametrize(
    ("error", "severity"), [(TransientError("later"), "WARNING"), (ValueError("ours"), "ERROR")], ids=["503", "500"]
)
def test_what_is_not_acknowledged_is_logged_with_its_decision(error, severity, capsys):
    Door(raising(error)).deliver()

    [entry] = logged(capsys)
    assert (entry["severity"], entry["decision_id"]) == (severity, received().decision_id)
    assert ("Traceback" in entry.get("stack", "")) == (severity == "ERROR")


def test_what_is_parked_is_logged_with_its_id(capsys):
    door = Door(raising(PermanentError("never")))

    door.deliver()

    [entry] = logged(capsys)
    assert (entry["severity"], entry["parked_id"]) == ("ERROR", door.quarantine.list()[0].id)
