"""Channels' providers over HTTP: Standard Webhooks signatures, an idempotency key, connections kept open.

The client is the standard library's, which costs a cold start nothing, with a small pool around it.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec
from standardwebhooks import Webhook

from shared.domain.catalogue import Channel
from shared.domain.errors import NotTakenError, PermanentError, TransientError
from shared.ports import Clock, Receipt

IDLE_SECONDS = 30.0
"""How long an unused connection is trusted to be open still."""

MOST_IDLE = 16
MOST_ANSWER_BYTES = 65_536
_NOT_NOW = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers of a provider that has looked at nothing yet: it has not taken the message."""
_BROKEN = (OSError, http.client.HTTPException)


class Endpoint(msgspec.Struct, frozen=True):
    """Where a channel's provider takes messages, and the `whsec_` secret that signs them."""

    url: str
    secret: str

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r})"


class _Answer(NamedTuple):
    status: int
    retry_after: str
    body: bytes


class _Idle(NamedTuple):
    connection: http.client.HTTPConnection
    since: float


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HttpProvider:
    """The port `ChannelProvider`: `POST` of JSON, signed, to each channel's endpoint. Redirects are not followed."""

    def __init__(self, endpoints: Mapping[str, Endpoint], clock: Clock = _utc_now) -> None:
        """Send to `endpoints` by channel id, with signatures of the time that `clock` says.

        Raises:
            ValueError: an endpoint's address or secret is none; the secret is not repeated.
        """
        self._clock = clock
        self._targets = {channel: _Target(channel, endpoint) for channel, endpoint in endpoints.items()}

    def send(self, channel: Channel, delivery_id: str, address: str | None, payload: Mapping[str, object]) -> Receipt:
        """Send once, with the delivery id as idempotency key."""
        target = self._targets.get(channel.id)
        if target is None:
            raise PermanentError(f"no provider is configured for the channel {channel.id}")
        body = msgspec.json.encode({**payload, "delivery_id": delivery_id, "channel": channel.id, "to": address})
        headers = {
            "content-type": "application/json",
            "idempotency-key": delivery_id,
            **target.signature(delivery_id, self._clock(), body),
        }
        try:
            answer = target.post(body, headers, channel.timeout_seconds)
        except TimeoutError as error:
            raise TransientError(f"{channel.id}: no answer within {channel.timeout_seconds:g} s") from error
        except _BROKEN as error:
            raise TransientError(f"{channel.id}: {error!r}") from error
        return _receipt(channel.id, answer)


class _Target:
    """One endpoint, with the connections that wait to be used again."""

    def __init__(self, channel: str, endpoint: Endpoint) -> None:
        parts = urlsplit(endpoint.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"the provider of {channel} has no http(s) address")
        try:
            self._webhook = Webhook(endpoint.secret)
        except Exception:  # noqa: BLE001 - the cause would carry the secret
            raise ValueError(f"the provider of {channel} has no valid whsec_ secret") from None
        self._parts: SplitResult = parts
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._idle: list[_Idle] = []
        self._lock = threading.Lock()

    def signature(self, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The headers that prove origin, age and integrity."""
        return {
            "webhook-id": delivery_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(delivery_id, at, body.decode()),
        }

    def post(self, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> _Answer:
        """Send and read the answer; a kept connection that the other side has closed is replaced by a new one."""
        deadline = time.monotonic() + timeout_seconds
        kept = self._take()
        if kept is not None:
            try:
                return self._exchange(kept, body, headers, deadline)
            except (http.client.RemoteDisconnected, ConnectionError):
                pass  # closed while idle; the idempotency key makes the repetition safe if it was not
        return self._exchange(self._connect(timeout_seconds), body, headers, deadline)

    def _exchange(
        self, connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> _Answer:
        reusable = False
        try:
            self._wait_at_most(connection, deadline)
            connection.request("POST", self._path, body=body, headers=dict(headers))
            self._wait_at_most(connection, deadline)
            response = connection.getresponse()
            self._wait_at_most(connection, deadline)
            read = response.read(MOST_ANSWER_BYTES)
            reusable = response.isclosed() and not response.will_close
            return _Answer(response.status, response.headers.get("retry-after", ""), read)
        finally:
            if reusable:
                self._keep(connection)
            else:
                connection.close()

    def _connect(self, timeout_seconds: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._tls is not None:
            return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=timeout_seconds)

    @staticmethod
    def _wait_at_most(connection: http.client.HTTPConnection, deadline: float) -> None:
        """Let the next step end by the deadline."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.timeout = remaining
        if connection.sock is not None:
            connection.sock.settimeout(remaining)

    def _take(self) -> http.client.HTTPConnection | None:
        """The connection used last, if it is young enough."""
        now = time.monotonic()
        with self._lock:
            old = [idle for idle in self._idle if now - idle.since > IDLE_SECONDS]
            self._idle = self._idle[len(old) :]
            taken = self._idle.pop().connection if self._idle else None
        for idle in old:
            idle.connection.close()
        return taken

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(_Idle(connection, time.monotonic()))
                return
        connection.close()


def _receipt(channel: str, answer: _Answer) -> Receipt:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Receipt(reference=_reference(answer.body))
    said = f"{channel}: the provider answered {answer.status}"
    later = f", Retry-After: {answer.retry_after[:40]}" if answer.retry_after else ""
    if answer.status in _NOT_NOW:
        raise NotTakenError(said + later)
    if answer.status == HTTPStatus.REQUEST_TIMEOUT or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TransientError(said + later)
    raise PermanentError(said)


def _reference(body: bytes) -> str | None:
    """The provider's own id of the message, where its answer is a JSON object with one."""
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    reference = answer.get("id") if isinstance(answer, dict) else None
    return str(reference)[:256] if isinstance(reference, str | int) else None
