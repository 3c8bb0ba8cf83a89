"""Looks at whether a server is ready: each probe gives None when it is, or says what it saw instead."""

import http.client
import socket
from collections.abc import Callable, Mapping

Probe = Callable[[], str | None]

PATIENCE_SECONDS = 2.0
"""How long one look may take."""


def http_ok(port: int, path: str, headers: Mapping[str, str] | None = None) -> Probe:
    """Look whether GET `path` on 127.0.0.1 answers 200."""

    def look() -> str | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            body = answer.read(500).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return f"GET {path} at port {port}: {error}"
        finally:
            connection.close()
        return (
            None
            if answer.status == http.HTTPStatus.OK
            else f"GET {path} at port {port} answered {answer.status}: {body}"
        )

    return look


def tcp(port: int) -> Probe:
    """Look whether something accepts connections on 127.0.0.1 at `port`."""

    def look() -> str | None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS).close()
        except OSError as error:
            return f"port {port}: {error}"
        return None

    return look


def always() -> str | None:
    """Hold a program ready as soon as it runs."""
    return None
