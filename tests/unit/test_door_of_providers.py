"""The door to providers that sign in ways of their own, by the examples that they publish themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.domain.catalogue import AddressSignature, KeyPairSignature, TokenSignature
from shared.domain.errors import TransientError, UnauthenticatedError
from tests.unit.test_door import NOW, SECRET, Entrance

SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1"
    "flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SENDGRID_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":'
    b'"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":'
    b'"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":'
    b'"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
SENDGRID = {
    "x-twilio-email-event-webhook-signature": (
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    ),
    "x-twilio-email-event-webhook-timestamp": "1600112502",
}
PEM = f"-----BEGIN PUBLIC KEY-----\r\n{SENDGRID_KEY[:64]}\r\n{SENDGRID_KEY[64:]}\r\n-----END PUBLIC KEY-----\r\n"


@pytest.mark.parametrize("value", [SENDGRID_KEY, f"{SENDGRID_KEY}\n", PEM])
def test_sendgrids_events_are_signed_by_a_key_pair(value):
    entrance = Entrance(KeyPairSignature(secret=SECRET), values=(value,))
    entrance.now = datetime.fromtimestamp(1600112502 + 300, UTC)

    assert entrance.send(SENDGRID_BODY, headers=SENDGRID) == {"crm"}
    entrance.refused(UnauthenticatedError, "does not fit", headers=SENDGRID, body=SENDGRID_BODY.strip())
    for header in SENDGRID:
        for given in ("", "1600112503", "MEUC", "é"):
            with pytest.raises(UnauthenticatedError):
                entrance.send(SENDGRID_BODY, headers={**SENDGRID, header: given})
    entrance.now += timedelta(seconds=1)
    entrance.refused(UnauthenticatedError, "signed 301 s ago", headers=SENDGRID, body=SENDGRID_BODY)


def test_another_key_pair_does_not_let_in_and_what_is_no_key_is_told_to_us():
    pairs = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    ders = [pair.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for pair in pairs]
    another, of_another_kind = (base64.b64encode(der).decode() for der in ders)
    for known, kind in (
        (another, UnauthenticatedError),
        (of_another_kind, TransientError),
        ("the-first", TransientError),
    ):
        entrance = Entrance(KeyPairSignature(secret=SECRET), values=(known,))
        entrance.now = datetime.fromtimestamp(1600112502, UTC)
        entrance.refused(kind, "^the signature does not fit|cannot be read now", headers=SENDGRID, body=SENDGRID_BODY)


TWILIO_FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
TWILIO_BODY = '{"property": "value", "boolean": true}'
TWICE = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
FORM = "application/x-www-form-urlencoded"


def called(signature: str, body: str, *, scheme: str = "https", query: str = "foo=1&bar=2", **options: str) -> Any:
    kind, host = options.get("kind", FORM), options.get("host", "mycompany.com")
    where = {"path": "/myapp.php", "base_url": f"{scheme}://{host}/", "query_string": query}
    return {**where, "headers": {"x-twilio-signature": signature}, "content_type": kind, "body": body.encode()}


@pytest.mark.parametrize(
    "request_",
    [
        called("RSOYDt4T1cUTdK1PDd93/VVr8B8=", urlencode(TWILIO_FIELDS)),
        called("RSOYDt4T1cUTdK1PDd93/VVr8B8=", urlencode(TWILIO_FIELDS), scheme="http"),
        called("RSOYDt4T1cUTdK1PDd93/VVr8B8=", urlencode(TWILIO_FIELDS), host="mycompany.com:1234"),
        called("kvajT1Ptam85bY51eRf/AJRuM3w=", urlencode(TWILIO_FIELDS)),
        called("Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", urlencode(TWILIO_FIELDS), scheme="http", host="mycompany.com:1234"),
        called("IK+Dwps556ElfBT0I3Rgjkr1wJU=", urlencode(TWICE)),
        called(
            "a9nBmqA0ju/hNViExpshrM61xv4=", TWILIO_BODY, query=f"foo=1&bar=2&bodySHA256={DIGEST}", kind="text/plain"
        ),
    ],
    ids=["a form", "TLS ends before us", "another port", "its port named", "plain", "a field twice", "a body"],
)
def test_twilios_requests_are_signed_with_their_address(request_):
    entrance = Entrance(AddressSignature(secret=SECRET), values=("12345",))

    assert entrance.send(**request_) == {"crm"}
    for wrong in (
        {"query_string": "foo=1"},
        {"path": "/another"},
        {"base_url": "https://another.com/"},
        {"body": request_["body"] + b"&More=1"},
        {"headers": {"x-twilio-signature": "é"}},
        {"base_url": "https://mycompany.com/", "headers": {**request_["headers"], "host": "[mycompany"}},
    ):
        with pytest.raises(UnauthenticatedError):
            entrance.send(**{**request_, **wrong})


def test_mailguns_webhooks_carry_a_signed_token():
    seconds, token = f"{NOW.timestamp():.0f}", "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"
    made = hmac.new(b"the-first", f"{seconds}{token}".encode(), hashlib.sha256).hexdigest()
    entrance = Entrance(TokenSignature(secret=SECRET, tolerance_seconds=60), values=("the-first",))

    def body(**changed: Any) -> bytes:
        signature = {"timestamp": seconds, "token": token, "signature": made, **changed}
        return json.dumps({"signature": signature, "event-data": {"event": "opened"}}).encode()

    assert entrance.send(body(), content_type="application/json") == {"crm"}
    assert entrance.send(body(timestamp=int(seconds)), content_type="application/json") == {"crm"}
    bad = [body(token="another"), body(token=""), body(signature="zz"), body(signature=None), body(timestamp="today")]
    for each in [*bad, b"", b"[]", b"{}", b"\xff", b"[" * 100_000]:
        with pytest.raises(UnauthenticatedError):
            entrance.send(each, content_type="application/json")
    entrance.now += timedelta(seconds=61)
    entrance.refused(UnauthenticatedError, "signed 61 s ago", body=body(), content_type="application/json")
