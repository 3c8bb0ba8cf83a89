"""The sandbox takes what a provider would take, once, and fails as it is told."""

import base64
import json
import socket
import ssl
import threading
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from emulators.playing import Played
from emulators.provider import Behaviour
from emulators.sandbox import LARGEST_BODY_BYTES, Server
from tests.served import served

SECRET = f"whsec_{base64.b64encode(b'a secret for tests only!').decode()}"


TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once: to read whom to trust takes longer than any of these tests."""


@pytest.fixture
def sandbox():
    webhook = {"kind": "standard_webhooks"}
    with served(Server(0, [Played("any", "127.0.0.1", ["email", "sms"], webhook, SECRET)], logs=False)) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        with httpx.Client(base_url=address, timeout=10, verify=TRUSTS_NOBODY) as client:
            yield client


def signed(delivery_id: str, body: bytes, *, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "content-type": "application/json",
        "idempotency-key": delivery_id,
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(delivery_id, at, body.decode()),
    }


def send(
    sandbox: httpx.Client, delivery_id: str, channel: str = "email", body: Any = None, **options: Any
) -> httpx.Response:
    content = json.dumps({"subject": "Hello"} if body is None else body).encode()
    return sandbox.post(f"/channels/{channel}", content=content, headers=signed(delivery_id, content), **options)


def received(sandbox: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    return sandbox.get("/received", params=query).json()["received"]


def test_a_signed_message_is_accepted_and_shown(sandbox):
    answer = send(sandbox, "d-1", body={"subject": "Grüße"})

    assert answer.status_code == 200
    assert answer.json() == {"status": "accepted", "delivery_id": "d-1"}
    (message,) = received(sandbox)
    assert message["channel"] == "email"
    assert message["delivery_id"] == "d-1"
    assert message["body"] == {"subject": "Grüße"}
    assert message["attempts"] == 1
    assert datetime.fromisoformat(message["at"]).tzinfo is not None
    assert len(message["at"]) == len("2026-01-01T00:00:00.000000Z")
    assert message["headers"]["webhook-signature"].endswith("…")
    assert len(message["headers"]["webhook-signature"]) < 10


def test_the_same_key_is_one_message_and_gets_the_first_answer_again(sandbox):
    first, again = send(sandbox, "d-1"), send(sandbox, "d-1")

    assert again.status_code == first.status_code
    assert again.json() == first.json()
    assert again.headers["idempotent-replay"] == "true"
    assert "idempotent-replay" not in first.headers
    assert [(each["delivery_id"], each["attempts"]) for each in received(sandbox)] == [("d-1", 2)]


def test_twenty_at_once_are_one_message(sandbox):
    with httpx.Client(base_url=sandbox.base_url) as client:
        threads = [threading.Thread(target=send, args=(client, "d-1")) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [each["attempts"] for each in received(sandbox)] == [20]


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": None},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "rubbish"},
        {"webhook-id": "another", "idempotency-key": "another"},
        {"webhook-timestamp": "1000000000"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": None},
    ],
)
def test_what_is_not_signed_is_refused_and_not_recorded(sandbox, change):
    body = b"{}"
    headers = {name: value for name, value in {**signed("d-1", body), **change}.items() if value is not None}

    answer = sandbox.post("/channels/email", content=body, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert received(sandbox) == []


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff\xfe", b"", b"null"])
def test_a_body_that_is_no_object_is_refused(sandbox, body):
    headers = signed("d-1", b"{}")
    if body in {b"[1]", b"null"}:
        headers = signed("d-1", body)

    answer = sandbox.post("/channels/email", content=body, headers=headers)

    assert answer.status_code in {400, 401}
    assert answer.json()["status"] == answer.status_code
    assert received(sandbox) == []


def test_the_idempotency_key_must_be_the_delivery_id(sandbox):
    headers = {**signed("d-1", b"{}"), "idempotency-key": "d-2"}

    assert sandbox.post("/channels/email", content=b"{}", headers=headers).status_code == 400


def test_a_body_over_the_limit_is_refused(sandbox):
    answer = sandbox.post("/channels/email", content=b"x" * (LARGEST_BODY_BYTES + 1))

    assert answer.status_code == 413


@pytest.mark.parametrize(("mode", "status"), [("fail", 503), ("reject", 400), ("bounce", 400), ("429", 429)])
def test_a_channel_refuses_as_it_is_told_and_accepts_later(sandbox, mode, status):
    sandbox.post("/behaviour", json={"channel": "email", "mode": mode, "retry_after": 7}).raise_for_status()

    refused = send(sandbox, "d-1")
    elsewhere = send(sandbox, "d-2", "sms")
    sandbox.post("/behaviour", json={"mode": "ok"}).raise_for_status()
    accepted = send(sandbox, "d-1")

    assert refused.status_code == status
    assert refused.headers.get("retry-after") == ("7" if mode == "429" else None)
    assert elsewhere.status_code == 200
    assert accepted.status_code == 200
    assert "idempotent-replay" not in accepted.headers
    assert [(each["delivery_id"], each["attempts"]) for each in received(sandbox)] == [("d-2", 1), ("d-1", 2)]


def test_a_stalled_request_is_not_accepted(sandbox):
    sandbox.post("/behaviour", json={"mode": "stall", "seconds": 30}).raise_for_status()

    with pytest.raises(httpx.ReadTimeout):
        send(sandbox, "d-1", timeout=0.1)

    assert received(sandbox) == []


def test_a_message_accepted_without_an_answer_is_a_replay_when_sent_again(sandbox):
    sandbox.post("/behaviour", json={"mode": "accept_then_timeout", "seconds": 30}).raise_for_status()
    with pytest.raises(httpx.ReadTimeout):
        send(sandbox, "d-1", timeout=0.1)
    assert received(sandbox, count=1, timeout=5)

    again = send(sandbox, "d-1")

    assert again.status_code == 200
    assert again.headers["idempotent-replay"] == "true"
    assert [each["attempts"] for each in received(sandbox)] == [2]


def test_a_held_request_is_let_go_when_a_behaviour_is_set(sandbox):
    sandbox.post("/behaviour", json={"mode": "stall", "seconds": 60}).raise_for_status()
    answers = []
    held = threading.Thread(target=lambda: answers.append(send(sandbox, "d-1").status_code))
    held.start()
    while held.is_alive():
        sandbox.post("/behaviour", json={"mode": "ok"})
        held.join(0.02)

    assert answers[0] in {200, 503}  # 200 when the first `ok` overtook the message


def test_a_share_is_kept_and_repeats_exactly():
    behaviour = Behaviour(mode="fail", share=0.3)

    struck = [behaviour.strikes(f"d-{number}", 1) for number in range(2000)]

    assert 0.27 < sum(struck) / len(struck) < 0.33
    assert struck == [behaviour.strikes(f"d-{number}", 1) for number in range(2000)]
    assert any(behaviour.strikes("d-1", attempt) for attempt in range(1, 50))
    assert not all(behaviour.strikes("d-1", attempt) for attempt in range(1, 50))


@pytest.mark.parametrize("share", [0, 1])
def test_no_share_strikes_nobody_and_a_whole_one_everybody(share):
    assert {Behaviour(share=share).strikes(f"d-{number}", 1) for number in range(100)} == {bool(share)}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"mode": "explode"},
        {"mode": ["ok"]},
        {"mode": "ok", "share": 2},
        {"mode": "ok", "share": True},
        {"mode": "ok", "seconds": -1},
        {"mode": "ok", "retry_after": "soon"},
        {"mode": "ok", "channel": None},
        {"mode": "ok", "colour": "red"},
        [],
        "ok",
    ],
)
def test_a_behaviour_that_makes_no_sense_is_refused(sandbox, wanted):
    answer = sandbox.post("/behaviour", json=wanted)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_waiting_ends_when_enough_were_received(sandbox):
    found: list[list[dict[str, Any]]] = []
    waiter = threading.Thread(target=lambda: found.append(received(sandbox, count=2, channel="sms", timeout=10)))
    waiter.start()
    for number, channel in enumerate(("sms", "email", "sms")):
        send(sandbox, f"d-{number}", channel)
    waiter.join(5)

    assert [each["delivery_id"] for each in found[0]] == ["d-0", "d-2"]


def test_waiting_ends_in_time_with_what_there_is(sandbox):
    send(sandbox, "d-1")

    found = received(sandbox, count=2, timeout=0.1)  # the client itself would wait for ten seconds

    assert [each["delivery_id"] for each in found] == ["d-1"]


@pytest.mark.parametrize("query", [{"count": "many"}, {"count": -1}, {"count": 1, "timeout": 1e9}, {"count": "nan"}])
def test_a_wait_that_makes_no_sense_is_refused(sandbox, query):
    assert sandbox.get("/received", params=query).status_code == 400


def test_forgetting_makes_a_known_key_new(sandbox):
    send(sandbox, "d-1")
    assert sandbox.delete("/received").status_code == 204

    assert received(sandbox) == []
    assert "idempotent-replay" not in send(sandbox, "d-1").headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/ready", 200),
        ("GET", "/behaviour", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/channels/", 401),
        ("DELETE", "/channels/email", 404),
    ],
)
def test_paths(sandbox, method, path, status):
    assert sandbox.request(method, path).status_code == status


def test_one_connection_carries_many_requests_whatever_their_answers(sandbox):
    headers = {"host": "nowhere.example"}
    statuses = [
        sandbox.post("/nowhere", content=b"some body", headers=headers).status_code,
        sandbox.get("/health").status_code,
    ]

    assert statuses == [404, 200]


def test_a_kept_connection_whose_time_is_over_is_closed_without_a_word(capsys, monkeypatch):
    with served(Server(0, [Played("any", "127.0.0.1", ["email"], {"kind": "none"}, None)], logs=True)) as server:
        monkeypatch.setattr(server.RequestHandlerClass, "timeout", 0.05)
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as idle:
            assert idle.recv(1) == b""
    assert capsys.readouterr() == ("", "")
