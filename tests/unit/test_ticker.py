"""The local platform's clock: it ticks with every minute, and a function that is away does not stop it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emulators.ticker import Ticker


@pytest.fixture
def heard():
    """A server, the requests that it got, and a semaphore that counts them."""
    requests, arrived = [], threading.Semaphore(0)

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            requests.append((self.path, self.headers["authorization"]))
            self.send_response(200)
            self.end_headers()
            arrived.release()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests, arrived
        server.shutdown()


def test_it_ticks_when_a_minute_begins_and_goes_on(heard):
    address, requests, arrived = heard
    ticker = Ticker({"deferral": f"{address}/"}, {"authorization": "Bearer t"}, wall_clock=lambda: 119.99)

    ticker.start()
    for _ in range(3):
        assert arrived.acquire(timeout=30)
    ticker.stop()

    assert set(requests) == {("/", "Bearer t")}


def test_one_that_is_away_does_not_keep_the_others_from_their_tick(heard, caplog):
    address, _, arrived = heard
    ticker = Ticker({"away": "http://127.0.0.1:9/", "deferral": f"{address}/"}, {})

    ticker.tick()

    assert arrived.acquire(timeout=30)
    assert "away did not take the tick" in caplog.text
