"""Servers that tests start in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import TypeVar

S = TypeVar("S", bound=HTTPServer)

POLL_SECONDS = 0.01
"""How soon a server hears that it is to stop."""


@contextmanager
def served(server: S) -> Iterator[S]:
    """A server while it serves."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
