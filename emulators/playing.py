"""Which providers the sandbox plays: for each connector of a catalogue its host, how it knows its callers, and what its
answers look like. Nothing here is what the platform itself uses: a mistake there is not made here too.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from emulators.provider import Answer, RefusedError, json_object

GRANTED_SECONDS = 3600
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True)
class Played:
    """A connector whose provider is played.

    Args:
        connector: its id.
        host: where it is; for mail the server's name.
        channels: what is sent through it.
        way: how it knows its callers, with the kind and the other fields that the connector declares.
        secret: what they prove it by; empty where they need not.
        path: of its address, where it is one of several at its host.
        is_mail: whether it is a mail server.
    """

    connector: str
    host: str
    channels: Sequence[str]
    way: Mapping[str, Any] = field(default_factory=dict)
    secret: str = ""
    path: str | None = None
    is_mail: bool = False

    @property
    def token_url(self) -> str:
        """Where tokens for it are had; empty where none are."""
        return str(self.way.get("token_url", ""))


def written(plays: Sequence[Played]) -> str:
    """What is played, as the environment of the sandbox's process holds it."""
    return json.dumps([asdict(each) for each in plays])


def read(text: str) -> list[Played]:
    """What is played, as `written` wrote it."""
    return [Played(**each) for each in json.loads(text)]


class Callers:
    """Knows the callers of every provider, and grants them tokens."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def grant(self, played: Sequence[Played], body: bytes) -> Answer:
        """A token for who proves to be a client of one of these.

        Raises:
            RefusedError: nobody that is known.
        """
        form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        for each in played:
            known = (
                _asserts(form.get("assertion", ""), each)
                if form.get("grant_type") == JWT_BEARER
                else f"{form.get('client_id')}:{form.get('client_secret')}" == each.secret
            )
            if known:
                token = secrets.token_urlsafe(24)
                with self._lock:
                    self._tokens[token] = each.secret
                granted = {"access_token": token, "token_type": "Bearer", "expires_in": GRANTED_SECONDS}
                return Answer(HTTPStatus.OK, granted)
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "No client is known by this.")

    def forget(self) -> None:
        """Let no token that was granted be good any more."""
        with self._lock:
            self._tokens.clear()

    def verify(self, played: Played, headers: Mapping[str, str], body: bytes) -> None:
        """Check that a request comes from a caller that is known.

        Raises:
            RefusedError: it does not.
        """
        kind = played.way.get("kind")
        if kind is not None and not _PROOFS[kind](self, played, headers, body):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, f"The {kind.replace('_', ' ')} does not verify.")

    def _bearer(self, played: Played, headers: Mapping[str, str], _body: bytes) -> bool:
        return _same(headers.get("authorization", ""), f"Bearer {played.secret}")

    def _basic(self, played: Played, headers: Mapping[str, str], _body: bytes) -> bool:
        pair = base64.b64encode(played.secret.encode()).decode()
        return _same(headers.get("authorization", ""), f"Basic {pair}")

    def _header_key(self, played: Played, headers: Mapping[str, str], _body: bytes) -> bool:
        return _same(headers.get(played.way["header"].lower(), ""), played.secret)

    def _token(self, played: Played, headers: Mapping[str, str], _body: bytes) -> bool:
        own = played.way.get("header")
        if own and not _same(headers.get(own.lower(), ""), played.secret.partition(":")[0]):
            return False
        with self._lock:
            return self._tokens.get(headers.get("authorization", "").removeprefix("Bearer ")) == played.secret

    def _hmac(self, played: Played, headers: Mapping[str, str], body: bytes) -> bool:
        wanted = played.way.get("prefix", "") + hmac.digest(played.secret.encode(), body, hashlib.sha256).hex()
        return _same(headers.get(played.way.get("header", "x-signature-256").lower(), ""), wanted)

    def _webhook(self, played: Played, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            Webhook(played.secret).verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):  # the library lets a malformed signature's ValueError out
            return False
        return True


_PROOFS: Mapping[str, Callable[[Callers, Played, Mapping[str, str], bytes], bool]] = {
    "bearer": Callers._bearer,  # noqa: SLF001 - rows of its own table
    "basic": Callers._basic,  # noqa: SLF001
    "header_key": Callers._header_key,  # noqa: SLF001
    "client_credentials": Callers._token,  # noqa: SLF001
    "service_account": Callers._token,  # noqa: SLF001
    "hmac": Callers._hmac,  # noqa: SLF001
    "standard_webhooks": Callers._webhook,  # noqa: SLF001
}


def _asserts(assertion: str, played: Played) -> bool:
    """Whether an account whose key the secret is has signed an assertion for this address of tokens."""
    if played.way.get("kind") != "service_account":
        return False
    account = json.loads(played.secret)
    key = serialization.load_pem_private_key(account["private_key"].encode(), None)
    assert isinstance(key, RSAPrivateKey)
    said, _, signature = assertion.rpartition(".")
    try:
        key.public_key().verify(_decoded(signature), said.encode(), PKCS1v15(), hashes.SHA256())
        claims = json.loads(_decoded(said.partition(".")[2]))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return bool(claims.get("iss") == account["client_email"] and claims.get("aud") == played.token_url)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def accepted(host: str, delivery_id: str) -> Answer:
    """What the provider at a host answers that has taken a message."""
    match host:
        case "api.sendgrid.com":
            return Answer(HTTPStatus.ACCEPTED, None, {"x-message-id": delivery_id})
        case "api.twilio.com":
            sid = "SM" + hashlib.sha256(delivery_id.encode()).hexdigest()[:32]
            return Answer(HTTPStatus.CREATED, {"sid": sid, "status": "queued"})
        case "fcm.googleapis.com":
            return Answer(HTTPStatus.OK, {"name": f"projects/northmoor-app/messages/{delivery_id}"})
        case "rest.fra-01.braze.eu":
            return Answer(HTTPStatus.CREATED, {"message": "success", "dispatch_id": delivery_id})
        case "platform.adobe.io":
            return Answer(HTTPStatus.OK, {"requestId": delivery_id})
    return Answer(HTTPStatus.OK, {"status": "accepted", "delivery_id": delivery_id})


def bounced(host: str) -> Answer:
    """What the provider at a host answers of an address that is none."""
    bodies: Mapping[str, tuple[HTTPStatus, Mapping[str, Any]]] = {
        "api.sendgrid.com": (
            HTTPStatus.BAD_REQUEST,
            {"errors": [{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email"}]},
        ),
        "api.twilio.com": (HTTPStatus.BAD_REQUEST, {"code": 21211, "message": "Invalid 'To' Phone Number"}),
        "fcm.googleapis.com": (
            HTTPStatus.NOT_FOUND,
            {"error": {"status": "NOT_FOUND", "message": "Gone.", "details": [{"errorCode": "UNREGISTERED"}]}},
        ),
        "rest.fra-01.braze.eu": (
            HTTPStatus.BAD_REQUEST,
            {"message": "The list of recipients contains no valid recipients"},
        ),
    }
    status, body = bodies.get(host, (HTTPStatus.BAD_REQUEST, {"status": "bounced"}))
    return Answer(status, body)


_TO: Mapping[str, tuple[str | int, ...]] = {
    "api.sendgrid.com": ("personalizations", 0, "to", 0, "email"),
    "api.twilio.com": ("To",),
    "fcm.googleapis.com": ("message", "token"),
    "platform.adobe.io": ("recipients", 0, "userId"),
}


def address_in(host: str, body: Mapping[str, Any]) -> str | None:
    """To whom a message goes, where the body says so in the way of that host."""
    for way in (_TO.get(host, ("to",)), ("recipients", 0, "email"), ("user_aliases", 0, "alias_name")):
        found: Any = body
        for name in way:
            try:
                found = found[name]
            except (KeyError, IndexError, TypeError):
                found = None
                break
        if found is not None:
            return str(found)
    return None


def fields_of(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields of a body, JSON or a form.

    Raises:
        RefusedError: it is neither.
    """
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return {name: values[-1] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is no form: {error}") from error
    return json_object(body)
