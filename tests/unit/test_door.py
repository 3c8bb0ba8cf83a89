"""The door: each way in which a source may prove who it is, what is refused and how, and how fast it may send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from google.auth import crypt, jwt
from standardwebhooks import Webhook
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.adapters import memory
from shared.adapters.memory import Secrets
from shared.domain.catalogue import (
    Authentication,
    BodySignature,
    KeyringKey,
    OidcToken,
    PublicKey,
    RateLimit,
    Source,
    SourceKey,
    StandardWebhooks,
    TimedSignature,
)
from shared.domain.errors import ForbiddenError, TransientError, UnauthenticatedError
from shared.runtime.certificates import Certificates, Fetched
from shared.runtime.door import Door
from shared.runtime.door import tokens as door_tokens
from shared.runtime.door.pace import Pace
from shared.runtime.problems import TooManyRequestsError

NOW = datetime.now(UTC).replace(microsecond=0)
BODY = b'{"type": "page_viewed"}'
SECRET = "kairos-source-crm"
PAGE = "https://www.northmoor.example"
ISSUER = "https://issuer.example"
WHSEC = "whsec_" + base64.b64encode(b"a secret of webhooks").decode()
RING = json.dumps({"web": {"key": "ring", "sources": ["crm"]}, "other": {"key": "another", "sources": ["erp"]}})


class Entrance:
    """A door, the secrets behind it, and one source before it."""

    def __init__(self, *ways: Authentication, values: tuple[str, ...] = ()) -> None:
        self.secrets = Secrets()
        for value in values:
            self.secrets.add(SECRET, value.encode())
        self.now = NOW
        self.issuer = Certificates(lambda: Fetched(KEYS, 60), issuer=ISSUER)
        self.door = Door(self.secrets, lambda: self.now, lambda _way: self.issuer)
        self.source = Source(id="crm", name="CRM", format="canonical", origins=(PAGE,), authentication=ways)

    def send(self, body: bytes = BODY, **options: Any) -> frozenset[str] | None:
        request = Request(EnvironBuilder(**{"path": "/", **options}, method="POST", data=body).get_environ())
        return self.door.let_in(request, "crm", self.source, lambda: body)

    def refused(self, kind: type[Exception], match: str, **options: Any) -> None:
        with pytest.raises(kind, match=match) as error:
            self.send(**options)
        for secret in ("the-first", "the-second", WHSEC, "ring"):
            assert secret not in str(error.value)


# By key


def test_a_source_that_says_nothing_is_known_by_the_keyring():
    entrance = Entrance()
    entrance.secrets.add("kairos-source-keys", RING.encode())

    assert entrance.send(headers={"x-api-key": "ring"}) == {"crm"}
    entrance.refused(ForbiddenError, "may not send as crm", headers={"x-api-key": "another"})
    entrance.refused(UnauthenticatedError, "not known here", headers={"x-api-key": "riñg"})
    entrance.refused(UnauthenticatedError, "send your key as x-api-key")
    entrance.refused(UnauthenticatedError, "send your key", query_string={"key": "ring"})


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "the-first"},
        {"authorization": "Bearer the-first"},
        {"authorization": "Basic " + base64.b64encode(b"the-first:").decode()},
        {"x-crm-key": "the-first"},
    ],
)
def test_a_key_of_a_source_stands_where_keys_stand_or_where_the_source_says(headers):
    entrance = Entrance(SourceKey(secret=SECRET, header="x-crm-key"), values=("the-first\n",))

    assert entrance.send(headers=headers) == {"crm"}


def test_a_public_key_writes_from_the_pages_of_its_source_alone():
    entrance = Entrance(PublicKey(secret=SECRET), values=("the-first",))

    assert entrance.send(query_string={"key": "the-first"}, headers={"origin": PAGE}) == {"crm"}
    assert entrance.send(headers={"x-api-key": "the-first", "origin": PAGE}) == {"crm"}
    for headers in ({}, {"origin": "https://elsewhere.example"}):
        entrance.refused(ForbiddenError, "origins only", headers=headers, query_string={"key": "the-first"})
    entrance.refused(UnauthenticatedError, "not known", headers={"origin": PAGE}, query_string={"key": "x"})


# By signature


def webhook(body: bytes, secret: str, at: datetime, prefix: str = "webhook") -> dict[str, str]:
    signed = Webhook(secret).sign("msg-1", at, body.decode())
    return {f"{prefix}-id": "msg-1", f"{prefix}-timestamp": f"{at.timestamp():.0f}", f"{prefix}-signature": signed}


def timed(body: bytes, secret: str, at: datetime, header: str = "signature", scheme: str = "v1") -> dict[str, str]:
    seconds = f"{at.timestamp():.0f}"
    made = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return {header: f"t={seconds},v0=00ff,{scheme}={made}"}


def hub(body: bytes, secret: str, _at: datetime) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def old(body: bytes, secret: str, _at: datetime) -> dict[str, str]:
    return {"x-signature": hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


SIGNED: dict[str, tuple[Authentication, Callable[..., dict[str, str]], tuple[str, str]]] = {
    "standard webhooks": (StandardWebhooks(secret=SECRET), webhook, (WHSEC, WHSEC.replace("YS", "YT"))),
    "as svix has it": (
        StandardWebhooks(secret=SECRET, prefix="svix"),
        lambda *given: webhook(*given, prefix="svix"),
        (WHSEC, WHSEC.replace("YS", "YT")),
    ),
    "as Stripe has it": (
        TimedSignature(secret=SECRET, header="stripe-signature"),
        lambda *given: timed(*given, header="stripe-signature"),
        ("the-first", "the-second"),
    ),
    "as GitHub has it": (BodySignature(secret=SECRET), hub, ("the-first", "the-second")),
    "as Segment has it": (
        BodySignature(secret=SECRET, header="x-signature", digest="sha1"),
        old,
        ("the-first", "the-second"),
    ),
}
TIMED = [name for name, (way, _, _) in SIGNED.items() if not isinstance(way, BodySignature)]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signature_lets_in_what_was_signed_and_nothing_else(name):
    way, sign, (secret, another) = SIGNED[name]
    entrance = Entrance(way, values=(secret,))
    headers = sign(BODY, secret, NOW)

    assert entrance.send(headers=headers) == {"crm"}
    entrance.refused(UnauthenticatedError, "does not fit the body and the secret", headers=headers, body=BODY + b" ")
    entrance.refused(UnauthenticatedError, "does not fit", headers=sign(BODY, another, NOW))
    entrance.refused(UnauthenticatedError, "^send ")
    for header in headers:
        missing = {name: value for name, value in headers.items() if name != header}
        entrance.refused(UnauthenticatedError, "^send ", headers=missing)
    for nonsense in ("", "v1,", "t=,v1=", "=", ",,,", "sha256=", "v1,☕", "t=1,v1=zz", "é" * 5000):
        with pytest.raises(UnauthenticatedError):
            entrance.send(headers={**headers, list(headers)[-1]: nonsense.encode().decode("latin-1")})


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(("seconds", "said"), [(-301, "signed 301 s ago, which may be 300 s"), (301, "301 s ahead")])
def test_what_was_signed_too_long_ago_is_refused_however_well(name, seconds, said):
    way, sign, (secret, _) = SIGNED[name]
    entrance = Entrance(way, values=(secret,))

    assert entrance.send(headers=sign(BODY, secret, NOW + timedelta(seconds=seconds - seconds // abs(seconds))))
    entrance.refused(UnauthenticatedError, said, headers=sign(BODY, secret, NOW + timedelta(seconds=seconds)))


def test_a_source_may_say_how_old_a_signature_may_be():
    entrance = Entrance(TimedSignature(secret=SECRET, tolerance_seconds=10), values=("the-first",))

    entrance.refused(UnauthenticatedError, "11 s ago", headers=timed(BODY, "the-first", NOW - timedelta(seconds=11)))


def test_a_time_that_is_none_is_refused():
    headers = {**webhook(BODY, WHSEC, NOW), "webhook-timestamp": "today"}

    Entrance(StandardWebhooks(secret=SECRET), values=(WHSEC,)).refused(
        UnauthenticatedError, "whole seconds", headers=headers
    )


# Rotation


@pytest.mark.parametrize("name", SIGNED)
def test_two_secrets_are_valid_at_once_and_the_third_ends_the_first(name):
    way, sign, (first, second) = SIGNED[name]
    entrance = Entrance(way, values=(first, second))

    assert entrance.send(headers=sign(BODY, first, NOW))
    assert entrance.send(headers=sign(BODY, second, NOW))
    entrance.secrets.add(SECRET, b"whsec_dGhpcmQ=")
    assert entrance.send(headers=sign(BODY, second, NOW))
    entrance.refused(UnauthenticatedError, "does not fit", headers=sign(BODY, first, NOW))


def test_a_secret_that_is_new_is_looked_up_when_it_is_first_used():
    class Old:
        """Secrets that a process has kept for a while."""

        def values(self, _name: str) -> tuple[bytes, ...]:
            return (b"the-first",)

        def renewed(self, _name: str) -> tuple[bytes, ...]:
            return (b"the-second", b"the-first")

    entrance = Entrance(SourceKey(secret=SECRET))
    entrance.door = Door(Old(), lambda: NOW, lambda _way: entrance.issuer)

    assert entrance.send(headers={"x-api-key": "the-second"}) == {"crm"}
    assert entrance.send(headers={"x-api-key": "the-first"}) == {"crm"}


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (KeyringKey(secret=SECRET), "not a keyring", "expected JSON such as"),
        (StandardWebhooks(secret=SECRET), "whsec_é", "expected whsec_"),
        (SourceKey(secret=SECRET), "\n", "it is empty"),
        (SourceKey(secret=SECRET), None, "there is no secret kairos-source-crm"),
    ],
)
def test_a_secret_that_cannot_be_used_is_our_fault_and_told_to_us_alone(capsys, way, value, said):
    entrance = Entrance(way, values=() if value is None else (value,))
    headers = {"x-api-key": "the-first", **webhook(BODY, WHSEC, NOW)}

    entrance.refused(TransientError, "cannot be read now", headers=headers)
    with pytest.raises(TransientError):
        entrance.door.check([entrance.source])
    logged = capsys.readouterr().out
    assert said in logged
    assert value is None or value == "\n" or value not in logged


# By token


RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def key_set() -> dict[str, Any]:
    rsa_numbers, point = RSA_KEY.public_key().public_numbers(), EC_KEY.public_key().public_numbers()
    return {
        "keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": number(rsa_numbers.n), "e": number(rsa_numbers.e)},
            {"kty": "EC", "kid": "ec", "crv": "P-256", "x": number(point.x), "y": number(point.y)},
            {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "AA"},
            {"kty": "RSA", "kid": "broken", "n": "AA", "e": "AA"},
        ]
    }


class Answer:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, _most: int) -> bytes:
        return self.body


@contextmanager
def answering(_address: str, timeout: float) -> Iterator[Answer]:
    yield Answer(json.dumps(key_set()).encode())


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("urllib.request.urlopen", answering)
        fetched = door_tokens.fetch_keys("https://issuer.example/keys")
    KEYS.update(fetched.certificates)
    return KEYS


KEYS: dict[str, str] = {}
OIDC = OidcToken(
    issuer=ISSUER, keys="https://issuer.example/keys", audience="https://kairos", subjects=("1234", "crm@bank.example")
)


def token(key: str = "rsa", signer: str = "rsa", **claims: Any) -> dict[str, str]:
    private = {"rsa": RSA_KEY, "ec": EC_KEY}[signer]
    sign = crypt.RSASigner(private, key) if signer == "rsa" else crypt.EsSigner(private, key)
    said = {
        "iss": ISSUER,
        "aud": "https://kairos",
        "sub": "1234",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 86_400,  # the suite may take long
        **claims,
    }
    made = jwt.encode(sign, {name: value for name, value in said.items() if value is not None}, key_id=key)
    return {"authorization": f"Bearer {made.decode()}"}


def test_a_set_of_keys_gives_those_that_sign_as_we_know(keys):
    assert sorted(keys) == ["ec", "rsa"]


@pytest.mark.parametrize(
    "headers",
    [
        token,
        lambda: token("ec", "ec"),
        lambda: token(aud=["https://other", "https://kairos"]),
        lambda: token(sub="x", email="crm@bank.example", email_verified=True),
    ],
)
def test_a_token_of_the_issuer_for_us_of_an_account_that_may_lets_in(keys, headers):
    assert Entrance(OIDC).send(headers=headers()) == {"crm"}


@pytest.mark.parametrize(
    ("headers", "kind", "said"),
    [
        (dict, UnauthenticatedError, "send a token of https://issuer.example"),
        (lambda: {"authorization": "Bearer a.b.c"}, UnauthenticatedError, "no OIDC token"),
        (lambda: {"authorization": "Bearer é.☕.c".encode().decode("latin-1")}, UnauthenticatedError, "no OIDC token"),
        (lambda: token(iss="https://other"), UnauthenticatedError, "another issuer"),
        (lambda: token(aud="https://other"), UnauthenticatedError, "another audience"),
        (lambda: token(exp=int(NOW.timestamp()) - 60), UnauthenticatedError, "do not hold|expired"),
        (lambda: token(nbf=int(NOW.timestamp()) + 60), UnauthenticatedError, "not valid yet"),
        (lambda: token("unknown"), UnauthenticatedError, "not https://issuer.example's"),
        (lambda: token("ec", "rsa"), UnauthenticatedError, "do not hold"),
        (lambda: token("rsa", "ec"), UnauthenticatedError, "do not hold"),
        (lambda: token(sub="stranger"), ForbiddenError, "may not send as this source"),
        (lambda: token(sub="x", email="crm@bank.example"), ForbiddenError, "may not send as this source"),
        (lambda: token(exp=None), UnauthenticatedError, "claims of an account"),
    ],
)
def test_any_other_token_is_refused(keys, headers, kind, said):
    Entrance(OIDC).refused(kind, said, headers=headers())


def test_a_token_that_somebody_changed_is_refused(keys):
    head, _, signature = token()["authorization"].split(".")
    claims = base64.urlsafe_b64encode(
        json.dumps({"iss": ISSUER, "aud": "https://kairos", "sub": "1234", "iat": 0, "exp": 2e9}).encode()
    ).rstrip(b"=")

    Entrance(OIDC).refused(
        UnauthenticatedError, "do not hold", headers={"authorization": f"{head}.{claims.decode()}.{signature}"}
    )


# Several ways


def test_one_of_several_ways_is_enough_and_each_is_advised():
    entrance = Entrance(KeyringKey(), StandardWebhooks(secret=SECRET), values=(WHSEC,))
    entrance.secrets.add("kairos-source-keys", RING.encode())

    assert entrance.send(headers={"x-api-key": "ring"})
    assert entrance.send(headers=webhook(BODY, WHSEC, NOW))
    assert entrance.send(headers={"x-api-key": "wrong", **webhook(BODY, WHSEC, NOW)})
    entrance.refused(ForbiddenError, "may not send", headers={"x-api-key": "another", "webhook-signature": "v1,AA"})
    entrance.refused(UnauthenticatedError, "your key as x-api-key.*, or webhook-id, webhook-timestamp and")


def test_what_cannot_be_read_of_one_way_does_not_close_another():
    entrance = Entrance(KeyringKey(), StandardWebhooks(secret=SECRET), values=(WHSEC,))
    headers = {"x-api-key": "ring"}

    assert entrance.send(headers={**headers, **webhook(BODY, WHSEC, NOW)})
    entrance.refused(TransientError, "cannot be read now", headers={**headers, **webhook(BODY + b" ", WHSEC, NOW)})


def test_nobody_hears_which_sources_there_are_who_proves_nothing():
    entrance = Entrance()
    entrance.source = None

    entrance.refused(UnauthenticatedError, "send your key")
    entrance.refused(UnauthenticatedError, "not known here", headers={"x-api-key": "ring"})
    entrance.secrets.add("kairos-source-keys", RING.encode())
    entrance.refused(UnauthenticatedError, "not known here", headers={"x-api-key": "wrong"})
    entrance.refused(ForbiddenError, "may not send as crm", headers={"x-api-key": "another"})
    assert entrance.send(headers={"x-api-key": "ring"}) == {"crm"}


# Pace


def alone():
    return memory.Companions(memory.Store(), "one")


def test_instances_let_in_equal_parts_of_a_limit_and_those_that_are_gone_none():
    store, at = memory.Store(), [1_000_000.0]
    source = Source(id="crm", name="CRM", format="canonical", rate_limit=RateLimit(per_second=6, burst=12))

    def instance(name):
        return Pace(lambda: at[0], memory.Companions(store, name, clock=lambda: at[0], monotonic=lambda: at[0]))

    def let_in(pace):
        count = itertools.count()
        with suppress(TooManyRequestsError):
            while True:
                pace.admit(source)
                next(count)
        return next(count)

    assert let_in(instance("one")) == 12
    assert let_in(instance("other")) == 6
    at[0] += 1000  # both slept; who asks first is alone until the other is back
    assert [let_in(instance(name)) for name in ("one", "other", "third")] == [12, 6, 4]


def test_a_source_sends_as_fast_as_it_may_and_hears_when_it_may_again():
    at = [0.0]
    pace = Pace(lambda: at[0], alone())
    source = Source(id="crm", name="CRM", format="canonical", rate_limit=RateLimit(per_second=0.5, burst=3))

    for _ in range(3):
        pace.admit(source)
    with pytest.raises(TooManyRequestsError, match=r"crm sends more than 0\.5 signals a second") as refused:
        pace.admit(source)
    assert refused.value.retry_after_seconds == 2
    at[0] += 2
    pace.admit(source)
    with pytest.raises(TooManyRequestsError):
        pace.admit(source)


def test_a_batch_counts_for_all_its_signals():
    at = [0.0]
    pace = Pace(lambda: at[0], alone())
    source = Source(id="crm", name="CRM", format="canonical", rate_limit=RateLimit(per_second=10, burst=3))

    pace.admit(source)
    pace.took(source, 100)
    with pytest.raises(TooManyRequestsError) as refused:
        pace.admit(source)
    assert refused.value.retry_after_seconds == 10
    at[0] += 1000
    for _ in range(3):
        pace.admit(source)


def test_a_source_without_a_limit_has_none_and_limits_stay_apart():
    pace = Pace(lambda: 0.0, alone())
    free = Source(id="free", name="Free", format="canonical")
    crm, erp = (
        Source(id=name, name=name, format="canonical", rate_limit=RateLimit(per_second=1, burst=1))
        for name in ("crm", "erp")
    )

    for _ in range(1000):
        pace.admit(free)
    pace.took(free, 1000)
    pace.admit(crm)
    pace.admit(erp)
