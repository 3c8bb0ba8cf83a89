"""HTTP with providers: connections kept open, each exchange bounded in time and size, no redirect followed.

The client is the standard library's, which costs a cold start nothing, with a small pool around it.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shared.adapters.channels.egress import Egress, Way
from shared.domain.errors import NotTakenError, TransientError

IDLE_SECONDS = 30.0
"""How long an unused connection is trusted to be open still."""

MOST_IDLE = 16
"""Unused connections kept to one host."""

MOST_ANSWER_BYTES = 65_536
"""Of an answer's body; what goes beyond is left unread unless the caller allows more."""

_BROKEN = (OSError, http.client.HTTPException, ValueError)


class HttpAnswer(NamedTuple):
    """An answer: its status, its headers by their names in lower case, its body as far as it was read, and whether that
    is all of it.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool


class _Idle(NamedTuple):
    connection: http.client.HTTPConnection
    since: float


class _Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


class Exchange:
    """Exchanges with hosts that the egress has a way to."""

    def __init__(self, egress: Egress) -> None:
        """Connect as `egress` says."""
        self._egress = egress
        self._idle: dict[tuple[str, int], list[_Idle]] = {}
        self._lock = threading.Lock()

    def __call__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        most_bytes: int = MOST_ANSWER_BYTES,
    ) -> HttpAnswer:
        """Send a request and read its answer, all within some seconds.

        Raises:
            ForbiddenAddressError: the host has an address that is none of the public internet.
            NotTakenError: nothing was sent: there was no connection.
            TransientError: there was no answer, or none that is HTTP.
        """
        deadline = time.monotonic() + seconds
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._take(host, port)
        if connection is None:
            connection = self._connected(host, port, deadline)
        said = {"host": host if port == 443 else f"{host}:{port}", **headers}
        try:
            answer, reusable = _exchanged(connection, _Asked(method, path, said, body), deadline, most_bytes)
        except TimeoutError as error:
            connection.close()
            raise TransientError(f"{host}: no answer within {seconds:.3g} s") from error
        except _BROKEN as error:
            connection.close()
            raise TransientError(f"{host}: {said_of(error)}") from None
        if reusable:
            self._keep(host, port, connection)
        else:
            connection.close()
        return answer

    def _connected(self, host: str, port: int, deadline: float) -> http.client.HTTPConnection:
        way = self._egress.way(host, port, security="tls", seconds=deadline - time.monotonic())
        connection = _Pinned(host, way, deadline)
        try:
            connection.connect()
        except _BROKEN as error:
            connection.close()
            raise NotTakenError(f"{host}: no connection: {said_of(error)}") from None
        return connection

    def _take(self, host: str, port: int) -> http.client.HTTPConnection | None:
        """The connection used last, if it is young enough and the other side has not closed it."""
        now = time.monotonic()
        with self._lock:
            idle = self._idle.get((host, port), [])
            old = [each for each in idle if now - each.since > IDLE_SECONDS]
            del idle[: len(old)]
            young = idle.pop().connection if idle else None
        for each in old:
            each.connection.close()
        if young is not None and _is_closed(young.sock):
            young.close()
            return self._take(host, port)
        return young

    def _keep(self, host: str, port: int, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            idle = self._idle.setdefault((host, port), [])
            if len(idle) < MOST_IDLE:
                idle.append(_Idle(connection, time.monotonic()))
                return
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the host's name means by now."""

    def __init__(self, host: str, way: Way, deadline: float) -> None:
        super().__init__(host, way.port)
        self._way = way
        self._deadline = deadline

    def connect(self) -> None:
        self.sock = socket.create_connection(self._way[:2], timeout=seconds_left(self._deadline))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._way.security == "tls":
            self.sock.settimeout(seconds_left(self._deadline))
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchanged(
    connection: http.client.HTTPConnection, asked: _Asked, deadline: float, most_bytes: int
) -> tuple[HttpAnswer, bool]:
    """An answer, and whether its connection can be used again."""
    connection.response_class = partial(_Timed, left=partial(seconds_left, deadline))  # type: ignore[assignment]
    connection.sock.settimeout(seconds_left(deadline))
    connection.request(asked.method, asked.path, body=asked.body, headers=asked.headers)
    response = connection.getresponse()
    read = response.read(most_bytes)
    whole = response.isclosed() or not response.read(1)
    found = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(response.status, found, read, whole), whole and not response.will_close


class _Timed(http.client.HTTPResponse):
    """An answer that has to be there in time, however small the pieces in which it comes."""

    def __init__(self, sock: socket.socket, *args: Any, left: Callable[[], float], **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(TimedReads(sock, left))


class TimedReads(io.RawIOBase):
    """What a socket says, each piece of it waited for no longer than there is time left."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock, self._left = sock, left
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """That it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for the next piece."""
        self._sock.settimeout(self._left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Leave the socket to its owner."""
        self._raw.close()
        super().close()


def said_of(error: Exception) -> str:
    """What may be said of an error; the words of one over a value may quote it, a secret as well."""
    return repr(error) if isinstance(error, OSError | http.client.HTTPException) else type(error).__name__


def seconds_left(deadline: float) -> float:
    """Seconds until a deadline.

    Raises:
        TimeoutError: none.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _is_closed(sock: socket.socket) -> bool:
    """Whether the other side of an unused connection has closed it, or said something nobody asked for."""
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True
