"""A chain of empty functions: each passes on the bytes that it was given, and looks at none.

Deployed as the functions of Kairos are: functions-framework in its production mode, the official client, one message a
batch. `NEXT_TOPIC` names where to publish; the last function instead posts to `SANDBOX`, an address, signed with
`WEBHOOK_SECRET`, since the sandbox takes no other.
"""

import base64
import http.client
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

import functions_framework
from flask import Request
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings
from standardwebhooks import Webhook
from werkzeug.wrappers import Response

_TOPIC = f"projects/{os.environ['GOOGLE_CLOUD_PROJECT']}/topics/{os.environ.get('NEXT_TOPIC')}"
_SANDBOX = urlsplit(os.environ.get("SANDBOX", ""))
_thread = threading.local()


@functions_framework.http
def accept(request: Request) -> Response:
    """Stands for ingest: what is posted is published."""
    if request.method == "GET":  # readiness
        return Response("ready")
    _publish(request.get_data())
    return Response("{}", status=202)


@functions_framework.http
def relay(request: Request) -> Response:
    """Stands for a function between: what is pushed is published."""
    if request.method == "GET":
        return Response("ready")
    _publish(_pushed(request))
    return Response(status=204)


@functions_framework.http
def send(request: Request) -> Response:
    """Stands for delivery: what is pushed is posted to the provider."""
    if request.method == "GET":
        return Response("ready")
    return Response(status=204 if _post(_pushed(request)) else 503)


def _pushed(request: Request) -> bytes:
    """The bytes within the envelope, without which a chain of six would carry four times as many."""
    return base64.b64decode(json.loads(request.get_data())["message"]["data"])


def _publish(data: bytes) -> None:
    _client().publish(_TOPIC, data).result(timeout=8)


@cache
def _client() -> PublisherClient:
    """One client, made at first use, since gRPC does not survive a fork."""
    return PublisherClient(batch_settings=BatchSettings(max_messages=1))


@cache
def _webhook() -> Webhook:
    return Webhook(os.environ["WEBHOOK_SECRET"])


def _post(body: bytes) -> bool:
    if not hasattr(_thread, "connection"):
        _thread.connection = http.client.HTTPConnection(_SANDBOX.hostname or "", _SANDBOX.port, timeout=8)
    identity, now = secrets.token_hex(16), datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "idempotency-key": identity,
        "webhook-id": identity,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": _webhook().sign(identity, now, body.decode()),
    }
    _thread.connection.request("POST", _SANDBOX.path, body=body, headers=headers)
    answer = _thread.connection.getresponse()
    answer.read()
    return bool(answer.status == 200)
