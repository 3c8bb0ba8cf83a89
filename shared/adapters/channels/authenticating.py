"""How we prove to a provider who we are: headers, made with secrets that are looked up by name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
from standardwebhooks import Webhook

from shared.adapters.channels.exchange import Exchange
from shared.domain.catalogue import (
    Basic,
    Bearer,
    ClientCredentials,
    HeaderKey,
    Hmac,
    HttpAuthentication,
    ServiceAccount,
    SignedWebhook,
)
from shared.domain.errors import NotFoundError, NotTakenError, TransientError
from shared.domain.outgoing import form
from shared.domain.ready import ready
from shared.ports import Clock, Secrets

EARLY_SECONDS = 60.0
"""How long before it lapses a token is given up."""

SHORTEST_SECONDS = 30.0
"""How long a token is kept at the least, whatever its issuer says."""


JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTED_SECONDS = 600

_LINE = re.compile(r"[ -~]*")


class _Token(NamedTuple):
    text: str
    until: float


class _Granted(msgspec.Struct):
    """What the issuer of a token answers."""

    access_token: str
    expires_in: float = 300.0


class Authenticator:
    """Makes the headers that let a message in."""

    def __init__(
        self, secrets: Secrets, exchange: Exchange, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Look secrets up, get tokens over `exchange`, and sign for the time that `clock` says."""
        self._secrets = secrets
        self._exchange = exchange
        self._clock = clock
        self._monotonic = monotonic
        self._tokens: dict[ClientCredentials | ServiceAccount, _Token] = {}
        self._lock = threading.Lock()

    def headers(
        self,
        way: HttpAuthentication | None,
        delivery_id: str,
        body: bytes,
        seconds: float,
        *,
        renewed: bool = False,
    ) -> dict[str, str]:
        """The headers for one request; `renewed` after the provider did not know us by what we had.

        Raises:
            NotTakenError: a secret is not there or fits no header, or a token is not to be had, just now.
        """
        found: dict[str, str] = {}
        match way:
            case Bearer(secret=name):
                found = {"authorization": f"Bearer {self.secret(name, renewed=renewed)}"}
            case Basic(secret=name):
                pair = base64.b64encode(self.secret(name, renewed=renewed).encode()).decode()
                found = {"authorization": f"Basic {pair}"}
            case HeaderKey(secret=name, header=header):
                found = {header.lower(): self.secret(name, renewed=renewed)}
            case Hmac(secret=name, header=header, prefix=prefix):
                key = self.secret(name, renewed=renewed).encode()
                found = {header.lower(): prefix + hmac.new(key, body, hashlib.sha256).hexdigest()}
            case SignedWebhook(secret=name):
                found = _signature(self.secret(name, renewed=renewed), delivery_id, self._clock(), body)
            case ClientCredentials():
                client = self.secret(way.secret).partition(":")[0]
                own = {way.header.lower(): client} if way.header else {}
                found = {"authorization": f"Bearer {self._token(way, seconds, renewed=renewed)}", **own}
            case ServiceAccount():
                found = {"authorization": f"Bearer {self._token(way, seconds, renewed=renewed)}"}
        if way is not None and not all(_LINE.fullmatch(value) for value in found.values()):
            raise NotTakenError(f"what the secret {way.secret} gives is more than a line of ASCII")
        return found

    def secret(self, name: str, *, renewed: bool = False) -> str:
        """The newest value of a secret.

        Raises:
            NotTakenError: it is not there, is no text, or cannot be read just now.
        """
        try:
            values = self._secrets.renewed(name) if renewed else self._secrets.values(name)
            return values[0].decode().strip()
        except (NotFoundError, TransientError) as error:
            raise NotTakenError(str(error)) from error
        except UnicodeDecodeError:
            raise NotTakenError(f"the secret {name} is no text") from None

    def _token(self, way: ClientCredentials | ServiceAccount, seconds: float, *, renewed: bool) -> str:
        with self._lock:
            kept = self._tokens.get(way)
        if kept is None or renewed or self._monotonic() >= kept.until:
            kept = self._granted(way, seconds, renewed=renewed)
            with self._lock:
                self._tokens[way] = kept
        return kept.text

    def _granted(self, way: ClientCredentials | ServiceAccount, seconds: float, *, renewed: bool) -> _Token:
        """A new token. Two threads may ask for one at once, which does no harm."""
        secret = self.secret(way.secret, renewed=renewed)
        if isinstance(way, ServiceAccount):
            fields = {"grant_type": JWT_BEARER, "assertion": _assertion(way, secret, self._clock())}
        else:
            client, _, password = secret.partition(":")
            fields = {"grant_type": "client_credentials", "client_id": client, "client_secret": password}
            fields |= {"scope": way.scope} if way.scope else {}
        body = form(fields)
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        try:
            answer = self._exchange("POST", way.token_url, headers, body, seconds)
        except TransientError as error:
            raise NotTakenError(f"no token: {error}") from error
        if answer.status != 200:
            raise NotTakenError(f"no token: the issuer answered {answer.status}")
        try:
            granted = msgspec.json.decode(answer.body, type=ready(_Granted))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise NotTakenError("no token: the issuer's answer holds none") from None  # and may hold a secret
        lasts = max(granted.expires_in - EARLY_SECONDS, SHORTEST_SECONDS)
        return _Token(granted.access_token, self._monotonic() + lasts)


def _signature(secret: str, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove origin, age and integrity."""
    try:
        webhook = Webhook(secret)
    except Exception:  # noqa: BLE001 - the cause would carry the secret
        raise NotTakenError("the connector's secret is no whsec_ secret") from None
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": webhook.sign(delivery_id, at, body.decode()),
    }


def _assertion(way: ServiceAccount, key: str, at: datetime) -> str:
    """What a service account signs, by which the issuer knows it.

    Raises:
        NotTakenError: the secret holds no key of one; nothing of it is repeated.
    """
    # only who sends by it needs its library
    from google.auth import crypt, jwt  # noqa: PLC0415

    try:
        account = msgspec.json.decode(key, type=dict[str, str])
        claims = {
            "iss": account["client_email"],
            "aud": way.token_url,
            "scope": way.scope,
            "iat": int(at.timestamp()),
            "exp": int(at.timestamp()) + ASSERTED_SECONDS,
        }
        return str(jwt.encode(crypt.RSASigner.from_service_account_info(account), claims), "ascii")
    except Exception:  # noqa: BLE001 - the cause would carry the key
        raise NotTakenError(f"the secret {way.secret} holds no key of a service account") from None
