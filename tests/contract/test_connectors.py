"""Sending through connectors: every kind of the sample bank's against the sandbox, which knows its callers by means of
its own, and one provider that answers as a test tells it.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emulators.local import Bank
from emulators.mail import Mail
from emulators.ports import Ports
from emulators.provider import Behaviour
from emulators.sandbox import Server
from shared.adapters import memory
from shared.adapters.channels import Connectors
from shared.adapters.channels.egress import Egress
from shared.domain.catalogue import Answer, Bearer, Connector, HeaderKey, Hmac, HttpConnector, Revision
from shared.domain.errors import BouncedError, NotTakenError, PermanentError, TransientError
from shared.ports import Receipt
from tests.fault.world import bank_revision
from tests.served import served

KINDS = sorted(bank_revision().connectors)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR = "Mon, 16 Nov 2009 13:32:02 +9999999999"


def facts(delivery_id: str = "v-1", channel: str = "email", **changes: Any) -> dict[str, Any]:
    """What a message says, whatever its channel."""
    return {
        "delivery": {
            "id": delivery_id,
            "action": "isa",
            "treatment": "isa.x",
            "channel": channel,
            "purpose": "marketing",
        },
        "brand": {"id": "northmoor", "name": "Northmoor"},
        "content": {"subject": "Grüezi 🦊", "body": "<p>Ready, Zoë &amp; Co.</p>", "text": "Ready?", "title": "ISA"},
        "person": {},
        **changes,
    }


class BankOfTests(Bank):
    """The sample bank, whose catalogue all tests of a process share."""

    @property
    def revision(self) -> Revision:  # type: ignore[override]
        return bank_revision()


@dataclass
class Played:
    """The sandbox, and what sends to it."""

    server: Server
    sender: Connectors
    secrets: memory.Secrets

    def send(self, connector: str, delivery_id: str = "v-1", seconds: float = 5.0, address: str = "zoe@b.example"):
        channel = next(each.channels[0] for each in self.server.plays if each.connector == connector)
        quick = msgspec.structs.replace(bank_revision().connectors[connector], timeout_seconds=seconds)
        return self.sender.send(quick, delivery_id, address, facts(delivery_id, channel))

    def behave(self, mode: str, **options: Any) -> None:
        self.server.provider.behave(Behaviour(mode=mode, **options))  # type: ignore[arg-type]

    def received(self) -> list[dict[str, Any]]:
        return self.server.provider.received()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Played]:
    bank, ports = BankOfTests(Path.cwd()), Ports()
    server = Server(0, bank.plays(), logs=False)
    mail = Mail(ports.take_all(["mail"], {})["mail"], server.plays_mail, server.provider)
    mail.start()
    secrets = memory.Secrets()
    for name, value in bank.connector_secrets().items():
        secrets.add(name, value.encode())
    with served(server):
        stand_ins = bank.stand_ins(f"http://127.0.0.1:{server.server_port}", f"smtp://127.0.0.1:{mail.port}")
        yield Played(server, Connectors(secrets, Egress(stand_ins)), secrets)
    mail.stop()
    ports.release()


@pytest.fixture
def played(sandbox: Played) -> Iterator[Played]:
    yield sandbox
    sandbox.behave("ok")
    sandbox.server.provider.forget()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sent_is_with_the_provider_once_under_the_deliverys_id(played, kind):
    first, again = played.send(kind), played.send(kind)

    assert isinstance(first, Receipt)
    assert first == again
    [message] = played.received()
    assert (message["connector"], message["delivery_id"], message["attempts"]) == (kind, "v-1", 2)
    assert message["to"] == "zoe@b.example"
    assert "Ready" in json.dumps(message["body"])


FAULTS = {
    "fail": TransientError,
    "reject": PermanentError,
    "429": NotTakenError,
    "stall": TransientError,
    "accept_then_timeout": TransientError,
    "malformed": TransientError,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_wrong_is_told_apart(played, kind):
    for number, (mode, expected) in enumerate(FAULTS.items()):
        played.behave(mode, seconds=5, retry_after=7)
        seconds = 0.15 if mode in ("stall", "accept_then_timeout") else 5.0
        with pytest.raises(expected) as raised:
            played.send(kind, f"v-{number}", seconds=seconds)
        assert not isinstance(raised.value, BouncedError)
        if mode == "429" and kind != "relay":
            assert raised.value.retry_after == 7
        played.behave("ok")  # and who was held is let go


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"hallam_app", "journey_optimizer", "braze_push"}))
def test_an_address_that_is_none_bounces(played, kind):
    if kind == "firebase":
        played.send(kind, "v-0")  # with a token that is known
    played.behave("bounce")
    with pytest.raises(BouncedError, match=kind):
        played.send(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_was_changed_is_looked_up_again_and_a_wrong_one_takes_nothing(played, kind):
    connector = bank_revision().connectors[kind]
    right = played.secrets.values(connector.authentication.secret)[0]
    wrong = b"whsec_AAAA" if kind == "hallam_app" else b"wrong:secret"
    played.server.callers.forget()
    played.sender._authenticator._tokens.clear()  # as in a new process
    played.secrets.add(connector.authentication.secret, wrong)
    try:
        with pytest.raises(NotTakenError) as raised:
            played.send(kind, seconds=0.5)
        assert wrong.decode() not in str(raised.value)
        assert played.received() == []
    finally:
        played.secrets.add(connector.authentication.secret, right)
    played.send(kind)


def test_a_token_that_was_taken_back_is_replaced(played):
    played.send("journey_optimizer", "v-1")
    played.server.callers.forget()
    played.send("journey_optimizer", "v-2")
    assert len(played.received()) == 2


def test_mail_carries_both_bodies_and_one_click_to_unsubscribe(played):
    links = {"list_unsubscribe": "<https://l.example/u/1>", "list_unsubscribe_post": "List-Unsubscribe=One-Click"}
    relay = bank_revision().connectors["relay"]
    played.sender.send(relay, "v-7", "zoe@b.example", facts("v-7", links=links))
    [message] = played.received()
    headers = message["headers"]
    assert headers["message-id"] == "<v-7@hallam.example>"
    assert headers["list-unsubscribe"] == "<https://l.example/u/1>"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert message["body"]["subject"] == "Grüezi 🦊"
    assert message["body"]["plain"].strip() == "Ready, Zoë & Co."
    assert "<p>Ready" in message["body"]["html"]


@pytest.mark.parametrize(
    "address", ["", "zoe", "zoe@b.example\r\nBcc: all@b.example", "a@b, c@d", "Zoe <zoe@b.example>"]
)
def test_what_is_no_mail_address_bounces_before_anything_is_sent(played, address):
    with pytest.raises(BouncedError):
        played.send("relay", address=address)


def test_a_subject_cannot_end_its_header(played):
    content = {"subject": "Hello\r\nBcc: all@b.example", "body": "x"}
    with pytest.raises(PermanentError, match="more than one line"):
        played.sender.send(bank_revision().connectors["relay"], "v-1", "zoe@b.example", facts(content=content))


# one provider that does as it is told


@dataclass
class Stub:
    """A provider that answers as told, and remembers connections and requests."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"id": "m-1"}'
    hold: Callable[[], object] = lambda: None
    hang_up: bool = False
    drip: float = 0.0
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    address: str = ""


@pytest.fixture
def stub() -> Iterator[Stub]:  # noqa: C901 - one server, whole
    told = Stub()
    let_go = threading.Event()

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
            if told.drip:
                for byte in told.body:
                    self.wfile.write(bytes([byte]))
                    if let_go.wait(told.drip):
                        return
            self.wfile.write(told.body)
            if told.hang_up:
                self.close_connection = True  # without having said so

        def log_message(self, *_args: Any) -> None:
            pass

    class Told(ThreadingHTTPServer):
        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            told.closed.release()

        def handle_error(self, *_args: Any) -> None:
            pass

    with served(Told(("127.0.0.1", 0), Handler)) as server:
        told.address = f"http://127.0.0.1:{server.server_port}"
        yield told
        let_go.set()


def connector(**changes: Any) -> HttpConnector:
    declared = {
        "id": "any",
        "name": "Any",
        "url": "https://api.any.example/send?tenant=k",
        "body": {"to": "${address}"},
    }
    return HttpConnector(**{**declared, **changes})


def sender(stub: Stub, **secrets: str) -> Connectors:
    known = memory.Secrets()
    for name, value in secrets.items():
        known.add(f"kairos-connector-{name}", value.encode())
    return Connectors(known, Egress({"api.any.example": stub.address}), clock=lambda: NOW)


def send(stub: Stub, declared: Connector | None = None, address: str | None = "a@b.example") -> Receipt:
    return sender(stub).send(declared or connector(), "v-1", address, facts())


def test_a_connector_to_any_provider_needs_no_code(stub):
    declared = connector(
        url="https://api.any.example/${brand.id}/send?to=${address}",
        method="POST",
        headers={"X-Tenant": "k-${brand.id}"},
        body={
            "who": "${address}",
            "all": "${content}",
            "none": "${links.click?}",
            "list": ["${content.nothing?}", 7, True],
            "said": "Dear ${person.name:-customer}",
        },
        answers=(Answer(means="sent", status=(200,), body={"ok.0": "yes"}, reference="body.ref.n"),),
    )
    stub.body = b'{"ok": ["yes"], "ref": {"n": 42}}'

    receipt = sender(stub).send(declared, "v-1", "a&b@c.example/", facts(content={"x": "y"}))

    assert receipt.reference == "42"
    ((path, headers, body),) = stub.requests
    assert path == "/northmoor/send?to=a%26b%40c.example%2F"
    assert (headers["x-tenant"], headers["idempotency-key"]) == ("k-northmoor", "v-1")
    assert headers["host"] == "api.any.example"
    assert json.loads(body) == {
        "who": "a&b@c.example/",
        "all": {"x": "y"},
        "list": [7, True],
        "said": "Dear customer",
    }


def test_keys_and_signatures_stand_in_the_headers_that_are_declared(stub):
    ways = {
        "key": (HeaderKey(header="X-Key", secret="kairos-connector-a"), "x-key", "s3cret"),
        "bearer": (Bearer(secret="kairos-connector-a"), "authorization", "Bearer s3cret"),
    }
    sending = sender(stub, a="s3cret\n")
    for way, header, value in ways.values():
        sending.send(connector(authentication=way), "v-1", "a", facts())
        assert stub.requests[-1][1][header] == value
    sending.send(connector(authentication=Hmac(secret="kairos-connector-a", prefix="sha256=")), "v-1", "a", facts())
    _, headers, body = stub.requests[-1]
    assert headers["x-signature-256"] == "sha256=" + hmac.new(b"s3cret", body, "sha256").hexdigest()


@pytest.mark.parametrize("secret", ["s3cret\nx-evil: 1", "s3crét €"])
def test_a_secret_that_fits_no_header_is_named_and_not_repeated(stub, secret):
    with pytest.raises(NotTakenError, match="kairos-connector-a gives is more than a line") as raised:
        sender(stub, a=secret).send(connector(authentication=Bearer(secret="kairos-connector-a")), "v-1", "a", facts())
    assert "s3cr" not in str(raised.value)
    assert stub.requests == []


def test_what_a_message_does_not_have_is_refused_by_its_name(stub):
    with pytest.raises(PermanentError, match="any needs address"):
        send(stub, address=None)
    assert not stub.requests


@pytest.mark.parametrize(
    ("body", "reference"),
    [(b"", None), (b"not json", None), (b"[1]", None), (b'{"id": 7}', "7"), (b'{"id": {}}', None), (b"\xff", None)],
)
def test_a_reference_is_taken_where_there_is_one(stub, body, reference):
    stub.body = body
    assert send(stub).reference == reference


@pytest.mark.parametrize("status", [401, 408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_worth_another_try_when_the_provider_says(stub, status):
    stub.status, stub.headers = status, {"retry-after": "7"}
    with pytest.raises(TransientError, match=f"{status}.*Retry-After: 7") as raised:
        send(stub)
    assert raised.value.retry_after == 7
    assert isinstance(raised.value, NotTakenError) == (status in (401, 425, 429))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("soon", None),
        ("-1", None),
        ("9" * 30, 86_400),
        (FAR, None),
    ],
)
def test_when_to_come_back_is_a_number_or_a_date(stub, said, seconds):
    stub.status, stub.headers = 503, {"retry-after": said}
    with pytest.raises(TransientError) as raised:
        send(stub)
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("status", [301, 307, 400, 403, 404, 410, 422])
def test_a_refusal_is_for_good_and_redirects_are_not_followed(stub, status):
    stub.status, stub.headers = status, {"location": stub.address}
    with pytest.raises(PermanentError, match=str(status)):
        send(stub)
    assert len(stub.requests) == 1


def test_a_provider_that_takes_too_long_is_left(stub):
    left = threading.Event()
    stub.hold = lambda: left.wait(5)
    with pytest.raises(TransientError, match=r"0\.2 s"):
        send(stub, connector(timeout_seconds=0.2))
    left.set()


def test_a_provider_that_answers_in_drops_is_left_in_time_too(stub):
    stub.body, stub.drip = b'{"id": "m-1"}', 0.05
    with pytest.raises(TransientError, match=r"0\.2 s"):
        send(stub, connector(timeout_seconds=0.2))


def test_a_provider_that_is_not_there_has_taken_nothing(stub):
    stub.address = "http://127.0.0.1:1"
    with pytest.raises(NotTakenError):
        send(stub)


def test_connections_are_used_again(stub):
    sending = sender(stub)
    for number in range(20):
        sending.send(connector(), f"v-{number}", "a", facts())
    assert stub.connections == 1
    stub.status = 429
    for number in range(3):
        with pytest.raises(TransientError):
            sending.send(connector(), f"v-{number}", "a", facts())
    assert stub.connections == 1


def test_a_connection_closed_meanwhile_is_replaced(stub):
    sending = sender(stub)
    stub.hang_up = True
    for number in range(3):
        sending.send(connector(), f"v-{number}", "a", facts())
        assert stub.closed.acquire(timeout=10)
    assert len(stub.requests) == stub.connections == 3


def test_many_threads_send_at_once(stub):
    sending = sender(stub)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sending.send(connector(), f"v-{n}", f"a-{n}", facts()), range(40)))
    assert sorted(json.loads(body)["to"] for _, _, body in stub.requests) == sorted(f"a-{n}" for n in range(40))
    assert stub.connections <= 9


def test_a_long_answer_is_not_read_to_its_end(stub):
    stub.body = b"x" * 3_000_000
    assert send(stub).reference is None
