"""Sending to a channel's provider."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from emulators import sandbox
from shared.adapters import memory
from shared.adapters.providers import Endpoint, HttpProvider
from shared.domain.errors import PermanentError, TransientError
from shared.ports import Receipt
from tests.contract.samples import channel

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
PAYLOAD = {"purpose": "marketing", "content": {"subject": "Grüezi 🦊"}}


@dataclass
class Stub:
    """A provider that answers as told, and remembers connections and requests."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"id": "m-1"}'
    hold: Callable[[], object] = lambda: None
    hang_up: bool = False
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    url: str = ""


@pytest.fixture
def stub() -> Iterator[Stub]:
    told = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            told.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            told.hold()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)
            if told.hang_up:
                self.close_connection = True  # without having said so

        def log_message(self, *_args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            told.closed.release()

        def handle_error(self, *_args: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}/send?tenant=k"
    yield told
    server.shutdown()
    server.server_close()


def provider(stub: Stub) -> HttpProvider:
    return HttpProvider({"email": Endpoint(stub.url, SECRET)})


@dataclass
class Sending:
    """A sender, and what its provider took: channel, delivery, address and payload of each."""

    provider: Any
    taken: Callable[[], list[tuple[str, str, str | None, dict[str, Any]]]]


@pytest.fixture(params=["memory", "http"])
def sending(request: pytest.FixtureRequest) -> Iterator[Sending]:
    """The memory provider, and the real one before the laptop's sandbox."""
    if request.param == "memory":
        provider = memory.ChannelProvider()
        yield Sending(provider, lambda: [tuple(sent) for sent in provider.sent])
        return
    server = sandbox.Server(0, SECRET)

    def taken() -> list[tuple[str, str, str | None, dict[str, Any]]]:
        bodies = [dict(message["body"]) for message in server.provider.received()]
        return [(body.pop("channel"), body.pop("delivery_id"), body.pop("to"), body) for body in bodies]

    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Sending(
        HttpProvider({"email": Endpoint(f"http://127.0.0.1:{server.server_port}/channels/email", SECRET)}), taken
    )
    server.shutdown()
    server.server_close()


def test_what_is_sent_is_what_the_provider_has_and_gets_a_receipt(sending):
    receipts = [
        sending.provider.send(channel(), "v-1", "zoë@b.example", PAYLOAD),
        sending.provider.send(channel(), "v-2", None, {}),
    ]

    assert all(isinstance(receipt, Receipt) for receipt in receipts)
    assert sending.taken() == [("email", "v-1", "zoë@b.example", PAYLOAD), ("email", "v-2", None, {})]


def test_the_request_is_signed_and_carries_the_delivery_as_idempotency_key(stub):
    receipt = provider(stub).send(channel(), "v-1", "zoë@example.org", PAYLOAD)
    assert receipt.reference == "m-1"
    ((path, headers, body),) = stub.requests
    assert path == "/send?tenant=k"
    assert headers["idempotency-key"] == headers["webhook-id"] == "v-1"
    assert Webhook(SECRET).verify(body, headers) == {
        **PAYLOAD,
        "delivery_id": "v-1",
        "channel": "email",
        "to": "zoë@example.org",
    }


@pytest.mark.parametrize(
    ("body", "reference"),
    [(b"", None), (b"not json", None), (b"[1]", None), (b'{"id": 7}', "7"), (b'{"id": {}}', None), (b"\xff", None)],
)
def test_a_reference_is_taken_where_there_is_one(stub, body, reference):
    stub.body = body
    assert provider(stub).send(channel(), "v-1", None, PAYLOAD).reference == reference


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_worth_another_try(stub, status):
    stub.status, stub.headers = status, {"retry-after": "7"}
    with pytest.raises(TransientError, match=f"{status}.*Retry-After: 7"):
        provider(stub).send(channel(), "v-1", None, PAYLOAD)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 422])
def test_a_refusal_is_for_good_and_redirects_are_not_followed(stub, status):
    stub.status, stub.headers = status, {"location": stub.url}
    with pytest.raises(PermanentError, match=str(status)):
        provider(stub).send(channel(), "v-1", None, PAYLOAD)
    assert len(stub.requests) == 1


def test_a_provider_that_takes_too_long_is_left(stub):
    left = threading.Event()
    stub.hold = lambda: left.wait(5)
    with pytest.raises(TransientError, match=r"0\.2 s"):
        provider(stub).send(channel(timeout_seconds=0.2), "v-1", None, PAYLOAD)
    left.set()


def test_a_provider_that_is_not_there_is_tried_again():
    with pytest.raises(TransientError):
        HttpProvider({"email": Endpoint("http://127.0.0.1:1/", SECRET)}).send(channel(), "v-1", None, PAYLOAD)


def test_a_channel_without_a_provider_is_refused():
    with pytest.raises(PermanentError, match="email"):
        HttpProvider({}).send(channel(), "v-1", None, PAYLOAD)


def test_connections_are_used_again(stub):
    sender = provider(stub)
    for number in range(20):
        sender.send(channel(), f"v-{number}", None, PAYLOAD)
    assert stub.connections == 1
    stub.status = 429
    for number in range(3):
        with pytest.raises(TransientError):
            sender.send(channel(), f"v-{number}", None, PAYLOAD)
    assert stub.connections == 1


def test_a_connection_closed_meanwhile_is_replaced(stub):
    sender = provider(stub)
    stub.hang_up = True
    for number in range(5):
        sender.send(channel(), f"v-{number}", None, PAYLOAD)
        assert stub.closed.acquire(timeout=5)
    assert len(stub.requests) == 5
    assert stub.connections == 5


def test_threads_do_not_share_a_connection(stub):
    sender = provider(stub)
    stub.hold = threading.Barrier(8, timeout=5).wait  # eight are always under way together
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sender.send(channel(), f"v-{n}", None, PAYLOAD), range(40)))
    sent = sorted(json.loads(body)["delivery_id"] for _, _, body in stub.requests)
    assert sent == sorted(f"v-{n}" for n in range(40))
    assert stub.connections <= 9


def test_a_long_answer_is_not_read_to_its_end(stub):
    stub.body = b"x" * 3_000_000
    assert provider(stub).send(channel(), "v-1", None, PAYLOAD).reference is None


@pytest.mark.parametrize("url", ["ftp://x/", "example.org", "http://", ""])
def test_an_address_that_is_none_is_refused_at_once(url):
    with pytest.raises(ValueError, match="address"):
        HttpProvider({"email": Endpoint(url, SECRET)})


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a"])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret):
    with pytest.raises(ValueError, match="whsec_ secret") as refusal:
        HttpProvider({"email": Endpoint("http://x/", secret)})
    assert refusal.value.__cause__ is None


def test_secrets_are_not_shown():
    assert SECRET not in repr(Endpoint("http://x/", SECRET))
    assert SECRET not in str({"email": Endpoint("http://x/", SECRET)})
