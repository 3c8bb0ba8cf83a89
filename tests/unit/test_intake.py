"""The door as a sender sees it: what it says of each item, and when it has said nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.adapters.intake import HttpIntake
from shared.domain.errors import NotFoundError, TransientError
from tests.served import served


class Door(ThreadingHTTPServer):
    """Answers by a function of the body; `closing` ends each connection without a word of it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []
        self.closing = False
        self.retry_after = 0
        self.answer = self.take

    def take(self, body: bytes) -> tuple[int, object]:
        """Refuse an array in which something is bad as a whole, and what is bad by itself."""
        items = json.loads(body)
        if isinstance(items, list):
            if any("bad" in item for item in items):
                return 400, {"title": "Bad request", "detail": "the array is spoilt"}
            return 202, {"accepted": [{}] * len(items), "rejected": []}
        if "bad" in items:
            return 400, {"accepted": [], "rejected": [{"index": 0, "problem": {"detail": "is bad", "field": "bad"}}]}
        return 202, {"accepted": [{}], "rejected": []}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Door

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.bodies.append(body)
        status, answer = self.server.answer(body)
        said = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(said)))
        if status == 429 and self.server.retry_after:
            self.send_header("retry-after", str(self.server.retry_after))
        self.end_headers()
        self.wfile.write(said)
        self.close_connection = self.server.closing

    def log_message(self, *_):
        pass


@pytest.fixture
def door() -> Iterator[Door]:
    with served(Door()) as server:
        yield server


@pytest.fixture
def intake(door):
    return HttpIntake(f"http://127.0.0.1:{door.server_port}", {"x-api-key": "k"})


def test_items_travel_together(door, intake):
    assert intake.take("web", [b'{"a": 1}', b'{"a": 2}'], {}) == [None, None]
    assert door.bodies == [b'[{"a": 1},{"a": 2}]']


def test_what_is_refused_in_company_is_asked_again_alone(intake):
    assert intake.take("web", [b'{"a": 1}', b'{"bad": 1}', b'{"a": 2}'], {}) == [None, "bad: is bad", None]


def test_a_connection_that_was_closed_meanwhile_is_opened_again(door, intake):
    door.closing = True
    for _ in range(3):
        assert intake.take("web", [b'{"a": 1}'], {}) == [None]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_any_other_answer_says_nothing_of_the_items(door, intake, status):
    door.answer = lambda _body: (status, {"detail": "no"})
    with pytest.raises(TransientError, match=str(status)):
        intake.take("web", [b'{"a": 1}'], {})


def test_a_door_that_is_asked_too_fast_is_waited_for_and_what_was_taken_in_is_not_sent_again(door):
    waited = []
    intake = HttpIntake(f"http://127.0.0.1:{door.server_port}", {}, wait=waited.append)
    door.retry_after = 7
    door.answer = lambda body: (
        door.take(body) if body.startswith(b"[") or len(waited) else (429, {"detail": "too fast"})
    )

    assert intake.take("web", [b'{"a": 1}', b'{"bad": 1}'], {}) == [None, "bad: is bad"]
    assert waited == [7]
    assert [body[:1] for body in door.bodies] == [b"[", b"{", b"{", b"{"]


def test_a_door_is_not_waited_for_for_ever(door):
    waited = []
    intake = HttpIntake(f"http://127.0.0.1:{door.server_port}", {}, wait=waited.append)
    door.retry_after = 50
    door.answer = lambda _body: (429, {"detail": "too fast"})

    with pytest.raises(TransientError, match="429"):
        intake.take("web", [b'{"a": 1}'], {})
    assert waited == [50, 50]


def test_a_source_that_ingest_does_not_know_is_said_at_once(door, intake):
    door.answer = lambda _body: (404, {"detail": "unknown source; one of web"})
    with pytest.raises(NotFoundError, match="one of web"):
        intake.check("nosuch")
    door.answer = lambda _body: (400, {"detail": "send 1 to 500"})
    intake.check("web")


def test_nobody_there_says_nothing_either(door):
    with pytest.raises(TransientError):
        HttpIntake("http://127.0.0.1:1", {}).take("web", [b"{}"], {})


@pytest.mark.parametrize("url", ["ingest", "ftp://host", "http://"])
def test_an_address_must_be_one(url):
    with pytest.raises(ValueError, match="no http"):
        HttpIntake(url, {})
