"""Sources at the door, over HTTP: signatures, pages, secrets that change while ingest runs, and too much at once."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.grpc import (
    SecretManagerServiceGrpcTransport,
)
from standardwebhooks import Webhook

from tests.e2e.platforms import PATIENCE_SECONDS, Running, signal

PAGE = "https://www.northmoor.example"
JSON = {"content-type": "application/json"}


def secret(bank: Running, name: str) -> str:
    platform = bank.platform
    credentials = platform.credentials if bank.kind == "embedded" else platform.local.credentials
    return platform.bank.source_secrets(credentials)[name]


def add_version(bank: Running, name: str, value: str) -> None:
    """Rotate a secret, as an operator does."""
    if bank.kind == "embedded":
        bank.platform.secrets.add(name, value.encode())
        return
    local = bank.platform.local
    with grpc.insecure_channel(local.emulators["secretmanager"]) as channel:
        client = SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
        client.add_secret_version(
            parent=f"projects/{local.project}/secrets/{name}", payload={"data": value.encode()}, timeout=5
        )


def webhook(body: bytes, key: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        **JSON,
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign("msg_1", now, body.decode()),
    }


def post(bank: Running, source: str, body: bytes, headers: dict[str, str], query: str = "") -> Any:
    return bank.call("ingest", "POST", f"/v1/sources/{source}{query}", content=body, headers=headers, key=False)


@pytest.fixture
def body(bank: Running) -> bytes:
    """A signal that names no source, so it is of the one that sends it."""
    return json.dumps({**signal(bank.customer(), type="balance_changed"), "source": None}).encode()


def test_a_signed_signal_is_taken_and_one_changed_on_the_way_is_not(bank, body):
    headers = webhook(body, secret(bank, "kairos-source-webhooks"))

    assert post(bank, "signals", body, headers).json()["accepted"]
    changed = post(bank, "signals", body.replace(b"C0", b"C1"), headers)
    assert (changed.status_code, changed.headers["content-type"]) == (401, "application/problem+json")
    assert changed.json()["detail"].startswith("the signature does not fit")


def test_what_is_signed_is_what_is_sent_packed_or_not(bank, body):
    packed = gzip.compress(json.dumps([json.loads(body), {**json.loads(body), "source": "another"}]).encode())
    made = hmac.new(secret(bank, "kairos-source-payments").encode(), digestmod=hashlib.sha256)
    seconds = str(int(time.time()))
    made.update(f"{seconds}.".encode() + packed)
    headers = {**JSON, "content-encoding": "gzip", "payments-signature": f"t={seconds},v1={made.hexdigest()}"}

    taken = post(bank, "payments", packed, headers)
    assert [item["index"] for item in taken.json()["accepted"]] == [0]
    assert [(item["index"], item["problem"]["status"]) for item in taken.json()["rejected"]] == [(1, 403)]
    assert post(bank, "payments", packed, {**headers, "payments-signature": "t=1,v1=00"}).status_code == 401


def test_a_secret_is_rotated_without_a_restart(bank, body):
    name = "kairos-source-webhooks"
    old = secret(bank, name)
    new = "whsec_" + "bmV3" * 8
    assert post(bank, "signals", body, webhook(body, old)).status_code == 202

    add_version(bank, name, new)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while post(bank, "signals", body, webhook(body, new)).status_code != 202:
        assert time.monotonic() < deadline
        time.sleep(0.2)  # a process that has looked just now looks again ten seconds later, and tells nobody
    assert post(bank, "signals", body, webhook(body, old)).status_code == 202


def test_a_page_sends_by_beacon_with_its_public_key_until_it_is_too_much(bank, body):
    where = "?key=" + secret(bank, "kairos-source-pages")
    beacon = {"content-type": "text/plain;charset=UTF-8", "origin": PAGE}

    asked = bank.call(
        "ingest",
        "OPTIONS",
        "/v1/sources/pages",
        headers={"origin": PAGE, "access-control-request-method": "POST"},
        key=False,
    )
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, PAGE)
    taken = post(bank, "pages", body, beacon, where)
    assert (taken.status_code, taken.headers["access-control-allow-origin"]) == (202, PAGE)
    elsewhere = post(bank, "pages", body, {**beacon, "origin": "https://elsewhere.example"}, where)
    assert elsewhere.status_code == 403
    assert "access-control-allow-origin" not in elsewhere.headers
    assert post(bank, "signals", body, beacon, where).status_code == 401

    flood = post(bank, "pages", json.dumps([{}] * 500).encode(), beacon, where)
    assert flood.status_code == 400
    told = post(bank, "pages", body, beacon, where)
    assert (told.status_code, told.json()["title"]) == (429, "Too many requests")
    assert 1 <= int(told.headers["retry-after"]) <= 10
    assert told.headers["access-control-expose-headers"] == "traceparent, retry-after"
