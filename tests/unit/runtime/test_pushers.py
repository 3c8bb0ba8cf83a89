"""Who pushes: the account of the subscription and nobody else, whether Cloud Run has checked the signature or we do."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.adapters import memory
from shared.messages import SignalReceived
from shared.runtime import envelope
from shared.runtime.certificates import ASK_AGAIN_SECONDS, Certificates, Fetched
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.settings import Pushed, SettingsError
from tests.contract.samples import received

ACCOUNT, AUDIENCE = "kairos-push@bank.iam.gserviceaccount.com", "https://kairos-feedback.bank"
BODY = envelope.write(msgspec.json.encode(received()), {}, message_id="1", subscription="feedback")
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"


@cache
def key(name):
    """A private key and its certificate, in PEM."""
    made = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(made.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(made, hashes.SHA256())
    )
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def claims(**changes):
    now = int(datetime.now(UTC).timestamp())
    given = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "azp": "113774264463038321964",
        "sub": "113774264463038321964",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def signed(by="google", key_id="google", **changes):
    signer = crypt.RSASigner.from_string(key(by)[0], key_id)
    return jwt.encode(signer, claims(**changes)).decode()


def without_signature(**changes):
    return signed(**changes).rpartition(".")[0] + "." + REMOVED


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Google:
    """Publishes certificates, and counts how often it is asked."""

    def __init__(self, *names):
        self.names, self.asked, self.away, self.now = names or ("google",), 0, False, 0.0
        self.certificates = Certificates(self.fetch, lambda: self.now)

    def fetch(self):
        self.asked += 1
        if self.away:
            raise OSError("no route")
        return Fetched({name: key(name)[1] for name in self.names}, 3600.0)


def door(google=None, **settings):
    given = {"push_account": ACCOUNT, "push_audience": AUDIENCE, **settings}
    return Push(
        SignalReceived,
        lambda _message, _now: (),
        publisher=memory.Publisher(memory.Bus(), RequestMeter()),
        quarantine=memory.Quarantine(memory.Store()),
        meter=RequestMeter(),
        clock=lambda: datetime.now(UTC),
        settings=Pushed(google_cloud_project="bank", k_service="kairos-feedback", **given),
        certificates=(google or Google()).certificates,
    )


def pushed(push, token=None, **headers):
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    request = EnvironBuilder(path="/?token=none", method="POST", data=BODY, headers=headers)
    return push(Request(request.get_environ()))


@pytest.fixture(params=["checked", "removed"])
def signature(request):
    return request.param


def token_for(signature, **changes):
    return signed(**changes) if signature == "checked" else without_signature(**changes)


def test_the_account_of_the_subscription_is_let_in(signature):
    assert pushed(door(push_signature=signature), token_for(signature)).status_code == 204
    plain = token_for(signature, iss="accounts.google.com")
    assert pushed(door(push_signature=signature), plain).status_code == 204


def test_a_workflow_that_does_as_the_clock_does_is_let_in(signature):
    sweeper = "kairos-sweep@bank.iam.gserviceaccount.com"
    push = door(push_signature=signature, push_account=f"{ACCOUNT} {sweeper}")
    assert [pushed(push, token_for(signature, email=each)).status_code for each in (ACCOUNT, sweeper)] == [204, 204]
    assert pushed(push, token_for(signature, email=f"{ACCOUNT} {sweeper}")).status_code == 401


HOUR_AGO = int(datetime.now(UTC).timestamp()) - 3600
WRONG = {
    "another issuer": ({"iss": "https://accounts.example"}, "another issuer"),
    "another audience": ({"aud": "https://kairos-delivery.bank"}, "another audience"),
    "the beginning of the audience": ({"aud": AUDIENCE[:-1]}, "another audience"),
    "an audience that is not ASCII": ({"aud": AUDIENCE + "é"}, "another audience"),
    "several audiences": ({"aud": [AUDIENCE, "https://other.example"]}, "no OIDC token"),
    "another account": ({"email": "kairos-feedback@bank.iam.gserviceaccount.com"}, "another account"),
    "an account that is not verified": ({"email_verified": False}, "another account"),
    "an account that is said to be verified": ({"email_verified": "true"}, "no OIDC token"),
    "no account": ({"email": None}, "no OIDC token"),
    "no expiry": ({"exp": None}, "no OIDC token"),
    "an expiry of words": ({"exp": "never"}, "no OIDC token"),
    "an end": ({"iat": HOUR_AGO - 3600, "exp": HOUR_AGO}, ("expired", "times do not hold")),
}


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
def test_a_token_with_other_claims_is_refused_with_what_did_not_fit(signature, changes, said):
    answer = pushed(door(push_signature=signature), token_for(signature, **changes))

    refused(answer, said)


def refused(answer, said):
    problem = json.loads(answer.get_data())
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"] == 'Basic realm="kairos", Bearer'
    assert any(each in problem["detail"] for each in ([said] if isinstance(said, str) else said)), problem
    assert ACCOUNT not in problem["detail"]


RUBBISH = {
    "nothing": "",
    "one part": "abc",
    "two parts": "abc.def",
    "four parts": "a.b.c.d",
    "no base64": "%.%.%",
    "no JSON": "YWJj.YWJj.YWJj",
    "not ASCII": "é.é.é",
    "lists": f"{part([])}.{part([])}.YWJj",
    "deep": f"{part({'alg': 'RS256', 'kid': 'google'})}.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.YWJj",
    "too long": "a." + "b" * 10_000 + ".c",
    "an algorithm that is a list": f"{part({'alg': ['RS256'], 'kid': 'google'})}.{part({})}.YWJj",
}


@pytest.mark.parametrize("token", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_no_token(signature, token):
    assert pushed(door(push_signature=signature), token).status_code == 401


def test_whoever_sends_no_bearer_token_is_told_what_to_send(signature):
    for headers in ({}, {"authorization": "Basic a2V5Og=="}, {"x-api-key": signed()}):
        answer = pushed(door(push_signature=signature), **headers)
        refused(answer, "send the OIDC token")


def test_a_public_function_believes_no_claims_without_google_s_signature():
    header = {"alg": "none", "kid": "google"}
    forged = {
        "removed": without_signature(),
        "of nobody": f"{part(header)}.{part(claims())}.",
        "by another secret": f"{part({'alg': 'HS256', 'kid': 'google'})}.{part(claims())}.YWJj",
        "by another key": signed(by="somebody"),
        "by another key of its own name": signed(by="somebody", key_id="somebody"),
        "changed after signing": ".".join([*signed().split(".")[:1], part(claims()), signed(sub="x").split(".")[2]]),
    }
    for name, token in forged.items():
        assert pushed(door(push_signature="checked"), token).status_code == 401, name
    assert pushed(door(), without_signature()).status_code == 401, "checked is what holds unless told otherwise"


def test_a_token_in_the_address_opens_nothing_where_an_account_pushes(signature):
    push = door(push_signature=signature, push_token="none")

    assert pushed(push).status_code == 401


def test_certificates_are_fetched_once_and_again_when_they_are_old():
    google = Google()
    push = door(google)
    assert google.asked == 0

    for _ in range(5):
        assert pushed(push, signed()).status_code == 204
    assert google.asked == 1
    google.now += 3601
    assert pushed(push, signed()).status_code == 204
    assert google.asked == 2


def test_a_new_key_of_google_s_is_fetched_when_it_first_signs():
    google = Google()
    push = door(google)
    assert pushed(push, signed()).status_code == 204

    google.names, google.now = ("google", "new"), ASK_AGAIN_SECONDS
    assert pushed(push, signed("new", "new")).status_code == 204
    assert google.asked == 2


def test_keys_that_nobody_has_do_not_make_us_ask_for_each():
    google = Google()
    push = door(google)

    for number in range(20):
        assert pushed(push, signed("somebody", f"k-{number}")).status_code == 401
    assert google.asked == 1


def test_when_google_s_certificates_cannot_be_had_the_push_comes_again():
    google = Google()
    google.away = True
    push = door(google)

    assert pushed(push, signed()).status_code == 503
    google.away = False
    assert pushed(push, signed()).status_code == 204
    google.away, google.now = True, 4000.0
    assert pushed(push, signed()).status_code == 204, "what is held serves meanwhile"


@pytest.mark.parametrize(
    "settings",
    [{}, {"push_account": ACCOUNT}, {"push_audience": AUDIENCE}, {"push_account": ACCOUNT, "push_token": "t"}],
)
def test_a_function_that_is_not_told_who_pushes_does_not_start(settings):
    with pytest.raises(SettingsError, match="PUSH_ACCOUNT and PUSH_AUDIENCE"):
        door(**{"push_account": "", "push_audience": "", **settings})
